/** Where the guest's agent and its host meet on the guest channel (docs/guest-agent.md). The numbers are nerdbox's vsock ports. */

/** The guest dials it and serves ttrpc on the connection, one at a time; when it ends the guest dials again. */
export const AGENT_PORT = 1025;
/** The guest dials it and waits: a connection is a stream from the moment that the host names it. */
export const AGENT_STREAM_PORT = 1026;

/** On the kernel's command line: the guest's first process serves the agent, and no GCS. Its own arguments follow "--". */
export const AGENT_KERNEL_ARGUMENT = "uvm.agent";

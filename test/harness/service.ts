/** What `service` writes once SIGTERM ends it as it should. */
export const ready = "ready\n";

/**
 * A process that runs until SIGTERM and then ends with `code`, as a well-behaved service does. It says when it is ready:
 * the kernel drops a signal to the first process of a pid namespace that has no handler yet.
 */
export function service(code: number): string[] {
  return ["sh", "-c", `trap 'exit ${code}' TERM; echo ready; while :; do sleep 0.05; done`];
}

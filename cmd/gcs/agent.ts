import { cpSync } from "node:fs";
import { runtime } from "#runtime";
import type { BootArguments } from "../../src/gcs/agent/boot-arguments.ts";
import { configureNetworks, hasDefaultRoute } from "../../src/gcs/agent/boot-network.ts";
import { linkDisks } from "../../src/gcs/agent/disk-links.ts";
import { MountList } from "../../src/gcs/agent/mount-list.ts";
import { linkWithMac } from "../../src/gcs/network/links.ts";
import { runProgram } from "../../src/gcs/run-program.ts";
import type { Logger } from "../../src/log/logger.ts";
import { VERSION } from "../../src/shim/identity.ts";
import { mountOne } from "../../src/sys/mount.ts";
import { Reaper } from "../../src/sys/reaper.ts";
import { CallersNamespace, registerTasks } from "./agent-tasks.ts";
import { loadEarlyModules, shutDown, uptime } from "./first-process.ts";
import type { PortSockets } from "./guest-port.ts";
import { type ServeAgentOptions, serveAgent } from "./serve-agent.ts";

/**
 * The first process of a VM that is told to serve the agent (docs/guest-agent.md). Resolves when a client has asked for
 * the power to be turned off. What throws before that ends the VM, with its text on the console.
 */
export async function runAgent(boot: BootArguments, port: PortSockets, log: Logger): Promise<void> {
  const reaper = new Reaper();
  reaper.start();
  if (boot.unknown.length > 0) log.warn("arguments that nobody takes here", { arguments: boot.unknown.join(" ") });
  await loadEarlyModules(log);
  makeEtcWritable();
  linkDisks();
  await configureNetworks(boot.networks, {
    findLink: linkWithMac,
    run: runProgram,
    hasDefaultRoute,
    resolvConf: "/etc/resolv.conf",
    leaseScript: "/run/agent/lease",
  });
  log.info("agent ready", { uptime: uptime() });
  const { signal } = new AbortController();
  const mounts = new MountList();
  await new Promise<void>((turnedOff, failed) => {
    // The answer leaves first.
    const powerOff = (): void => void setTimeout(turnedOff, ANSWER_MS);
    const namespace = new CallersNamespace();
    const options: ServeAgentOptions = {
      ...{ sockets: port.sockets, runtime, log, version: VERSION, mounts, powerOff },
      interceptors: [namespace.interceptor],
      more: (server, { claims, events }) =>
        registerTasks(server, {
          ...{ streams: claims, namespace, reaper, log, powerOff, stateDirectory: "/run/agent/tasks" },
          publish: (event) => events.publish(event),
        }),
    };
    Promise.all([port.serve({ signal }), serveAgent(options, { signal })]).catch(failed);
  });
  try {
    mounts.unmountAll();
  } catch (error) {
    log.warn("mounts are in use", { error });
  }
  await shutDown(log);
}

const ANSWER_MS = 100;

/** The root file system is read-only; resolv.conf is not. */
function makeEtcWritable(): void {
  cpSync("/etc", "/run/etc", { recursive: true });
  mountOne({ type: "bind", source: "/run/etc", options: ["bind"] }, "/etc");
}

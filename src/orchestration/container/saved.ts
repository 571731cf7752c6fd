import { readSavedProcess, type SavedProcess } from "../process/saved.ts";
import { count, flag, list, maybe, oneOf, record, text } from "../saved-json.ts";
import type { CreateTask, RuntimeOptions } from "../tasks.ts";
import { type Holding, readHolding } from "./holding.ts";

/** One container as JSON (oci/json: exec documents keep their 64-bit integers). */
export interface SavedContainer {
  readonly request: CreateTask;
  readonly state: "created" | "running" | "paused" | "stopped";
  /** Of one that comes of another's checkpoint; else the request's. */
  readonly guestId?: string;
  readonly sharesPids: boolean;
  /** In the guest. */
  readonly initPid: number;
  readonly init: SavedProcess;
  readonly execs: readonly SavedExec[];
  /** In the order of their acquisition. */
  readonly holdings: readonly Holding[];
}

export interface SavedExec {
  readonly process: SavedProcess;
  /** The OCI process document. */
  readonly document: object;
}

export function readSavedContainer(value: unknown, member: string): SavedContainer {
  const saved = record(value, member);
  const guestId = maybe(saved.guestId, `${member}.guestId`, text);
  return {
    request: readRequest(saved.request, `${member}.request`),
    state: oneOf(saved.state, `${member}.state`, ["created", "running", "paused", "stopped"]),
    ...(guestId !== undefined && { guestId }),
    sharesPids: flag(saved.sharesPids, `${member}.sharesPids`),
    initPid: count(saved.initPid, `${member}.initPid`),
    init: readSavedProcess(saved.init, `${member}.init`),
    execs: list(saved.execs, `${member}.execs`, (entry, at) => {
      const exec = record(entry, at);
      return {
        process: readSavedProcess(exec.process, `${at}.process`),
        document: record(exec.document, `${at}.document`),
      };
    }),
    holdings: list(saved.holdings, `${member}.holdings`, readHolding),
  };
}

function readRequest(value: unknown, member: string): CreateTask {
  const request = record(value, member);
  const word = (name: string): string => text(request[name], `${member}.${name}`);
  const options = maybe(request.options, `${member}.options`, record);
  return {
    id: word("id"),
    bundle: word("bundle"),
    rootfs: list(request.rootfs, `${member}.rootfs`, (entry, at) => {
      const mount = record(entry, at);
      return {
        type: text(mount.type, `${at}.type`),
        source: text(mount.source, `${at}.source`),
        target: text(mount.target, `${at}.target`),
        options: list(mount.options, `${at}.options`, text),
      };
    }),
    terminal: flag(request.terminal, `${member}.terminal`),
    stdin: word("stdin"),
    stdout: word("stdout"),
    stderr: word("stderr"),
    checkpoint: word("checkpoint"),
    ...(options && { options: options as RuntimeOptions }),
  };
}

import type { GuestStdioPorts } from "../../guestmanager/guest.ts";
import type { StdioPaths } from "../../stdio/endpoints.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import { broken, count, flag, maybe, oneOf, record, text } from "../saved-json.ts";

/** One process as JSON. */
export interface SavedProcess {
  readonly id: string;
  readonly state: "created" | "running" | "exited";
  /** In the guest; 0 where it has none yet. */
  readonly pid: number;
  /** Its start was told. */
  readonly started: boolean;
  readonly stdio: StdioPaths;
  readonly streams: SavedStreams;
  readonly size?: { readonly columns: number; readonly rows: number };
  /** Of one that is `exited`, or `running` as far as anybody was told. `at`: ISO 8601. */
  readonly exit?: { readonly status: number; readonly at: string };
}

export interface SavedStreams {
  readonly ports: GuestStdioPorts;
  /** CloseIO was asked. */
  readonly inputClosed: boolean;
  /** Output that was taken from the guest and that nobody could read yet; base64. */
  readonly stdout: string;
  readonly stderr: string;
}

/** The guest's connections that a restored VM came back with, each for one taker. */
export class RestoredStreams {
  readonly #left: { readonly port: number; readonly stream: ByteStream }[];

  constructor(restored: readonly { readonly port: number; readonly stream: ByteStream }[]) {
    this.#left = [...restored];
  }

  /** Undefined where the connection had ended. */
  take(port: number | undefined): ByteStream | undefined {
    const index = this.#left.findIndex((each) => each.port === port);
    return index < 0 ? undefined : this.#left.splice(index, 1)[0]?.stream;
  }
}

export function readSavedProcess(value: unknown, member: string): SavedProcess {
  const saved = record(value, member);
  const size = maybe(saved.size, `${member}.size`, record);
  const exit = maybe(saved.exit, `${member}.exit`, readExit);
  const state = oneOf(saved.state, `${member}.state`, ["created", "running", "exited"]);
  if (state === "exited" && exit === undefined) throw broken(`${member}.exit`, "is missing");
  return {
    id: text(saved.id, `${member}.id`),
    state,
    pid: count(saved.pid, `${member}.pid`),
    started: flag(saved.started, `${member}.started`),
    stdio: readPaths(saved.stdio, `${member}.stdio`),
    streams: readStreams(saved.streams, `${member}.streams`),
    ...(size && {
      size: { columns: count(size.columns, `${member}.size.columns`), rows: count(size.rows, `${member}.size.rows`) },
    }),
    ...(exit && { exit }),
  };
}

function readExit(value: unknown, member: string): NonNullable<SavedProcess["exit"]> {
  const exit = record(value, member);
  const at = text(exit.at, `${member}.at`);
  if (Number.isNaN(Date.parse(at))) throw broken(`${member}.at`, "is no date");
  return { status: count(exit.status, `${member}.status`), at };
}

function readPaths(value: unknown, member: string): StdioPaths {
  const paths = record(value, member);
  return {
    terminal: flag(paths.terminal, `${member}.terminal`),
    stdin: text(paths.stdin, `${member}.stdin`),
    stdout: text(paths.stdout, `${member}.stdout`),
    stderr: text(paths.stderr, `${member}.stderr`),
  };
}

function readStreams(value: unknown, member: string): SavedStreams {
  const streams = record(value, member);
  const ports = record(streams.ports, `${member}.ports`);
  const [stdin, stdout, stderr] = ["stdin", "stdout", "stderr"].map((name) =>
    maybe(ports[name], `${member}.ports.${name}`, count),
  );
  return {
    ports: { ...(stdin && { stdin }), ...(stdout && { stdout }), ...(stderr && { stderr }) },
    inputClosed: flag(streams.inputClosed, `${member}.inputClosed`),
    stdout: text(streams.stdout, `${member}.stdout`),
    stderr: text(streams.stderr, `${member}.stderr`),
  };
}

import { ShimError } from "../../errors/shim-error.ts";
import { unlessAborted } from "../../errors/unless-aborted.ts";
import { ShimDiag } from "../../generated/containerd/runhcs/v1/diag.ts";
import { Diagnostics as DiagnosticsService, Direction } from "../../generated/uvmshim/diag/v1.ts";
import type { Logger } from "../../log/logger.ts";
import { deadline } from "../../orchestration/deadline.ts";
import type { Diagnostics } from "../../orchestration/diagnostics/ports.ts";
import type { ReportLine } from "../../orchestration/report.ts";
import type { RpcOptions } from "../../orchestration/tasks.ts";
import type { Server } from "../../ttrpc/server.ts";
import type { Handlers, ServerStreamHandler, UnaryHandler } from "../../ttrpc/service.ts";
import { failedCall } from "../status.ts";
import { timestampOf } from "../timestamp.ts";

export interface DiagServicesOptions {
  /** The pod's; rejects where its code can't be loaded. */
  diagnostics(): Promise<Diagnostics>;
  /** The daemon's, and its pod's. */
  report(): readonly ReportLine[];
  guestStacks(options: RpcOptions): Promise<string | undefined>;
  readonly log: Logger;
  /** The daemon's. */
  readonly pid: number;
  /** Of a guest that may be wedged, in ms; what the host knows is told all the same. Default 2000. */
  readonly guestStacksMs?: number;
}

const GUEST_STACKS_MS = 2_000;

export function registerDiagServices(server: Pick<Server, "register">, options: DiagServicesOptions): void {
  server.register(ShimDiag, shimDiagHandlers(options));
  server.register(DiagnosticsService, diagnosticsHandlers(options));
}

/** hcsshim's words for an exec's state. */
const execStates: Readonly<Record<string, string>> = { starting: "created", exiting: "running", deleted: "exited" };

/** hcsshim's diagnostic service; decode, call, encode. */
export function shimDiagHandlers(options: DiagServicesOptions): Handlers<typeof ShimDiag> {
  const rpc = unary(options.log);
  return {
    // As long as the process, or its caller, lives.
    diagExecInHost: rpc(async (request, { signal }) => ({
      exitCode: await (await options.diagnostics()).exec(request, { signal }),
    })),
    diagStacks: rpc(async (_, { signal }) => ({
      stacks: options.report().map(reportText).join("\n"),
      guestStacks: await guestStacks(options, signal),
    })),
    diagTasks: rpc(async ({ execs: withExecs }) => ({
      tasks: (await options.diagnostics()).tasks().map(({ id, execs }) => ({
        id,
        execs: withExecs ? execs.map(({ id, state }) => ({ id, state: execStates[state] ?? state })) : [],
      })),
    })),
    diagShare: rpc(async (request, { signal }) => {
      await (await options.diagnostics()).share(request, { signal });
      return {};
    }),
    diagPid: rpc(async () => ({ pid: options.pid })),
  };
}

/** What hcsshim's has no method for. */
export function diagnosticsHandlers(options: DiagServicesOptions): Handlers<typeof DiagnosticsService> {
  const { diagnostics } = options;
  const stream = streaming(options.log);
  return {
    console: stream(async (wanted, responses, { signal }) => {
      for await (const { item: text, lost } of (await diagnostics()).console(wanted, { signal })) {
        await responses.send({ text, lost: BigInt(lost) });
      }
    }),
    bridge: stream(async (wanted, responses, { signal }) => {
      for await (const { item, lost } of (await diagnostics()).bridge(wanted, { signal })) {
        const direction = item.direction === "to-guest" ? Direction.TO_GUEST : Direction.FROM_GUEST;
        const { at, ms = 0, body = "", ...message } = item;
        await responses.send({ ...message, at: timestampOf(at), direction, ms, body, lost: BigInt(lost) });
      }
    }),
    report: unary(options.log)(async (_, { signal }) => ({
      lines: options.report().map(({ what, fields }) => ({ what, fields: new Map(known(fields)) })),
      guestStacks: await guestStacks(options, signal),
    })),
  };
}

const unary =
  (log: Logger) =>
  <I, O>(run: UnaryHandler<I, O>): UnaryHandler<I, O> =>
  async (request, context) => {
    try {
      return await unlessAborted(Promise.resolve(run(request, context)), context.signal);
    } catch (thrown) {
      throw failedCall(log, context.method, thrown);
    }
  };

const streaming =
  (log: Logger) =>
  <I, O>(run: ServerStreamHandler<I, O>): ServerStreamHandler<I, O> =>
  async (request, responses, context) => {
    try {
      await run(request, responses, context);
    } catch (thrown) {
      throw failedCall(log, context.method, thrown);
    }
  };

/** A guest that tells nothing hides nothing of the host: why it does not is what is told. */
async function guestStacks(options: DiagServicesOptions, caller: AbortSignal): Promise<string> {
  const { signal, done } = deadline(options.guestStacksMs ?? GUEST_STACKS_MS, "the guest's stacks", caller);
  try {
    return (await unlessAborted(options.guestStacks({ signal }), signal)) ?? "";
  } catch (thrown) {
    return `not told: ${ShimError.from(thrown).message}`;
  } finally {
    done();
  }
}

function known(fields: ReportLine["fields"]): [string, string][] {
  return Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, JSON.stringify(value)] as [string, string]],
  );
}

function reportText({ what, fields }: ReportLine): string {
  return [what, ...known(fields).map(([name, value]) => `${name}=${value}`)].join(" ");
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unimplemented } from "../../errors/shim-error.ts";
import { ExecProcessRequest, ShimDiag } from "../../generated/containerd/runhcs/v1/diag.ts";
import { Diagnostics as DiagnosticsService, Direction } from "../../generated/uvmshim/diag/v1.ts";
import { createLogger } from "../../log/logger.ts";
import type { Diagnostics, Told } from "../../orchestration/diagnostics/ports.ts";
import { memoryStreamPair } from "../../transport/memory-stream.ts";
import { Client } from "../../ttrpc/client.ts";
import { Server } from "../../ttrpc/server.ts";
import { withinBudgets } from "../budgets.ts";
import { registerDiagServices } from "./diag-services.ts";

async function* told<T>(...items: T[]): AsyncGenerator<Told<T>> {
  for (const [lost, item] of items.entries()) yield { item, lost };
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** Diagnostics that note their calls, behind a real server and client. */
class Subject {
  readonly calls: unknown[] = [];
  readonly server = new Server({
    interceptors: [withinBudgets({ "/containerd.runhcs.v1.diag.ShimDiag/DiagShare": 20 })],
  });
  readonly client: Client;
  guestStacks: () => Promise<string | undefined> = async () => "gcs: idle";
  share: () => Promise<void> = async () => {};
  readonly aborts: unknown[] = [];

  constructor() {
    const message = {
      at: new Date(1_700_000_000_123),
      type: 0x10100101,
      name: "Create",
      id: 2n ** 53n + 1n,
      bytes: 99,
    };
    const diagnostics: Diagnostics = {
      exec: async (process) => {
        this.calls.push(process);
        return 137;
      },
      share: async (share) => {
        this.calls.push(share);
        await this.share();
      },
      tasks: () => [
        {
          id: "c1",
          execs: ["created", "starting", "running", "exiting", "exited", "deleted"].map((state) => ({
            id: "e",
            state,
          })),
        },
      ],
      console: async function* (wanted, { signal }) {
        yield* told(JSON.stringify(wanted), "two");
        if (wanted.follow)
          await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
      bridge: (wanted) =>
        told(
          { ...message, direction: "to-guest" as const, body: JSON.stringify(wanted) },
          { ...message, direction: "from-guest" as const, ms: 1.5 },
        ),
    };
    const signalled: Diagnostics = {
      ...diagnostics,
      console: (wanted, { signal }) => {
        signal.addEventListener("abort", () => this.aborts.push(signal.reason));
        return diagnostics.console(wanted, { signal });
      },
    };
    const log = createLogger({ level: "debug", sink: { write: () => undefined } });
    registerDiagServices(this.server, {
      ...{ log, pid: 42, diagnostics: async () => signalled, guestStacks: () => this.guestStacks() },
      report: () => [
        { what: "daemon", fields: { pid: 42, busy: true } },
        { what: "process", fields: { process: "c1", exitStatus: undefined } },
      ],
      guestStacksMs: 20,
    });
    const [near, far] = memoryStreamPair();
    this.server.accept(far);
    this.client = new Client(near);
  }

  get shimdiag() {
    return this.client.service(ShimDiag);
  }

  get ours() {
    return this.client.service(DiagnosticsService);
  }
}

const withSubject = (run: (s: Subject) => Promise<void>) => async (): Promise<void> => {
  const s = new Subject();
  try {
    await run(s);
  } finally {
    s.client.close();
    s.server.close();
  }
};

describe("the service shimdiag", () => {
  it(
    "carries each request and response over the wire",
    withSubject(async (s) => {
      const process = { args: ["ls", "/"], workdir: "/tmp", terminal: false, stdin: "i", stdout: "o", stderr: "e" };
      assert.deepEqual(await s.shimdiag.diagExecInHost(ExecProcessRequest.create(process)), { exitCode: 137 });
      const share = { hostPath: "/h", uvmPath: "/u", readOnly: true };
      await s.shimdiag.diagShare(share);
      assert.deepEqual(s.calls, [process, share]);
      assert.deepEqual(await s.shimdiag.diagPid({}), { pid: 42 });
      const stacks = 'daemon pid=42 busy=true\nprocess process="c1"';
      assert.deepEqual(await s.shimdiag.diagStacks({}), { stacks, guestStacks: "gcs: idle" });
    }),
  );

  it(
    "tells tasks, with their execs in hcsshim's words where they are asked for",
    withSubject(async (s) => {
      assert.deepEqual(await s.shimdiag.diagTasks({ execs: false }), { tasks: [{ id: "c1", execs: [] }] });
      const { tasks } = await s.shimdiag.diagTasks({ execs: true });
      assert.deepEqual(
        tasks?.[0]?.execs.map(({ state }) => state),
        ["created", "created", "running", "running", "exited", "exited"],
      );
    }),
  );

  it(
    "tells what the host knows of a guest that is silent, in bounded time",
    withSubject(async (s) => {
      s.guestStacks = () => new Promise(() => {});
      const { stacks, guestStacks } = await s.shimdiag.diagStacks({});
      assert.match(stacks, /^daemon pid=42/);
      assert.equal(guestStacks, "not told: the guest's stacks did not finish in 0.02 s");
      s.guestStacks = async () => undefined;
      assert.equal((await s.shimdiag.diagStacks({})).guestStacks, "");
      s.share = () => new Promise(() => {});
      const share = { hostPath: "/h", uvmPath: "/u", readOnly: true };
      await assert.rejects(s.shimdiag.diagShare(share), { kind: "deadline-exceeded" });
    }),
  );

  it(
    "answers a refusal with its code",
    withSubject(async (s) => {
      s.share = () => Promise.reject(unimplemented("no vm"));
      const share = { hostPath: "/h", uvmPath: "/u", readOnly: true };
      await assert.rejects(s.shimdiag.diagShare(share), { kind: "unimplemented", message: "no vm" });
    }),
  );
});

describe("our own diagnostics", () => {
  it(
    "stream console and bridge, and end with them",
    withSubject(async (s) => {
      const lines = await all(s.ours.console({ lines: 2, follow: false }));
      assert.deepEqual(lines, [
        { text: '{"lines":2,"follow":false}', lost: 0n },
        { text: "two", lost: 1n },
      ]);
      const messages = await all(s.ours.bridge({ bodies: true, secrets: false }));
      const message = {
        ...{ at: { seconds: 1_700_000_000n, nanos: 123_000_000 }, type: 0x10100101, name: "Create" },
        ...{ id: 2n ** 53n + 1n, bytes: 99 },
      };
      assert.deepEqual(messages, [
        { ...message, direction: Direction.TO_GUEST, ms: 0, body: '{"bodies":true,"secrets":false}', lost: 0n },
        { ...message, direction: Direction.FROM_GUEST, ms: 1.5, body: "", lost: 1n },
      ]);
    }),
  );

  it(
    "report what SIGUSR1 does, as JSON by name",
    withSubject(async (s) => {
      const { lines, guestStacks } = await s.ours.report({});
      assert.deepEqual(
        lines?.map(({ what, fields }) => [what, Object.fromEntries(fields)]),
        [
          ["daemon", { pid: "42", busy: "true" }],
          ["process", { process: '"c1"' }],
        ],
      );
      assert.equal(guestStacks, "gcs: idle");
    }),
  );

  it(
    "stop following for a reader whose connection has gone",
    withSubject(async (s) => {
      const stream = s.ours.console({ lines: 2, follow: true });
      await stream.receive();
      assert.deepEqual(s.aborts, []);
      s.client.close();
      for (let i = 0; s.aborts.length === 0 && i < 100; i++) await new Promise(setImmediate);
      assert.equal(s.aborts.length, 1);
      await assert.rejects(async () => {
        while ((await stream.receive()) !== undefined);
      });
    }),
  );
});

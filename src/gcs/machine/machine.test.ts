import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { isKind } from "../../errors/shim-error.ts";
import { setProcessors } from "./processors.ts";
import { machineResources } from "./resources.ts";

describe("the guest's machine", () => {
  const calls: string[] = [];
  const machine = machineResources({
    setClock: (unixNanoseconds) => void calls.push(`clock ${unixNanoseconds}`),
    reseed: (entropy) => void calls.push(`reseed ${Buffer.from(entropy).toString("hex")}`),
    setProcessors: async (count) => void calls.push(`processors ${count}`),
  });
  beforeEach(() => {
    calls.length = 0;
  });

  it("takes the host's time and random bytes, each where it is given", () => {
    machine.Resume.Update({ UnixNanoseconds: 1795268400000000001n, Entropy: "AQI=" });
    machine.Resume.Update({ UnixNanoseconds: 7 });
    machine.Resume.Update({});
    assert.deepEqual(calls, ["clock 1795268400000000001", "reseed 0102", "clock 7"]);
  });

  it("refuses what is too much or too little", async () => {
    const invalid = (error: unknown): boolean => isKind(error, "invalid-argument");
    assert.throws(() => machine.Resume.Update({ UnixNanoseconds: 5, Entropy: "A".repeat(8000) }), invalid);
    assert.throws(() => machine.Processors.Update({}), invalid);
    await machine.Processors.Update({ Count: 2 });
    assert.deepEqual(calls, ["processors 2"]);
  });
});

describe("processors", () => {
  let directory = "";
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "gcs-cpu-"));
    mkdirSync(join(directory, "cpu0"));
    mkdirSync(join(directory, "cpufreq"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const plug = (number: number): void => {
    mkdirSync(join(directory, `cpu${number}`));
    writeFileSync(join(directory, `cpu${number}`, "online"), "0\n");
  };
  const online = (number: number): string => readFileSync(join(directory, `cpu${number}`, "online"), "utf8").trim();

  it("come online as they are plugged in, and go offline from the top", async () => {
    plug(1);
    const all = setProcessors(3, { directory });
    setImmediate(() => plug(2));
    await all;
    assert.deepEqual([online(1), online(2)], ["1", "1"]);
    await setProcessors(2, { directory });
    assert.deepEqual([online(1), online(2)], ["1", "0"]);
    await setProcessors(1, { directory });
    assert.deepEqual([online(1), online(2)], ["0", "0"]);
  });

  it("are missed with their number", async () => {
    plug(1);
    await assert.rejects(
      setProcessors(3, { directory, withinMs: 0 }),
      (error: Error) => isKind(error, "out-of-range") && /has 2 processors; cannot bring 3 online/.test(error.message),
    );
  });
});

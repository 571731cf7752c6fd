import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isKind } from "../errors/shim-error.ts";
import { Options as RuncOptions } from "../generated/containerd/runc/v1.ts";
import { Options as RunhcsOptions } from "../generated/containerd/runhcs/v1.ts";
import { Options as RuntimeOptions } from "../generated/runtimeoptions/v1.ts";
import { createLogger, silentLogger } from "../log/logger.ts";
import { readOptions } from "./options.ts";

const body = new TextEncoder().encode('stack = "local"\n');
const path = RuntimeOptions.encode(RuntimeOptions.create({ configPath: "/c.toml", configBody: body }));

describe("readOptions", () => {
  it("reads the general options, under both spellings of the type", () => {
    for (const typeUrl of ["runtimeoptions.v1.Options", "type.googleapis.com/runtimeoptions.v1.Options"]) {
      assert.deepEqual(readOptions([{ typeUrl, value: path }], silentLogger), {
        configPath: "/c.toml",
        configBody: 'stack = "local"\n',
      });
    }
  });

  it("reads runc's", () => {
    const value = RuncOptions.encode(
      RuncOptions.create({ binaryName: "crun", root: "/r", systemdCgroup: true, shimCgroup: "/shims" }),
    );
    assert.deepEqual(readOptions([{ typeUrl: "containerd.runc.v1.Options", value }], silentLogger), {
      runc: { binaryName: "crun", systemdCgroup: true },
      shimCgroup: "/shims",
    });
  });

  it("keeps runhcs' as they came, for whoever makes the VM", () => {
    const value = RunhcsOptions.encode(
      RunhcsOptions.create({ sandboxPlatform: "linux/amd64", vmMemorySizeInMb: 2048 }),
    );
    for (const prefix of ["", "type.googleapis.com/"]) {
      const read = readOptions([{ typeUrl: `${prefix}containerd.runhcs.v1.Options`, value }], silentLogger);
      const { sandboxPlatform, vmMemorySizeInMb } = RunhcsOptions.decode(Buffer.from(read.runhcs ?? "", "base64"));
      assert.deepEqual([sandboxPlatform, vmMemorySizeInMb], ["linux/amd64", 2048]);
    }
    const broken = { typeUrl: "containerd.runhcs.v1.Options", value: Uint8Array.from([0x1a, 0x7f]) };
    assert.throws(() => readOptions([broken], silentLogger), { kind: "invalid-argument" });
  });

  it("takes the first of each type", () => {
    const runc = (binaryName: string) => RuncOptions.encode(RuncOptions.create({ binaryName }));
    const [first, second] = [runc("crun"), runc("youki")].map((value) => ({
      typeUrl: "containerd.runc.v1.Options",
      value,
    }));
    assert.ok(first && second);
    const read = readOptions([first, { typeUrl: "runtimeoptions.v1.Options", value: path }, second], silentLogger);
    assert.deepEqual([read.runc?.binaryName, read.configPath], ["crun", "/c.toml"]);
  });

  it("skips unknown types with a debug line, and takes a known one behind them", () => {
    const lines: string[] = [];
    const log = createLogger({ level: "debug", sink: { write: (line) => lines.push(line) } });
    const unknown = { typeUrl: "example.com/own.Options", value: new Uint8Array(3) };
    assert.deepEqual(readOptions([unknown], log), {});
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /level=debug .*ignored" type=example.com\/own.Options bytes=3/);
    const known = { typeUrl: "runtimeoptions.v1.Options", value: path };
    assert.equal(readOptions([unknown, known], log).configPath, "/c.toml");
  });

  it("refuses known types that can't be decoded", () => {
    const broken = { typeUrl: "runtimeoptions.v1.Options", value: Uint8Array.from([0x12, 0x7f]) };
    const notText = RuntimeOptions.encode(RuntimeOptions.create({ configBody: Uint8Array.from([0xff, 0xfe]) }));
    for (const any of [broken, { typeUrl: "runtimeoptions.v1.Options", value: notText }]) {
      assert.throws(
        () => readOptions([any], silentLogger),
        (error) => isKind(error, "invalid-argument"),
      );
    }
  });
});

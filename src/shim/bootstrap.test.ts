import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isKind } from "../errors/shim-error.ts";
import { Any } from "../generated/google/protobuf.ts";
import { encodeReply, readBootstrap } from "./bootstrap.ts";

const empty = new Uint8Array();
/** What 1.7 and later set, all of it without meaning for the version. */
const env17 = { MAX_SHIM_VERSION: "2", GRPC_ADDRESS: "/c.sock", NAMESPACE: "default", TTRPC_ADDRESS: "/c.sock.ttrpc" };
const env16 = { TTRPC_ADDRESS: "/c.sock.ttrpc" };
const address = "unix:///run/containerd/s/0123";

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ""), "hex"));
}

/** Taken from Debian's containerd 1.6.20: `ctr run --runtime-config-path /tmp/x.toml`. */
const runtimeOptions16 = fromHex(
  "0a19 72756e74696d656f7074696f6e732e76312e4f7074696f6e73 120d 120b 2f746d702f782e746f6d6c",
);

/** By hand, field by field: id c1, namespace default, level DEBUG (-4, ten bytes), version, one extension, socket_dir. */
const params23 = fromHex(`
  0a02 6331
  1207 64656661756c74
  18 fcffffffffffffffff01
  2205 322e332e34
  4220 0a1e 0a19 72756e74696d656f7074696f6e732e76312e4f7074696f6e73 1201 78
  4a02 2f73
  ba3e03 6e6577
`);

describe("readBootstrap", () => {
  it("knows 1.6 by its environment", () => {
    const start = readBootstrap({ stdin: empty, id: "c1", namespace: "default", env: env16 });
    assert.deepEqual(start, { dialect: "text", options: [] });
  });

  it("takes each one of the later variables for a later caller", () => {
    for (const [name, value] of Object.entries(env17).slice(0, 3)) {
      const env = { [name]: value };
      assert.equal(readBootstrap({ stdin: empty, id: "c1", namespace: "default", env }).dialect, "json");
    }
  });

  it("reads the bare options of 1.6 to 2.2", () => {
    for (const [env, dialect] of [
      [env16, "text"],
      [env17, "json"],
    ] as const) {
      const start = readBootstrap({ stdin: runtimeOptions16, id: "c1", namespace: "default", env });
      assert.equal(start.dialect, dialect);
      assert.deepEqual(start.options, [
        { typeUrl: "runtimeoptions.v1.Options", value: Uint8Array.from([0x12, 0x0b, ...Buffer.from("/tmp/x.toml")]) },
      ]);
    }
  });

  it("reads the parameters of 2.3, whatever the environment, and skips new fields", () => {
    for (const env of [env16, env17]) {
      assert.deepEqual(readBootstrap({ stdin: params23, id: "c1", namespace: "default", env }), {
        dialect: "protobuf",
        options: [{ typeUrl: "runtimeoptions.v1.Options", value: Uint8Array.from([0x78]) }],
        logLevel: "debug",
        socketDirectory: "/s",
        containerdVersion: "2.3.4",
      });
    }
  });

  it("does not take parameters of another task for its own", () => {
    assert.equal(readBootstrap({ stdin: params23, id: "c2", namespace: "default", env: env17 }).dialect, "json");
    assert.equal(readBootstrap({ stdin: params23, id: "c1", namespace: "other", env: env17 }).dialect, "json");
  });

  it("does not take options for parameters, even where type and value equal id and namespace", () => {
    const stdin = Any.encode({ typeUrl: "c1", value: new TextEncoder().encode("ns") });
    // This one is ambiguous for good: upstream's rule decides, and says parameters.
    assert.equal(readBootstrap({ stdin, id: "c1", namespace: "ns", env: env17 }).dialect, "protobuf");
    assert.equal(readBootstrap({ stdin, id: "c1", namespace: "default", env: env17 }).dialect, "json");
  });

  it("maps slog's levels", () => {
    const levels = (["18f8ffffffffffffffff01", "1800", "1804", "1808", "180a", "180c"] as const).map((level) => {
      const stdin = fromHex(`0a026331 12026e73 ${level}`);
      return readBootstrap({ stdin, id: "c1", namespace: "ns", env: env17 }).logLevel;
    });
    assert.deepEqual(levels, ["trace", "info", "warn", "error", "error", "error"]);
  });

  it("refuses nonsense", () => {
    for (const nonsense of ["not protobuf at all", "\u0000\u0000", '{"version":2}']) {
      assert.throws(
        () => readBootstrap({ stdin: new TextEncoder().encode(nonsense), id: "c1", namespace: "default", env: env17 }),
        (error) => isKind(error, "invalid-argument"),
      );
    }
  });
});

describe("encodeReply", () => {
  it("writes the three dialects byte for byte", () => {
    assert.equal(Buffer.from(encodeReply("text", address)).toString(), address);
    assert.equal(
      Buffer.from(encodeReply("json", address)).toString(),
      '{"version":2,"address":"unix:///run/containerd/s/0123","protocol":"ttrpc"}',
    );
    assert.equal(
      Buffer.from(encodeReply("protobuf", address)).toString("hex"),
      `0803${"121d"}${Buffer.from(address).toString("hex")}${"1a05"}${Buffer.from("ttrpc").toString("hex")}`,
    );
  });
});

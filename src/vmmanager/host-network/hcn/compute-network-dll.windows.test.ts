import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { koffi, loadNative } from "../../../sys/windows/ffi.ts";
import { openComputeNetwork } from "./compute-network-dll.ts";
import { endpointIds, hostComputeNetwork } from "./host-compute-network.ts";
import { computeNetworkSignatures } from "./signatures.ts";

const DLL = process.env.UVM_SHIM_COMPUTENETWORK ?? "";
const [NETWORK, ENDPOINT, NAMESPACE] = [0, 1, 2];
const NS = "6BA7B810-9DAD-11D1-80B4-00C04FD430C8";
const QUERY = '{"SchemaVersion":{"Major":2,"Minor":0}}';

const standIn = loadNative(DLL, {
  StandInPut: ["int32", "int32", "str16", "str16"],
  StandInFail: ["void", "str16", "int32", "str16"],
  StandInDelay: ["void", "int32"],
  StandInLive: ["int32"],
});

/** What one wrong call does to the process; run in one of its own. */
const misuses: Record<string, () => void> = {
  "a handle that is closed": () => {
    const dll = loadNative(DLL, computeNetworkSignatures);
    const handle: [unknown] = [null];
    assert.equal(dll.HcnOpenNamespace(guid(NS), handle, [null]), 0);
    dll.HcnCloseNamespace(handle[0]);
    dll.HcnCloseNamespace(handle[0]);
  },
  "a handle of another kind": () => {
    const dll = loadNative(DLL, computeNetworkSignatures);
    const handle: [unknown] = [null];
    assert.equal(dll.HcnOpenNamespace(guid(NS), handle, [null]), 0);
    dll.HcnCloseEndpoint(handle[0]);
  },
  "a query in the place of the handle": () => {
    loadNative(DLL, computeNetworkSignatures).HcnQueryNamespaceProperties(Buffer.from(QUERY), QUERY, [null], [null]);
  },
};

put(NAMESPACE, NS, { ID: NS, Resources: [{ Type: "Endpoint", Data: { ID: id(1) } }], SchemaVersion: { Major: 2 } });
for (let n = 1; n <= 3; n++)
  put(ENDPOINT, id(n), { ID: id(n), Name: `ep${n} ä€😀`, MacAddress: `00-15-5D-00-00-0${n}` });

const misuse = process.argv.at(-1)?.startsWith("--misuse=") ? process.argv.at(-1)?.slice(9) : undefined;
if (misuse !== undefined) misuses[misuse]?.();
else suite();

function suite(): void {
  describe("computenetwork.dll by koffi", () => {
    const dll = openComputeNetwork();
    const hcn = hostComputeNetwork(dll);

    it("reads namespaces and endpoints", async () => {
      const namespace = await hcn.namespace(NS.toLowerCase());
      assert.deepEqual([namespace.id, endpointIds(namespace)], [NS, [id(1)]]);
      const endpoint = await hcn.endpoint(id(2));
      assert.deepEqual([endpoint.name, endpoint.macAddress], ["ep2 ä€😀", "00-15-5D-00-00-02"]);
      assert.deepEqual(await hcn.namespaces(), [NS]);
      assert.deepEqual(await hcn.endpoints(), [id(1), id(2), id(3)]);
      assert.equal(await dll.enumerate("Network", QUERY), "[]");
      assert.equal(standIn.StandInLive(), 0);
    });

    it("reads a network", async () => {
      put(NETWORK, id(9), { ID: id(9), Name: "nat" });
      assert.equal(JSON.parse(await dll.query("Network", id(9), QUERY)).Name, "nat");
    });

    it("tells what does not exist", async () => {
      await assert.rejects(hcn.namespace(id(7)), { kind: "not-found", message: /network namespace .* does not exist/ });
      await assert.rejects(dll.query("Endpoint", id(7), QUERY), {
        kind: "not-found",
        message: "HcnOpenEndpoint: Element not found. (0x80070490)",
      });
      await assert.rejects(hcn.endpoint("x"), { kind: "invalid-argument", message: /network endpoint "x" is no GUID/ });
    });

    it("tells the text of an error record, and of a call that succeeds with one", async () => {
      fail("HcnQueryEndpointProperties", 0x8007_06ba, '{"Error":"The RPC server is unavailable."}');
      await assert.rejects(hcn.endpoint(id(1)), { kind: "unavailable", message: /The RPC server is unavailable/ });
      fail("HcnQueryEndpointProperties", 0, '{"Error":"half of it"}');
      await assert.rejects(hcn.endpoint(id(1)), { kind: "internal", message: /half of it/ });
      fail("HcnEnumerateNamespaces", 0x8000_4001, null);
      await assert.rejects(hcn.namespaces(), { kind: "unimplemented", message: /HcnEnumerateNamespaces: failed/ });
      await assert.rejects(dll.query("Endpoint", id(1), "{}"), { kind: "invalid-argument", message: /Invalid JSON/ });
      // Whatever came, each handle was closed.
      assert.equal(standIn.StandInLive(), 0);
    });

    it("is not disturbed by a close that fails", async () => {
      fail("HcnCloseEndpoint", 0x8000_4005, null);
      assert.equal((await hcn.endpoint(id(3))).id, id(3));
    });

    it("waits on another thread, and no longer than the signal lets it; the call ends all the same", async () => {
      standIn.StandInDelay(1000);
      try {
        let turns = 0;
        const ticking = setInterval(() => (turns += 1), 10);
        const late = new AbortController();
        const work = hcn.endpoint(id(1), { signal: late.signal });
        setTimeout(() => late.abort(new Error("too late")), 40);
        await assert.rejects(work, /too late/);
        // Three calls of 1 s: it goes on to its close.
        while (standIn.StandInLive() === 0) await new Promise((resolve) => setTimeout(resolve, 10));
        while (standIn.StandInLive() !== 0) await new Promise((resolve) => setTimeout(resolve, 10));
        clearInterval(ticking);
        assert.ok(turns > 5, `the loop turned ${turns} times`);
      } finally {
        standIn.StandInDelay(0);
      }
    });

    it("frees each text", async () => {
      put(ENDPOINT, id(20), { ID: id(20), Name: "x".repeat(1_000_000) });
      const read = async (times: number): Promise<void> => {
        for (let n = 0; n < times; n++) await dll.query("Endpoint", id(20), QUERY);
      };
      await read(20);
      const before = process.memoryUsage();
      await read(150);
      const after = process.memoryUsage();
      // 150 texts of 2 MB. What V8 has not collected yet is in its heap, not beside it.
      const growth = after.rss - after.heapTotal - (before.rss - before.heapTotal);
      assert.ok(growth < 100_000_000, `${Math.round(growth / 1e6)} MB`);
    });

    it("reads many at once", async () => {
      const names = await Promise.all(Array.from({ length: 200 }, (_, n) => hcn.endpoint(id((n % 3) + 1))));
      assert.deepEqual(new Set(names.map(({ id }) => id)).size, 3);
      assert.equal(standIn.StandInLive(), 0);
    });

    it("says which function a DLL lacks", () => {
      assert.throws(() => openComputeNetwork("C:\\windows\\system32\\ole32.dll"), /HcnEnumerateNetworks/);
    });
  });

  describe("the stand-in for computenetwork.dll", () => {
    for (const name of Object.keys(misuses)) {
      it(`ends the process for ${name}`, () => {
        const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), `--misuse=${name}`], {
          stdio: "ignore",
        });
        assert.equal(status, 99);
      });
    }
  });
}

function put(kind: number | undefined, guid: string, properties: object): void {
  assert.equal(standIn.StandInPut(kind, `{${guid}}`, JSON.stringify(properties)), 1);
}

function fail(call: string, hresult: number, record: string | null): void {
  standIn.StandInFail(call, hresult | 0, record);
}

function id(n: number): string {
  return `00000000-0000-0000-0000-${String(n).padStart(12, "0")}`;
}

function guid(text: string): Uint8Array {
  assert.ok(koffi());
  const bytes = Buffer.from(text.replaceAll("-", ""), "hex");
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeAddress, encodeGuid, inetPort } from "./socket-address.ts";

describe("addresses of Windows sockets", () => {
  it("are a SOCKADDR_HV of 36 bytes for a VM's service", () => {
    const vmId = "e0e16197-dd56-4a10-9195-5ee7a155a838";
    const serviceId = "40000000-facb-11e6-bd58-64006a7986d3";
    assert.equal(
      Buffer.from(encodeAddress({ family: "hyperv", vmId, serviceId })).toString("hex"),
      `22000000${"9761e1e056dd104a91955ee7a155a838"}${"00000040cbfae611bd5864006a7986d3"}`,
    );
  });

  it("are a SOCKADDR_IN on loopback for a port", () => {
    const address = encodeAddress({ family: "inet", port: 0x1234 });
    assert.equal(Buffer.from(address).toString("hex"), "020012347f0000010000000000000000");
    assert.equal(inetPort(address), 0x1234);
  });

  for (const text of [
    "",
    "e0e16197-dd56-4a10-9195",
    "{e0e16197-dd56-4a10-9195-5ee7a155a838}",
    `${"g".repeat(8)}-0000-0000-0000-000000000000`,
  ]) {
    it(`refuse "${text}" as a GUID`, () => {
      assert.throws(() => encodeGuid(text), { kind: "invalid-argument" });
    });
  }
});

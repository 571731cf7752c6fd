import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isKind } from "../../errors/shim-error.ts";
import { bootArguments } from "./boot-arguments.ts";

const MAC = "fa:43:25:5d:6f:b4";
const parse = (args: string) => bootArguments(`console=ttyS0 uvm.agent quiet -- ${args}`);

describe("the agent's boot arguments", () => {
  it("are there where the kernel was told to serve the agent, and only there", () => {
    assert.equal(bootArguments("console=ttyS0 quiet\n"), undefined);
    assert.equal(bootArguments("quiet uvm.agents -- uvm.agent"), undefined);
    const none = { debug: false, networks: [], unknown: [] };
    assert.deepEqual(bootArguments("quiet uvm.agent\n"), none);
    assert.deepEqual(bootArguments("uvm.agent --\n"), none);
  });

  it("are Go's flags, with one dash or two, and their values beside or behind", () => {
    assert.equal(parse("-debug")?.debug, true);
    assert.equal(parse("--debug=false -debug=T")?.debug, true);
    const network = { mac: MAC, addresses: [], dhcp: false };
    assert.deepEqual(parse(`-network mac=${MAC} --network=mac=${MAC.toUpperCase()}`)?.networks, [network, network]);
    assert.deepEqual(parse(`"-network=mac=${MAC}" -debug`)?.networks, [network]);
  });

  it("name addresses of both families, or ask for a lease", () => {
    const [network] = parse(`-network=mac=${MAC},addr=192.168.127.2/24,addr=fd00::2/64`)?.networks ?? [];
    assert.deepEqual(network?.addresses, ["192.168.127.2/24", "fd00::2/64"]);
    assert.equal(parse(`-network=mac=${MAC},dhcp=true`)?.networks[0]?.dhcp, true);
    assert.equal(parse(`-network=mac=${MAC},dhcp=0,addr=10.0.0.2/8`)?.networks[0]?.dhcp, false);
  });

  it("of other guests are kept apart, not refused", () => {
    const { unknown, debug } = parse("-vsock-rpc-port=1025 -vsock-cid=3 tsi_hijack -debug") ?? assert.fail();
    assert.deepEqual(unknown, ["-vsock-rpc-port=1025", "-vsock-cid=3", "tsi_hijack"]);
    assert.equal(debug, true);
  });

  for (const [what, network, text] of [
    ["without a MAC address", "addr=10.0.0.2/8", /names no MAC/],
    ["with a MAC address that is none", "mac=fa:43", /no MAC address/],
    ["with an address without its length", `mac=${MAC},addr=10.0.0.2`, /ADDRESS\/LENGTH/],
    ["with a length that no address has", `mac=${MAC},addr=10.0.0.2/33`, /ADDRESS\/LENGTH/],
    ["with what is no address", `mac=${MAC},addr=host/24`, /host/],
    ["with an address that would be an option of ip", `mac=${MAC},addr=-h/24`, /-h/],
    ["with two addresses of one family", `mac=${MAC},addr=10.0.0.2/8,addr=10.0.0.3/8`, /two addresses/],
    ["with an address and a lease", `mac=${MAC},addr=10.0.0.2/8,dhcp=1`, /both/],
    ["with a truth that is none", `mac=${MAC},dhcp=yes`, /neither true nor false/],
    ["with an unknown field", `mac=${MAC},gw=10.0.0.1`, /"gw=10.0.0.1"/],
    ["that is empty", "", /field ""/],
  ] as const) {
    it(`are refused with a network ${what}`, () => {
      assert.throws(
        () => parse(`-network=${network}`),
        (error: Error) => isKind(error, "invalid-argument") && text.test(error.message),
      );
    });
  }
});

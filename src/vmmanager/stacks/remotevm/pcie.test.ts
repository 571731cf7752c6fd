import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HOT_PORTS, PortPool, rootComplex } from "./pcie.ts";

describe("a VM's PCIe ports", () => {
  it("are those of its boot devices, in order, and empty ones for later", () => {
    const { rootPorts } = rootComplex([{ virtio: { rng: {} } }, { virtio: { vsock: { socketPath: "/s" } } }]);
    assert.deepEqual(
      rootPorts.slice(0, 3).map(({ name, hotplug, attached }) => [name, hotplug, attached?.device?.virtio]),
      [
        ["port1", false, { rng: {} }],
        ["port2", false, { vsock: { socketPath: "/s" } }],
        ["port8", true, undefined],
      ],
    );
    assert.equal(rootPorts.length, 2 + HOT_PORTS);
    assert.equal(new Set(rootPorts.map(({ name }) => name)).size, rootPorts.length);
  });

  it("are given out from the lowest, found by their holder, and refused when all are taken", () => {
    const pool = new PortPool();
    assert.equal(pool.take("a"), "port8");
    assert.equal(pool.take("b"), "port9");
    pool.give("port8");
    assert.equal(pool.portOf("a"), undefined);
    assert.equal(pool.take("c"), "port8");
    assert.equal(pool.portOf("c"), "port8");
    for (let i = 2; i < HOT_PORTS; i++) pool.take(`n${i}`);
    assert.throws(() => pool.take("one more"), { kind: "resource-exhausted" });
  });

  it("that hot devices take are all among the root complex's hot-pluggable ones", () => {
    const pool = new PortPool();
    const hot = new Set(rootComplex([]).rootPorts.flatMap(({ name, hotplug }) => (hotplug ? [name] : [])));
    for (let i = 0; i < HOT_PORTS; i++) assert.ok(hot.delete(pool.take(`n${i}`)));
    assert.equal(hot.size, 0);
  });
});

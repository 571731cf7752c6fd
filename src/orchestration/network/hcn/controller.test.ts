import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stateTableSuite, wrongStateSuite } from "../../../../test/compliance/state-suite.ts";
import { notFound, unavailable } from "../../../errors/shim-error.ts";
import { hostComputeEndpoint, hostComputeNamespace } from "../../../prot/resources/hcn.ts";
import { type Deferred, deferred } from "../../deadline.ts";
import { HcnNetworkController } from "./controller.ts";
import { linuxEndpointGuest, windowsEndpointGuest } from "./endpoint-guest.ts";
import { HcnNamespaces } from "./namespaces.ts";
import type { EndpointGuest, HcnPorts, HcnVm } from "./ports.ts";
import { hcnNetworkStates } from "./state.ts";

const NS = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

type Os = "linux" | "windows";

/** A host with endpoints "net1" and "eth0" in its one namespace, "more" beside it, and a VM; each step can fail or hang. */
class Subject {
  readonly log: string[] = [];
  readonly faults: Record<string, () => Promise<unknown>> = {};
  readonly held: Deferred<void> = deferred();
  readonly settings: object[] = [];
  inNamespace = ["net1", "eth0"];
  adds = true;
  readonly network: HcnNetworkController;
  readonly namespaces: HcnNamespaces;
  readonly vm: HcnVm;
  readonly #nics = new Map<string, string>();

  constructor(os: Os = "linux", { namespaceAddRequestSupported = true } = {}) {
    const ports: HcnPorts = {
      namespace: async (id) => {
        await this.#step(`read namespace ${id === NS ? "" : id}`.trim());
        const resources = this.inNamespace.map((ID) => ({ type: "Endpoint", data: { ID } }));
        return { ...hostComputeNamespace.zero, id, resources };
      },
      endpoint: async (id) => {
        await this.#step(`read ${id}`);
        return { ...hostComputeEndpoint.zero, id, name: `cali_${id}`, macAddress: "00-15-5D-52-C0-00" };
      },
    };
    const capabilities = () => ({ namespaceAddRequestSupported }) as never;
    const guest: EndpointGuest =
      os === "linux"
        ? linuxEndpointGuest(
            {
              capabilities,
              addNetworkInterface: async (settings) => {
                this.settings.push(settings);
                await this.#step(`add ${this.#name(settings.id)}`);
              },
              removeNetworkInterface: ({ id, ...rest }) => {
                this.settings.push(rest);
                return this.#step(`remove ${this.#name(id)}`);
              },
            },
            { namespaceId: NS, policyBasedRouting: true },
          )
        : windowsEndpointGuest({
            capabilities,
            addNetworkNamespace: ({ id }) => this.#step(`add namespace ${id === NS}`),
            removeNetworkNamespace: () => this.#step("remove namespace"),
            addNetworkInterface: (id, type, endpoint) => {
              if (endpoint?.id !== undefined) this.#nics.set(id, endpoint.id);
              return this.#step(`${type} ${this.#name(id)}`);
            },
            removeNetworkInterface: (id) => this.#step(`remove ${this.#name(id)}`),
          });
    this.vm = {
      uvm: {
        stack: "hcs",
        supported: () => this.adds,
        addNetworkAdapter: ({ id, backend, macAddress }) => {
          assert.ok(backend.kind === "endpoint" && macAddress === "00-15-5D-52-C0-00");
          this.#nics.set(id, backend.endpointId);
          return this.#step(`plug ${backend.endpointId}`);
        },
        removeNetworkAdapter: (id) => this.#step(`unplug ${this.#name(id)}`),
      },
      guest,
    };
    const limits = { host: 200, uvm: 200, guest: 200 };
    this.network = new HcnNetworkController(NS, ports, limits);
    this.namespaces = new HcnNamespaces(() => this.vm, ports, limits);
  }

  setup(): Promise<void> {
    return this.network.setup(this.vm);
  }

  async configured(): Promise<this> {
    await this.setup();
    this.log.length = 0;
    return this;
  }

  fail(step: string, error: Error = unavailable(`${step} is broken`)): void {
    this.faults[step] = () => Promise.reject(error);
  }

  mend(): void {
    for (const step of Object.keys(this.faults)) delete this.faults[step];
    this.log.length = 0;
  }

  hang(step: string): void {
    this.faults[step] = () => this.held.promise;
  }

  async reached(step: string): Promise<this> {
    for (let turn = 0; turn < 1000 && !this.log.includes(step); turn++) await Promise.resolve();
    assert.ok(this.log.includes(step), this.log.join());
    return this;
  }

  state(): string {
    return this.network.state;
  }

  async close(): Promise<void> {
    this.held.resolve();
    this.mend();
    await this.network.teardown();
  }

  #name(id: string | undefined): string {
    return this.#nics.get(id ?? "") ?? "unknown";
  }

  async #step(name: string): Promise<void> {
    this.log.push(name);
    await this.faults[name]?.();
  }
}

const READ = ["read namespace", "read net1", "read eth0"];
// eth0 first: the guest names its links as they come.
const UP: Record<Os, readonly string[]> = {
  linux: ["plug eth0", "add eth0", "plug net1", "add net1"],
  windows: ["add namespace true", "PreAdd eth0", "plug eth0", "Add eth0", "PreAdd net1", "plug net1", "Add net1"],
};
const DOWN: Record<Os, readonly string[]> = {
  linux: ["remove net1", "unplug net1", "remove eth0", "unplug eth0"],
  windows: ["remove net1", "unplug net1", "remove eth0", "unplug eth0", "remove namespace"],
};

stateTableSuite(hcnNetworkStates);

wrongStateSuite(
  hcnNetworkStates,
  {
    "not-configured": async () => new Subject(),
    configuring: () => {
      const s = new Subject();
      s.hang("plug eth0");
      s.setup().catch(() => {});
      return s.reached("plug eth0");
    },
    configured: () => new Subject().configured(),
    invalid: () => invalid(),
    "tearing-down": async () => {
      const s = await new Subject().configured();
      s.hang("remove net1");
      s.network.teardown().catch(() => {});
      return s.reached("remove net1");
    },
    "torn-down": async () => {
      const s = await new Subject().configured();
      await s.network.teardown();
      return s;
    },
  },
  { setup: (s) => s.setup(), change: (s) => s.network.addEndpoints(["more"]) },
);

async function invalid(os: Os = "linux"): Promise<Subject> {
  const s = await new Subject(os).configured();
  s.fail("unplug eth0", new Error("busy"));
  await assert.rejects(s.network.teardown(), /unplugging adapter|adapter .* of endpoint eth0|busy/);
  return s;
}

for (const os of ["linux", "windows"] as const) {
  describe(`HCN network of a ${os} guest`, () => {
    it("brings the namespace and its endpoints, and takes all away in reverse, the guest first", async () => {
      const s = new Subject(os);
      await s.setup();
      assert.deepEqual(s.log, [...READ, ...UP[os]]);
      assert.deepEqual(s.network.endpoints, ["eth0", "net1"]);
      s.log.length = 0;
      await s.network.teardown();
      assert.deepEqual([s.log, s.network.endpoints], [DOWN[os], []]);
      await s.network.teardown();
      assert.deepEqual([s.log.length, s.state()], [DOWN[os].length, "torn-down"]);
    });

    it("is set up once for all who ask", async () => {
      const s = new Subject(os);
      await Promise.all([s.setup(), s.setup()]);
      await s.setup();
      assert.deepEqual(s.log, [...READ, ...UP[os]]);
    });

    for (const failing of [...READ, ...UP[os]]) {
      it(`takes back what was done where "${failing}" fails, and may be tried again`, async () => {
        const s = new Subject(os);
        s.fail(failing);
        await assert.rejects(s.setup(), { kind: "unavailable", message: `${failing} is broken` });
        const done = s.log.filter((step) => /^(plug|add|PreAdd|Add) /.test(step));
        const undone = s.log.slice(s.log.indexOf(failing) + 1);
        // Each adapter that was asked for, in the guest and on the host, is asked back; nothing else is.
        const asked = (verb: RegExp, name: string) => done.some((step) => verb.test(step) && step.endsWith(name));
        const wanted = ["net1", "eth0"].flatMap((name) => [
          ...(asked(os === "linux" ? /^(add|plug)/ : /^PreAdd/, name) ? [`remove ${name}`] : []),
          ...(asked(/^plug/, name) ? [`unplug ${name}`] : []),
        ]);
        const left = os === "windows" && done.length > 0 ? ["remove namespace"] : [];
        assert.deepEqual(undone, [...wanted, ...left]);
        assert.deepEqual([s.state(), s.network.endpoints], ["not-configured", []]);
        s.mend();
        await s.setup();
        assert.deepEqual([s.log, s.state()], [[...READ, ...UP[os]], "configured"]);
      });
    }

    for (const failing of DOWN[os]) {
      it(`resumes a teardown that failed at "${failing}" with what is left`, async () => {
        const s = await new Subject(os).configured();
        s.fail(failing, new Error("stuck"));
        await assert.rejects(s.network.teardown(), /stuck/);
        assert.equal(s.state(), "invalid");
        const held = s.log.filter((step) => step !== failing);
        s.mend();
        await s.network.teardown();
        assert.equal(s.log[0], failing);
        // Nothing that was given back is asked back twice.
        assert.deepEqual([...held, ...s.log].sort(), [...DOWN[os]].sort());
        assert.equal(s.state(), "torn-down");
      });

      it(`counts what is gone at "${failing}" as given back`, async () => {
        for (const gone of [notFound("none"), unavailable("the bridge has ended")]) {
          const s = await new Subject(os).configured();
          s.fail(failing, gone);
          await s.network.teardown();
          assert.deepEqual([s.log, s.state()], [DOWN[os], "torn-down"]);
        }
      });
    }

    it("says so where the roll-back fails as well, and teardown finishes it", async () => {
      const s = new Subject(os);
      s.fail("plug net1");
      s.fail("unplug eth0", new Error("stuck"));
      await assert.rejects(s.setup(), /plug net1 is broken; its roll-back failed too: stuck/);
      assert.deepEqual([s.state(), s.network.endpoints], ["invalid", ["eth0"]]);
      s.mend();
      await s.network.teardown();
      assert.deepEqual(s.log, os === "linux" ? ["unplug eth0"] : ["unplug eth0", "remove namespace"]);
    });

    it("asks nothing of a VM that is gone", async () => {
      const s = await new Subject(os).configured();
      await s.network.teardown({ vmGone: true });
      assert.deepEqual([s.log, s.state()], [[], "torn-down"]);
    });

    it("bounds each step", async () => {
      const s = new Subject(os);
      s.hang("plug eth0");
      await assert.rejects(s.setup(), { kind: "deadline-exceeded", message: /plugging adapter .* of endpoint eth0/ });
      assert.ok(s.log.includes("unplug eth0"), s.log.join());
      assert.equal(s.state(), "not-configured");
    });

    it("takes endpoints in and out while it is configured", async () => {
      const s = await new Subject(os).configured();
      await s.network.addEndpoints(["more", "ETH0"]);
      const come = os === "linux" ? ["plug more", "add more"] : ["PreAdd more", "plug more", "Add more"];
      assert.deepEqual(s.log, ["read more", ...come]);
      assert.deepEqual(s.network.endpoints, ["eth0", "net1", "more"]);
      s.log.length = 0;
      await s.network.removeEndpoint("EtH0");
      assert.deepEqual(
        [s.log, s.network.endpoints],
        [
          ["remove eth0", "unplug eth0"],
          ["net1", "more"],
        ],
      );
      await assert.rejects(s.network.removeEndpoint("eth0"), { kind: "not-found", message: /has no endpoint eth0/ });
    });

    it("takes one that could not be added back, and it may be added again", async () => {
      const s = await new Subject(os).configured();
      s.fail("plug more", new Error("no"));
      await assert.rejects(s.network.addEndpoints(["more"]), /no/);
      assert.deepEqual(s.network.endpoints, ["eth0", "net1"]);
      s.mend();
      await s.network.addEndpoints(["more"]);
      assert.deepEqual([s.network.endpoints, s.state()], [["eth0", "net1", "more"], "configured"]);
    });

    it("tries one that could not be removed again", async () => {
      const s = await new Subject(os).configured();
      s.fail("unplug eth0", new Error("stuck"));
      await assert.rejects(s.network.removeEndpoint("eth0"), /stuck/);
      assert.deepEqual([s.network.endpoints, s.state()], [["eth0", "net1"], "configured"]);
      s.mend();
      await s.network.removeEndpoint("eth0");
      assert.deepEqual([s.log, s.network.endpoints], [["unplug eth0"], ["net1"]]);
    });

    it("tears down an endpoint that is just being added", async () => {
      const s = await new Subject(os).configured();
      s.hang("plug more");
      const adding = s.network.addEndpoints(["more"]);
      await s.reached("plug more");
      const torn = s.network.teardown();
      s.held.resolve();
      await Promise.allSettled([adding, torn]);
      assert.deepEqual([s.network.endpoints, s.state()], [[], "torn-down"]);
      assert.ok(s.log.indexOf("unplug more") > s.log.indexOf("plug more"), s.log.join());
    });
  });
}

describe("HCN network", () => {
  it("tells a Linux guest of its namespace with each adapter, and of the routing table that is asked for", async () => {
    const s = await new Subject().configured();
    await s.network.teardown();
    const { id, ...rest } = s.settings[0] as { id: string };
    assert.match(id, /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/);
    assert.deepEqual(rest, {
      namespaceId: NS,
      macAddress: "00-15-5D-52-C0-00",
      dnsSuffix: "",
      dnsServerList: "",
      encapOverhead: 0,
      ipConfigs: [],
      routes: [],
      policyBasedRouting: true,
    });
    assert.deepEqual(s.settings[2], { namespaceId: NS });
  });

  it("leaves a guest without namespaces alone", async () => {
    const linux = new Subject("linux", { namespaceAddRequestSupported: false });
    await linux.setup();
    await linux.network.teardown();
    assert.deepEqual(linux.log, [...READ, "plug eth0", "plug net1", "unplug net1", "unplug eth0"]);
    const windows = new Subject("windows", { namespaceAddRequestSupported: false });
    await windows.setup();
    assert.deepEqual(windows.log, [...READ, ...UP.windows.slice(1)]);
  });

  it("touches nothing where the VM takes no adapters", async () => {
    const s = new Subject();
    s.adds = false;
    await assert.rejects(s.setup(), { kind: "failed-precondition", message: /stack hcs adds no network adapters/ });
    assert.deepEqual([s.log, s.state()], [READ, "not-configured"]);
  });
});

describe("HCN namespaces of a VM", () => {
  it("are attached once, each", async () => {
    const s = new Subject();
    await s.namespaces.attach(NS);
    await assert.rejects(s.namespaces.attach(NS.toUpperCase()), {
      kind: "already-exists",
      message: /attached to the vm/,
    });
    await s.namespaces.attach("other", { withEndpoints: false });
    assert.deepEqual(s.namespaces.attached, [NS, "other"]);
  });

  it("are not found where they are not attached", async () => {
    const s = new Subject();
    for (const work of [s.namespaces.addEndpoints(NS, ["more"]), s.namespaces.removeEndpoint(NS, "more")]) {
      await assert.rejects(work, { kind: "not-found", message: /is not attached to the vm/ });
    }
    await s.namespaces.detach(NS);
    assert.deepEqual(s.log, []);
  });

  it("take endpoints one by one", async () => {
    const s = new Subject();
    await s.namespaces.attach(NS, { withEndpoints: false });
    await s.namespaces.addEndpoints(NS, ["more"]);
    await s.namespaces.removeEndpoint(NS, "more");
    await assert.rejects(s.namespaces.removeEndpoint(NS, "more"), {
      kind: "not-found",
      message: /has no endpoint more/,
    });
    assert.deepEqual(s.log.slice(1), ["read more", "plug more", "add more", "remove more", "unplug more"]);
  });

  it("give back the endpoints that are in them, and pass over the others", async () => {
    const s = new Subject();
    await s.namespaces.attach(NS);
    const before = s.log.length;
    await s.namespaces.removeEndpoints(NS, ["nobody", "NET1", "net1", "more"]);
    assert.deepEqual(s.log.slice(before), ["remove net1", "unplug net1"]);
    await s.namespaces.removeEndpoints(NS, ["net1", "eth0"]);
    assert.deepEqual(s.log.slice(before + 2), ["remove eth0", "unplug eth0"]);
    await assert.rejects(s.namespaces.removeEndpoints("6ba7b811-9dad-11d1-80b4-00c04fd430c8", []), {
      kind: "not-found",
    });
  });

  it("may be attached again where that failed, and after a detach", async () => {
    const s = new Subject();
    s.fail("plug eth0");
    await assert.rejects(s.namespaces.attach(NS));
    assert.deepEqual(s.namespaces.attached, []);
    s.mend();
    await s.namespaces.attach(NS);
    await s.namespaces.detach(NS);
    await s.namespaces.attach(NS);
    assert.deepEqual(s.namespaces.attached, [NS]);
  });

  it("stay attached where they could not be rolled back, until a detach finishes it", async () => {
    const s = new Subject();
    s.fail("add eth0");
    s.fail("unplug eth0", new Error("stuck"));
    await assert.rejects(s.namespaces.attach(NS), /roll-back failed too/);
    assert.deepEqual(s.namespaces.attached, [NS]);
    await assert.rejects(s.namespaces.detach(NS), /stuck/);
    s.mend();
    await s.namespaces.detach(NS);
    assert.deepEqual([s.namespaces.attached, s.log], [[], ["unplug eth0"]]);
  });

  it("are all detached, past a failure", async () => {
    const s = new Subject("windows");
    await s.namespaces.attach(NS);
    await s.namespaces.attach("other", { withEndpoints: false });
    s.fail("unplug eth0", new Error("stuck"));
    await assert.rejects(s.namespaces.detachAll(), /stuck/);
    assert.deepEqual(s.namespaces.attached, [NS]);
    await s.namespaces.detachAll({ vmGone: true });
    assert.deepEqual(s.namespaces.attached, []);
  });
});

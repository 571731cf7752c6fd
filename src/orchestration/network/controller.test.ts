import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stateTableSuite, wrongStateSuite } from "../../../test/compliance/state-suite.ts";
import { isKind, notFound, unavailable } from "../../errors/shim-error.ts";
import type { HostLink } from "../../vmmanager/host-network/host-link.ts";
import { type Deferred, deferred } from "../deadline.ts";
import { NetworkController } from "./controller.ts";
import type { NetworkPorts, NetworkVm } from "./ports.ts";
import { networkStates } from "./state.ts";

const NS = "/run/netns/cni-1";
const link = (index: number, name: string): HostLink => ({
  index,
  name,
  macAddress: `02:00:00:00:00:0${index}`,
  mtu: 1450,
  addresses: [{ address: `10.0.${index}.2`, prefixLength: 24 }],
  routes: [{ destination: "0.0.0.0/0", nextHop: `10.0.${index}.1`, metric: 70_000, source: `10.0.${index}.2` }],
});

/** A host and a VM of which each step can be told to fail or to hang. */
class Subject {
  readonly log: string[] = [];
  readonly faults: Record<string, () => Promise<unknown>> = {};
  readonly held: Deferred<void> = deferred();
  readonly settings: object[] = [];
  links = [link(2, "eth0"), link(3, "net1")];
  adds = true;
  readonly network: NetworkController;
  readonly #vm: NetworkVm;

  constructor() {
    const step = async (name: string): Promise<void> => {
      this.log.push(name);
      await this.faults[name]?.();
    };
    const ports: NetworkPorts = {
      identify: (path) => (path === "/proc/7/ns/net" ? NS : path),
      links: async (namespace) => {
        await step(`links ${namespace}`);
        return this.links;
      },
      joinTap: async (_, { name, index }) => {
        await step(`join ${name}`);
        return 100 + index;
      },
      leaveTap: (_, { name }) => step(`leave ${name}`),
    };
    this.#vm = {
      uvm: {
        stack: "qemu",
        supported: () => this.adds,
        addNetworkAdapter: ({ id, backend }) => step(`plug ${id} ${backend.kind === "tap" ? backend.fd : ""}`),
        removeNetworkAdapter: (id) => step(`unplug ${id}`),
      },
      guest: {
        addNetworkInterface: async (settings) => {
          this.settings.push(settings);
          await step(`add ${settings.id}`);
        },
        removeNetworkInterface: ({ id }) => step(`remove ${id}`),
      },
    };
    this.network = new NetworkController("Pod1", ports, { host: 200, uvm: 200, guest: 200 });
  }

  setup(namespace = NS): Promise<void> {
    return this.network.setup(this.#vm, namespace);
  }

  async configured(): Promise<this> {
    await this.setup();
    this.log.length = 0;
    return this;
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
    for (const step of Object.keys(this.faults)) delete this.faults[step];
    await this.network.teardown();
  }
}

const up = ["join eth0", "plug nic2 102", "add nic2", "join net1", "plug nic3 103", "add nic3"];
const down = ["remove nic3", "unplug nic3", "leave net1", "remove nic2", "unplug nic2", "leave eth0"];

stateTableSuite(networkStates);

wrongStateSuite(
  networkStates,
  {
    "not-configured": async () => new Subject(),
    configuring: () => {
      const s = new Subject();
      s.hang("join eth0");
      s.setup().catch(() => {});
      return s.reached("join eth0");
    },
    configured: () => new Subject().configured(),
    invalid: () => invalid(),
    "tearing-down": async () => {
      const s = await new Subject().configured();
      s.hang("remove nic3");
      s.network.teardown().catch(() => {});
      return s.reached("remove nic3");
    },
    "torn-down": async () => {
      const s = await new Subject().configured();
      await s.network.teardown();
      return s;
    },
  },
  { setup: (s) => s.setup() },
);

async function invalid(): Promise<Subject> {
  const s = await new Subject().configured();
  s.faults["leave eth0"] = () => Promise.reject(new Error("busy"));
  await assert.rejects(s.network.teardown(), /tap of link eth0 of \/run\/netns\/cni-1: busy/);
  return s;
}

describe("network controller", () => {
  it("brings each link: tap, adapter, interface; and takes all away in reverse", async () => {
    const s = new Subject();
    await s.setup();
    assert.deepEqual(s.log, [`links ${NS}`, ...up]);
    assert.deepEqual(s.settings[0], {
      namespaceId: "pod1",
      id: "nic2",
      macAddress: "02:00:00:00:00:02",
      interfaceName: "eth0",
      mtu: 1450,
      ipConfigs: [{ ipAddress: "10.0.2.2", prefixLength: 24 }],
      routes: [{ destinationPrefix: "0.0.0.0/0", nextHop: "10.0.2.1", source: "10.0.2.2", metric: 65_535 }],
    });
    s.log.length = 0;
    await s.network.teardown();
    assert.deepEqual(s.log, down);
    await s.network.teardown();
    assert.deepEqual([s.log.length, s.state()], [down.length, "torn-down"]);
  });

  it("is set up once for all containers that ask, and for one namespace", async () => {
    const s = new Subject();
    await Promise.all([s.setup(), s.setup()]);
    await s.setup("/proc/7/ns/net");
    assert.deepEqual(s.log, [`links ${NS}`, ...up]);
    await assert.rejects(s.setup("/run/netns/other"), (e) => isKind(e, "invalid-argument") && /share one/.test(`${e}`));
  });

  it("is fine with a namespace that has only loopback", async () => {
    const s = new Subject();
    s.links = [];
    await s.setup();
    assert.deepEqual([s.log, s.state()], [[`links ${NS}`], "configured"]);
  });

  for (const [failing, ...undone] of [
    [`links ${NS}`],
    ["join eth0", "leave eth0"],
    ["plug nic2 102", "unplug nic2", "leave eth0"],
    ["add nic2", "remove nic2", "unplug nic2", "leave eth0"],
    ["join net1", "leave net1", "remove nic2", "unplug nic2", "leave eth0"],
    ["add nic3", ...down],
  ] as const) {
    it(`takes back all that was done where "${failing}" fails, and may be tried again`, async () => {
      const s = new Subject();
      s.faults[failing] = () => Promise.reject(unavailable("broken"));
      // What never came to be is already gone.
      for (const step of undone) s.faults[step] ??= () => Promise.reject(notFound("none"));
      await assert.rejects(s.setup(), { message: "broken", kind: "unavailable" });
      assert.deepEqual(s.log.slice(s.log.indexOf(failing) + 1), undone);
      assert.equal(s.state(), "not-configured");
      delete s.faults[failing];
      await s.setup();
      assert.equal(s.state(), "configured");
    });
  }

  it("touches nothing where the VM takes no adapters", async () => {
    const s = new Subject();
    s.adds = false;
    await assert.rejects(
      s.setup(),
      (e) => isKind(e, "failed-precondition") && /stack qemu adds no network/.test(`${e}`),
    );
    assert.deepEqual([s.log, s.state()], [[`links ${NS}`], "not-configured"]);
  });

  it("bounds each step", async () => {
    const s = new Subject();
    s.hang("plug nic2 102");
    await assert.rejects(s.setup(), (e) => isKind(e, "deadline-exceeded") && /plugging link eth0/.test(`${e}`));
    assert.deepEqual(s.log.slice(-2), ["unplug nic2", "leave eth0"]);
  });

  it("says so where the roll-back fails as well, and teardown finishes it", async () => {
    const s = new Subject();
    s.faults["add nic2"] = () => Promise.reject(new Error("no link"));
    s.faults["unplug nic2"] = () => Promise.reject(new Error("stuck"));
    await assert.rejects(s.setup(), /no link; its roll-back failed too: .*stuck/);
    assert.equal(s.state(), "invalid");
    s.log.length = 0;
    delete s.faults["unplug nic2"];
    await s.network.teardown();
    assert.deepEqual([s.log, s.state()], [["unplug nic2"], "torn-down"]);
  });

  it("resumes a teardown with what is left", async () => {
    const s = await invalid();
    s.log.length = 0;
    delete s.faults["leave eth0"];
    await s.network.teardown();
    assert.deepEqual([s.log, s.state()], [["leave eth0"], "torn-down"]);
  });

  it("asks nothing of a VM that is gone, and counts a namespace that CNI has removed as given back", async () => {
    const s = await new Subject().configured();
    for (const name of ["eth0", "net1"]) s.faults[`leave ${name}`] = () => Promise.reject(notFound("no namespace"));
    await s.network.teardown({ vmGone: true });
    assert.deepEqual([s.log, s.state()], [["leave net1", "leave eth0"], "torn-down"]);
  });

  it("is torn down after a set-up under way", async () => {
    const s = new Subject();
    s.hang("plug nic2 102");
    const setup = s.setup();
    await s.reached("plug nic2 102");
    const torn = s.network.teardown({ vmGone: true });
    s.held.reject(unavailable("the VM has ended"));
    await assert.rejects(setup, /has ended/);
    await torn;
    assert.deepEqual([s.log.slice(-1), s.state()], [["leave eth0"], "torn-down"]);
  });
});

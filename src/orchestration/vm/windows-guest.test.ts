import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unavailable } from "../../errors/shim-error.ts";
import type { PodGuest } from "../../guestmanager/create-guest.ts";
import type { ConnectOptions } from "../../guestmanager/guest.ts";
import { UTC_TIME_ZONE } from "../../guestmanager/time-zone.ts";
import { WINDOWS_GCS_HOST_ID } from "../../prot/hvsocket.ts";
import type { UtilityVM, WindowsUvm } from "../../vmmanager/uvm.ts";
import { VmController } from "./controller.ts";

const settings: WindowsUvm = {
  ...{ runtimeId: "id-1", processors: 2, dumpLocation: "", scaleLimit: false, inheritTimezone: true },
  logs: { sources: "c291cmNlcw==" },
};

/** A VM with a Windows guest; what is asked of both is in `log`, and what `broken` names fails. */
async function boot(
  given: Partial<WindowsUvm>,
  more: { policy?: boolean; broken?: string; forwards?: boolean; silent?: boolean } = {},
) {
  const { policy = false, broken, forwards = true, silent = false } = more;
  const { logs, ...without } = { ...settings, ...given };
  const log: string[] = [];
  let connected: ConnectOptions | undefined;
  const step = async (what: string): Promise<void> => {
    log.push(what);
    if (what === broken) throw unavailable(`${what} broke`);
  };
  const never = new Promise<never>(() => {});
  const policyOf = { enforcer: "rego", policy: "cA==", reference: "", hashEnvelope: "" };
  const uvm = {
    ...{ windowsGuest: silent ? without : { ...without, logs }, start: () => step("start"), terminate: async () => {} },
    ...{ wait: () => never, close: async () => {}, ...(policy && { securityPolicy: policyOf }) },
  } as unknown as UtilityVM;
  const guest = {
    ...{ prepareConnection() {}, closeConnection() {}, disconnected: never },
    createConnection: async (options: ConnectOptions) => {
      connected = options;
      log.push("connect");
    },
    addSecurityPolicy: () => step("policy"),
    windows: {
      capabilities: () => ({ logForwardingSupported: forwards }),
      updateHvSocketAddress: (address: object) => step(`address ${Object.values(address).join(" ")}`),
      setLogSources: (sources: string) => step(`sources ${sources}`),
      startLogForwarding: () => step("forward"),
    },
  } as unknown as PodGuest;
  const ports = {
    createUvm: async () => uvm,
    createGuest: () => guest,
    warn: (message: string) => log.push(`warn ${message}`),
  };
  const vm = new VmController({ id: "v1", stateDirectory: "/nowhere" }, ports);
  await vm.create();
  await vm.start();
  return { log, connected };
}

const address = `address id-1 ${WINDOWS_GCS_HOST_ID}`;

describe("the vm of a Windows guest", () => {
  it("tells it its address first, then its policy, and has its logs forwarded", async () => {
    const { log, connected } = await boot({}, { policy: true });
    assert.deepEqual(log, ["start", "connect", address, "policy", "sources c291cmNlcw==", "forward"]);
    assert.equal(connected?.initialState, undefined);
  });

  it("asks for no logs that nobody wants or that it can't forward, nor for sources that are not named", async () => {
    assert.deepEqual((await boot({ logs: { sources: "" } })).log.slice(3), ["forward"]);
    assert.deepEqual((await boot({}, { forwards: false })).log.slice(3), []);
    assert.deepEqual((await boot({}, { silent: true })).log.slice(3), []);
  });

  it("runs without its logs, unless it is confidential; never without its address", async () => {
    const { log } = await boot({}, { broken: "forward" });
    assert.match(log.at(-1) ?? "", /^warn .*logs stay there/);
    await assert.rejects(boot({}, { broken: "forward", policy: true }), /forward broke/);
    await assert.rejects(boot({}, { broken: address }), /address .* broke/);
  });

  it("tells one that shall not follow its host's time zone that it is UTC", async () => {
    const { connected } = await boot({ inheritTimezone: false });
    assert.deepEqual(connected?.initialState, { timeZone: UTC_TIME_ZONE });
  });
});

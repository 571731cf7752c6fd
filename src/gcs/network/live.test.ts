import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { runtime } from "#runtime";
import { isKind } from "../../errors/shim-error.ts";
import { runProgram } from "../run-program.ts";
import { readAll } from "../stdio/read-all.ts";
import { GuestNetwork } from "./guest-network.ts";
import { linkByMac } from "./links.ts";

const MAC = "02:67:63:73:00:01";

/** Why the kernel can't be asked here; undefined where it can. */
async function notLive(): Promise<string | false> {
  if (process.getuid?.() !== 0) return "wants root: it makes links and network namespaces";
  try {
    await runProgram(["ip", "link", "add", "gcs-probe0", "type", "veth", "peer", "name", "gcs-probe1"]);
    await runProgram(["ip", "link", "del", "gcs-probe0"]);
    return false;
  } catch (error) {
    return `wants iproute2 and a kernel with veth: ${error}`;
  }
}

async function output(...argv: string[]): Promise<string> {
  const child = runtime.spawn(argv, { stdio: ["null", "pipe", "null"] });
  const text = child.pipes[1] === undefined ? "" : await readAll(child.pipes[1], 1 << 20);
  await child.exited;
  return text;
}

describe("an adapter in a real network namespace", { skip: await notLive() }, () => {
  const namespace = `gcs-test-${process.pid}`;
  const settings = {
    NamespaceID: namespace,
    ID: "nic",
    MacAddress: MAC.toUpperCase().replaceAll(":", "-"),
    MTU: 1450,
    IPConfigs: [
      { IPAddress: "10.99.0.2", PrefixLength: 32 },
      { IPAddress: "fd99::2", PrefixLength: 64 },
    ],
    Routes: [
      { NextHop: "10.99.1.1", DestinationPrefix: "0.0.0.0/0", Metric: 9 },
      { DestinationPrefix: "10.98.0.0/16" },
      { NextHop: "fd99::1", DestinationPrefix: "::/0" },
    ],
    Neighbors: [{ IPAddress: "10.99.1.1", MacAddress: "02:00:00:00:00:09" }],
    PolicyBasedRouting: false,
  };
  const inside = (...argv: string[]) => output("ip", "-n", namespace, ...argv);

  async function withLink(test: () => Promise<void>): Promise<void> {
    const peer = ["peer", "name", "gcs-test1"];
    await runProgram(["ip", "link", "add", "gcs-test0", "address", MAC, "type", "veth", ...peer]);
    try {
      await test();
    } finally {
      await runProgram(["ip", "link", "del", "gcs-test1"]);
    }
  }

  it("is found by its MAC address, moved, set up, taken out again", () =>
    withLink(async () => {
      const network = new GuestNetwork(linkByMac, runProgram);
      await network.add(settings);
      assert.equal(await network.join(namespace, "c1"), `/run/netns/${namespace}`);
      const addresses = await inside("addr", "show", "dev", "eth0");
      assert.match(addresses, /mtu 1450 [\s\S]*inet 10\.99\.0\.2\/32[\s\S]*inet6 fd99::2\/64/);
      assert.match(await inside("addr", "show", "dev", "lo"), /LOOPBACK,UP/);
      const routes = await inside("route", "show");
      assert.match(routes, /^default via 10\.99\.1\.1 dev eth0 metric 9/m);
      assert.match(routes, /^10\.99\.1\.1 dev eth0/m);
      assert.match(routes, /^10\.98\.0\.0\/16 dev eth0/m);
      assert.match(await inside("-6", "route", "show"), /^default via fd99::1 dev eth0/m);
      assert.match(await inside("neigh", "show"), /^10\.99\.1\.1 dev eth0 lladdr 02:00:00:00:00:09 PERMANENT/m);
      await network.remove(settings);
      assert.match(await output("ip", "link", "show", "dev", "gcs-test0"), new RegExp(MAC));
      assert.equal(existsSync(`/run/netns/${namespace}`), true);
      await network.leave(namespace, "c1");
      assert.equal(existsSync(`/run/netns/${namespace}`), false);
    }));

  it("has its rules for both families with policy-based routing", () =>
    withLink(async () => {
      const network = new GuestNetwork(linkByMac, runProgram);
      const routes = [{ NextHop: "10.99.1.1", DestinationPrefix: "0.0.0.0/0" }];
      await network.add({ ...settings, PolicyBasedRouting: true, EnableLowMetric: true, Routes: routes });
      assert.match(await inside("rule", "show"), /from 10\.99\.0\.2 lookup 101/);
      assert.match(await inside("-6", "rule", "show"), /from fd99::2 lookup 101/);
      assert.match(await inside("route", "show", "table", "101"), /default via 10\.99\.1\.1 dev eth0 metric 500/);
      await network.remove(settings);
    }));

  it("fails with what ip says, and leaves neither a namespace nor a moved link", () =>
    withLink(async () => {
      const network = new GuestNetwork(linkByMac, runProgram);
      const routes = [{ NextHop: "fd98::1", DestinationPrefix: "10.0.0.0/8" }];
      await assert.rejects(network.add({ ...settings, Routes: routes }), /ip -n .* exited with \d+: ./);
      assert.equal(existsSync(`/run/netns/${namespace}`), false);
      assert.match(await output("ip", "link", "show", "dev", "gcs-test0"), new RegExp(MAC));
      await network.add(settings);
      await network.remove(settings);
    }));

  it("fails with the adapter's name where no link has its MAC address", async () => {
    const network = new GuestNetwork((adapter) => linkByMac(adapter, { withinMs: 20 }), runProgram);
    await assert.rejects(
      network.add({ ...settings, MacAddress: "02:67:63:73:00:ff" }),
      (error: Error) => isKind(error, "not-found") && /adapter "nic": no link has MAC/.test(error.message),
    );
  });
});

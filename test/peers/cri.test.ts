import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { Machine } from "../harness/machine.ts";
import { until } from "../harness/until.ts";
import { Cri, criMachine, criNamespace } from "./cri.ts";

/** A page on every address of the pod. */
const server = "mkdir /www; echo from-the-server >/www/page; echo up; exec busybox httpd -f -p 80 -h /www";
/** The same on loopback alone. */
const neighbour = "mkdir /www; echo from-the-neighbour >/www/page; exec busybox httpd -f -p 127.0.0.1:7000 -h /www";
const fetch = (host: string): string[] => ["/bin/busybox", "wget", "-q", "-O", "-", `http://${host}/page`];

/** One pid namespace in a pod and one /dev/shm; who has a pid namespace of its own sees nobody else. */
const leave = "hostname; cat /etc/hostname; cat /proc/sys/net/core/somaxconn; echo left >/dev/shm/mark";
const look = "cat /dev/shm/mark; ps | grep -q '[h]ttpd -f -p 80' && echo seen || echo unseen";

const modes = [
  ["local", "podsandbox"],
  ["local", "shim"],
  ["qemu", "podsandbox"],
  ["qemu", "shim"],
] as const;

for (const [stack, sandboxer] of modes) {
  describe(`CRI of containerd 2.x, stack ${stack}, sandboxes by ${sandboxer}`, () => {
    let machine: Machine;
    let cri: Cri;

    before(async () => {
      machine = await Machine.start(criMachine(stack, sandboxer));
      cri = await Cri.on(machine);
      mkdirSync(machine.file("logs"));
    });
    after(() => machine?.close());

    it("runs a pod of three containers that share localhost, and leaves nothing of it", async () => {
      const empty = machine.traces.inventory();
      const pod = await cri.runPod("web", { "net.core.somaxconn": "777" });
      const [address = "", address6 = ""] = await cri.podAddresses(pod);
      assert.match(address, /^10\.214\.7\.\d+$/);
      assert.match(address6, /^fd14:7::/);
      const web = await cri.runContainer(pod, "server", ["sh", "-c", server]);
      const next = await cri.runContainer(pod, "neighbour", ["sh", "-c", neighbour], "CONTAINER");
      const client = await cri.runContainer(pod, "client", ["sleep", "1000"]);

      // One shim for the pod, one VM in it.
      const daemons = machine.traces.processes().filter(({ title }) => title.includes(machine.runtime.binary));
      assert.equal(daemons.length, 1, daemons.map(({ title }) => title).join("\n"));
      const vms = machine.traces.processes().filter(({ title }) => /^\S*qemu-system/.test(title));
      assert.equal(vms.length, stack === "qemu" ? 1 : 0);

      // As few execs as can be: under emulation each takes a second or two.
      const both = `${fetch("127.0.0.1").join(" ")} && ${fetch("127.0.0.1:7000").join(" ")}`;
      const pages = await until("the server and its neighbour answer on localhost", async () => {
        const { code, stdout } = await cri.exec(client, ["sh", "-c", both]);
        return code === 0 ? stdout : undefined;
      });
      assert.equal(pages, "from-the-server\nfrom-the-neighbour\n");
      const fetched = await cri.inside(fetch(address));
      assert.equal(fetched.stdout, "from-the-server\n", fetched.stderr);
      // The bridge looks for duplicates of its own address for a second or two.
      const ping = ["/bin/busybox", "ping", "-6", "-c", "1", "-W", "1", address6];
      await until("the pod is reached by IPv6", async () => (await cri.inside(ping)).code === 0);
      const seen = (await cri.exec(client, ["sh", "-c", "ip addr; ip route; cat /etc/resolv.conf"])).stdout;
      assert.match(seen, /eth0.* mtu 1420/);
      assert.ok(seen.includes(`inet ${address}/24`) && seen.includes(`inet6 ${address6}/64`), seen);
      assert.match(seen, /^default via 10\.214\.7\.1 dev eth0/m);
      assert.match(seen, /nameserver 10\.214\.7\.1/);

      assert.equal((await cri.exec(web, ["sh", "-c", leave])).stdout, "web\nweb\n777\n");
      assert.equal((await cri.exec(client, ["sh", "-c", look])).stdout, "left\nseen\n");
      assert.equal((await cri.exec(next, ["sh", "-c", look])).stdout, "left\nunseen\n");

      const { code, stdout, stderr } = await cri.exec(client, ["sh", "-c", "cat; echo err >&2; exit 5"], "in\n");
      assert.deepEqual({ code, stdout, stderr }, { code: 5, stdout: "in\n", stderr: "err\n" });
      assert.equal(cri.log("server"), "up\n");
      const { stats } = await cri.call<Stats>("ContainerStats", { containerId: web });
      assert.ok(Number(stats.memory.workingSetBytes.value) > 0);
      assert.ok(Number(stats.cpu.usageCoreNanoSeconds.value) > 0);
      const { stats: pods } = await cri.call<{ stats: { linux: Stats["stats"] }[] }>("ListPodSandboxStats");
      assert.equal(pods.length, 1);
      assert.ok(Number(pods[0]?.linux.memory.workingSetBytes.value) > 0);
      assert.ok(Number(pods[0]?.linux.cpu.usageCoreNanoSeconds.value) > 0);

      await machine.containerd.stop();
      await machine.containerd.start();
      await until("the pod is ready again", async () => (await cri.podState(pod)) === "SANDBOX_READY");
      assert.equal((await cri.containerStatus(web)).state, "CONTAINER_RUNNING");

      await cri.call("StopContainer", { containerId: client, timeout: 0 });
      assert.equal((await cri.containerStatus(client)).state, "CONTAINER_EXITED");
      await cri.call("RemoveContainer", { containerId: client });
      assert.equal((await cri.exec(web, fetch("127.0.0.1"))).stdout, "from-the-server\n");

      await cri.stopPod(pod);
      assert.equal((await cri.containerStatus(web)).state, "CONTAINER_EXITED");
      assert.equal(await cri.podState(pod), "SANDBOX_NOTREADY");
      await cri.removePod(pod);
      await nothingLeft(empty);
    });

    // In a VM all dies with the daemon, which test/integration sees without CRI.
    if (stack === "local") {
      it("stops and removes a pod whose shim's daemon was killed, and leaves nothing of it", async () => {
        const empty = machine.traces.inventory();
        const pod = await cri.runPod("orphan");
        // Of one pid namespace: none of them is gone before all are reaped, by a host's init that may take its time.
        for (const name of ["first", "second"]) await cri.runContainer(pod, name, ["sleep", "1000"]);
        process.kill(machine.daemonOf(pod).pid, "SIGKILL");
        await until("it is stopped", () => cri.succeeds("StopPodSandbox", { podSandboxId: pod }));
        await until("it is removed", () => cri.succeeds("RemovePodSandbox", { podSandboxId: pod }));
        await cri.removePod(pod);
        await nothingLeft(empty);
        assert.doesNotMatch(machine.containerd.log(), /warnings while cleaning up dead shim/);
      });
    }

    async function nothingLeft(empty: ReturnType<Machine["traces"]["inventory"]>): Promise<void> {
      // What belongs to the whole of CRI, not to a pod, comes with the first and stays: sockets between containerd's parts.
      await machine.traces.assertNoLeaks({ ...empty, descriptors: machine.traces.inventory().descriptors });
      const bundles = readdirSync(machine.file(`state/io.containerd.runtime.v2.task/${criNamespace}`));
      const leases = readdirSync(machine.file("ipam/pods")).filter((name) => /^(10\.|fd14)/.test(name));
      const ports = (await cri.inside(["ip", "-o", "link", "show", "master", "pods0"])).stdout;
      const namespaces = readdirSync(machine.file("state/io.containerd.grpc.v1.cri/netns"));
      assert.deepEqual({ bundles, leases, ports, namespaces }, { bundles: [], leases: [], ports: "", namespaces: [] });
    }
  });
}

interface Stats {
  readonly stats: {
    readonly cpu: { readonly usageCoreNanoSeconds: { readonly value: string } };
    readonly memory: { readonly workingSetBytes: { readonly value: string } };
  };
}

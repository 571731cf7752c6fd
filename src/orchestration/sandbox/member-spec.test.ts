import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Spec, SpecNamespace } from "../../oci/spec.ts";
import { POD_NAMESPACE } from "../../prot/resources/pod.ts";
import { memberSpec, type SharedNamespaces } from "./member-spec.ts";

const spec = (...namespaces: SpecNamespace[]): Spec => ({
  ociVersion: "1.1.0",
  linux: { cgroupsPath: "/c", namespaces },
});
const host: SharedNamespaces = { network: "host", sysctls: {} };
const netns: SharedNamespaces = {
  network: { path: "/run/netns/n1" },
  sysctls: { "net.ipv4.ip_forward": "1", "kernel.shmmax": "4096", "fs.mqueue.msg_max": "9", "kernel.panic": "1" },
};
const at = (type: string): SpecNamespace => ({ type, path: `/proc/7/ns/${type}` });
const namespacesOf = (member: Spec) => member.linux?.namespaces;

describe("a member of a sandbox", () => {
  it("shares with its pod what has a path, and nothing else", () => {
    const given = [{ type: "mount" }, at("ipc"), { type: "uts" }, at("pid"), { type: "cgroup" }];
    assert.deepEqual(namespacesOf(memberSpec(spec(...given), host)), [
      { type: "mount" },
      { type: "ipc", path: POD_NAMESPACE },
      { type: "uts" },
      { type: "pid", path: POD_NAMESPACE },
      { type: "cgroup" },
    ]);
  });

  it("leaves alone what is none of the pod's", () => {
    assert.deepEqual(namespacesOf(memberSpec(spec(at("user")), host)), [at("user")]);
  });

  for (const [what, given] of [
    ["names the sandbox's process", [at("network")]],
    ["names none", []],
  ] as const) {
    it(`is in the pod's network where its spec ${what}`, () => {
      const joined = [{ type: "network", path: "/run/netns/n1" }];
      assert.deepEqual(namespacesOf(memberSpec(spec(...given), netns)), joined);
      assert.deepEqual(namespacesOf(memberSpec(spec(...given), host)), []);
      assert.deepEqual(namespacesOf(memberSpec(spec(...given), { ...host, network: "none" })), [{ type: "network" }]);
    });
  }

  it("has a network of its own where it asks for one", () => {
    for (const shared of [host, netns]) {
      assert.deepEqual(namespacesOf(memberSpec(spec({ type: "network" }), shared)), [{ type: "network" }]);
    }
  });

  it("gets the sandbox's sysctls of the namespaces that it shares, its own before them", () => {
    const sysctl = (...given: SpecNamespace[]) => memberSpec(spec(...given), netns).linux?.sysctl;
    const ofNetwork = { "net.ipv4.ip_forward": "1" };
    const ofIpc = { "kernel.shmmax": "4096", "fs.mqueue.msg_max": "9" };
    assert.deepEqual(sysctl({ type: "ipc" }), ofNetwork);
    assert.deepEqual(sysctl(at("ipc")), { ...ofNetwork, ...ofIpc });
    assert.equal(sysctl({ type: "network" }), undefined);
    const own = { ...spec(at("ipc")), linux: { namespaces: [at("ipc")], sysctl: { "kernel.shmmax": "1" } } };
    assert.deepEqual(memberSpec(own, netns).linux?.sysctl, { ...ofNetwork, ...ofIpc, "kernel.shmmax": "1" });
  });

  it("keeps the rest of its spec, of which there may be little", () => {
    const member = memberSpec({ ociVersion: "1.1.0", hostname: "h" }, host);
    assert.deepEqual(member, { ociVersion: "1.1.0", hostname: "h", linux: { namespaces: [] } });
    assert.equal(memberSpec(spec(), host).linux?.cgroupsPath, "/c");
  });
});

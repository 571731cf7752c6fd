import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { isKind } from "../../errors/shim-error.ts";
import { PodFiles } from "./pod-files.ts";

const network = {
  dns: (id: string) =>
    id === "ns-1"
      ? { searches: ["a.test"], servers: ["10.0.0.53"], address: "10.0.0.2" }
      : { searches: [], servers: [], address: "10.0.0.3" },
};

describe("pod files", () => {
  let directory = "";
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "gcs-pod-files-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const settings = (ociSpecification: Record<string, unknown>) => ({
    ociBundlePath: join(directory, "bundle"),
    scratchDirPath: "",
    ociSpecification,
  });
  const sandbox = {
    hostname: "pod",
    annotations: { "io.kubernetes.cri.container-type": "sandbox" },
    windows: { network: { networkNamespace: "ns-1" } },
  };
  const workload = {
    annotations: { "io.kubernetes.cri.container-type": "container", "io.kubernetes.cri.sandbox-id": "s1" },
  };
  const destinations = (prepared: { ociSpecification: Readonly<Record<string, unknown>> }) =>
    (prepared.ociSpecification.mounts as { destination: string; source: string }[]).map((mount) => mount.destination);

  it("are written for the sandbox and bound into its containers", async () => {
    const files = new PodFiles(network);
    const first = await files.prepare("s1", settings(sandbox));
    assert.deepEqual(destinations(first), ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"]);
    assert.equal(await readFile(join(directory, "bundle/hostname"), "utf8"), "pod\n");
    assert.equal(
      await readFile(join(directory, "bundle/resolv.conf"), "utf8"),
      "search a.test\nnameserver 10.0.0.53\n",
    );
    assert.match(await readFile(join(directory, "bundle/hosts"), "utf8"), /10\.0\.0\.2\tpod/);
    const second = await files.prepare("c1", settings(workload));
    const [mount] = second.ociSpecification.mounts as { source: string }[];
    assert.equal(mount?.source, join(directory, "bundle/hostname"));
  });

  it("are brought by the host for a pod without a sandbox container, those that it has", async () => {
    const files = new PodFiles(network);
    const own = join(directory, "pod");
    await files.add("s1", own, { hostname: "web", hosts: "", "resolv.conf": "nameserver 10.0.0.53\n" });
    assert.deepEqual(destinations(await files.prepare("c1", settings(workload))), [
      "/etc/hostname",
      "/etc/resolv.conf",
    ]);
    assert.equal(await readFile(join(own, "hostname"), "utf8"), "web\n");
    const bad = files.add("s1", own, { hostname: "a b", hosts: "", "resolv.conf": "" });
    await assert.rejects(bad, (error) => isKind(error, "invalid-argument"));
  });

  it("leave alone what the specification mounts itself", async () => {
    const own = { ...sandbox, mounts: [{ destination: "/etc/hosts", source: "/mine" }] };
    const prepared = await new PodFiles(network).prepare("s1", settings(own));
    assert.deepEqual(destinations(prepared), ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"]);
  });

  for (const [what, specification] of [
    ["a sandbox in a network without DNS servers", { ...sandbox, windows: { network: { networkNamespace: "ns-2" } } }],
    ["a workload of such a sandbox", workload],
    ["a container without a pod", { hostname: "x", mounts: [] }],
  ] as const) {
    it(`are none of the guest's for ${what}`, async () => {
      const given = settings(specification);
      assert.equal(await new PodFiles(network).prepare("c1", given), given);
    });
  }

  for (const [what, specification, kind] of [
    ["a host name that is none", { ...sandbox, hostname: "a b" }, "invalid-argument"],
    ["a host name beyond a double", { ...sandbox, hostname: 2n ** 64n }, "invalid-argument"],
    ["a role beyond a double", { annotations: { "io.kubernetes.cri.container-type": 2n ** 64n } }, "invalid-argument"],
    ["a role that is unknown", { annotations: { "io.kubernetes.cri.container-type": "x" } }, "invalid-argument"],
  ] as const) {
    it(`refuse ${what}`, async () => {
      await assert.rejects(new PodFiles(network).prepare("c1", settings(specification)), (error) =>
        isKind(error, kind),
      );
    });
  }
});

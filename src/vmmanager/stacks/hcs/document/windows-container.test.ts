import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ContainerCase, containerBase, windowsContainers } from "../../../../../test/golden/hcs/containers.ts";
import { isKind, ShimError } from "../../../../errors/shim-error.ts";
import { stringifyJson } from "../../../../oci/json.ts";
import { AnnotationReader } from "../../../options/annotation-reader.ts";
import { readWindowsContainer } from "../../../options/windows-container.ts";
import { windowsResources } from "../../../options/windows-resources.ts";
import { computeSystem } from "../schema/compute-system.ts";
import { container } from "../schema/container.ts";
import { containerSystem, type WindowsContainerParts, windowsContainer } from "./windows-container.ts";

const bare: WindowsContainerParts = {
  ...{ hostName: "", rootPath: "C:\\c\\root", layers: [{ id: "layer-1", path: "C:\\layers\\1" }] },
  ...{ mappedDirectories: [], mappedPipes: [], devices: [] },
};
const VOLUME = "\\\\?\\Volume{a1b2c3d4-0000-1111-2222-333344445555}";

function optionsOf(given: Partial<ContainerCase>, warn: (message: string) => void = assert.fail) {
  return readWindowsContainer({
    ...{ id: "c1", hostProcessors: 8, vmProcessors: given.vmProcessors ?? 4 },
    read: new AnnotationReader(given.annotations ?? {}, warn),
    resources: windowsResources({ windows: given.windows }),
    scaleLimit: given.scaleLimit ?? false,
    vmDumpLocation: given.vmDumpLocation ?? "",
  });
}

function json(parts: Partial<WindowsContainerParts>, where: "host" | "vm", given: Partial<ContainerCase> = {}) {
  const made = windowsContainer(optionsOf(given), { ...bare, ...parts }, where);
  return JSON.parse(stringifyJson(container.encode(made))) as Record<string, unknown>;
}

describe("golden documents of WCOW containers: options", () => {
  for (const given of windowsContainers) {
    it(given.shows, () => {
      const warnings: string[] = [];
      const make = () =>
        windowsContainer(
          optionsOf(given, (message) => warnings.push(message)),
          bare,
          "vm",
        );
      if (given.refuses !== undefined) {
        const [kind, message] = given.refuses;
        assert.throws(make, (error) => isKind(error, kind) && message.test(ShimError.from(error).message));
        return;
      }
      const made = JSON.parse(stringifyJson(container.encode(make())));
      assert.deepEqual(made, { ...containerBase, ...given.gives });
      assert.equal(warnings.length, given.warns === undefined ? 0 : 1, warnings.join("\n"));
      if (given.warns !== undefined) assert.match(warnings[0] ?? "", given.warns);
    });
  }
});

describe("golden documents of WCOW containers: parts", () => {
  it("a host name, directories and pipes", () => {
    const made = json(
      {
        hostName: "web",
        mappedDirectories: [{ hostPath: "C:\\h", containerPath: "C:\\c", readOnly: true }],
        mappedPipes: [{ hostPath: "\\\\.\\pipe\\h", containerPipeName: "c" }],
      },
      "vm",
    );
    assert.deepEqual(made, {
      ...containerBase,
      GuestOs: { HostName: "web" },
      MappedDirectories: [{ HostPath: "C:\\h", ContainerPath: "C:\\c", ReadOnly: true }],
      MappedPipes: [{ HostPath: "\\\\.\\pipe\\h", ContainerPipeName: "c" }],
    });
  });

  it("a network", () => {
    const network = { namespace: "ns-1", unqualifiedDns: true, dnsSearchList: ["a", "b"], sharedContainer: "c0" };
    assert.deepEqual(json({ network }, "vm").Networking, {
      Namespace: "ns-1",
      AllowUnqualifiedDnsQuery: true,
      DnsSearchList: "a,b",
      NetworkSharedContainerName: "c0",
    });
  });

  it("devices by class and by place, and those of extensions", () => {
    const devices = [
      { id: "{guid-1}", idType: "class" },
      { id: "{guid-2}", idType: "vpci-class-guid" },
      { id: "PCIROOT(0)", idType: "vpci-location-path" },
    ];
    const made = json({ devices, deviceNamespace: { DeviceExtension: [] } }, "vm");
    assert.deepEqual(made.AssignedDevices, [
      { InterfaceClassGuid: "{guid-1}" },
      { InterfaceClassGuid: "{guid-2}" },
      { Type: "DeviceInstance", LocationPath: "PCIROOT(0)" },
    ]);
    assert.deepEqual(made.AdditionalDeviceNamespace, { DeviceExtension: [] });
    assert.throws(() => json({ devices: [{ id: "x", idType: "gpu" }] }, "vm"), /device x is of type gpu/);
  });

  it("a group account, unless it is disabled", () => {
    const credentialGuard = { cookie: "k", rpcEndpoint: "e", transport: "HvSocket", credentialSpec: "{}" };
    const guard = { Cookie: "k", RpcEndpoint: "e", Transport: "HvSocket", CredentialSpec: "{}" };
    assert.deepEqual(json({ credentialGuard }, "vm").ContainerCredentialGuard, guard);
    const disabled = { annotations: { "io.microsoft.container.wcow.gmsa.disable": "true" } };
    assert.equal(json({ credentialGuard }, "vm", disabled).ContainerCredentialGuard, undefined);
  });

  it("on the host, a volume with its last separator", () => {
    const storage = (rootPath: string) => json({ rootPath, layers: [] }, "host").Storage;
    assert.deepEqual(storage(VOLUME), { Path: `${VOLUME}\\` });
    assert.deepEqual(storage(`${VOLUME}\\`), { Path: `${VOLUME}\\` });
    for (const path of ["C:\\c\\root", "\\\\?\\Volume{x}\\", `${VOLUME}\\sub`]) {
      assert.throws(() => storage(path), /is no volume/);
    }
  });

  it("extensions are named by the annotation", () => {
    const annotations = { "io.microsoft.container.wcow.deviceextensions": "C:\\a.json,C:\\b.json" };
    assert.deepEqual(optionsOf({ annotations }).deviceExtensions, ["C:\\a.json", "C:\\b.json"]);
  });

  it("a host process as the shim's user", () => {
    const annotations = { "microsoft.com/hostprocess-container": "1", "microsoft.com/hostprocess-inherit-user": "1" };
    assert.deepEqual(optionsOf({ annotations }).hostProcess, { inheritUser: true, rootfs: "" });
  });

  it("the system of a container, on the host and in a VM", () => {
    const frame = { Owner: "me", SchemaVersion: { Major: 2, Minor: 1 }, ShouldTerminateOnLastHandleClosed: true };
    const write = (vm?: string) =>
      JSON.parse(stringifyJson(computeSystem.encode(containerSystem("me", { guestOs: { hostName: "h" } }, vm))));
    const inner = { GuestOs: { HostName: "h" } };
    assert.deepEqual(write(), { ...frame, Container: inner });
    assert.deepEqual(write("pod1@vm"), {
      ...frame,
      HostingSystemId: "pod1@vm",
      HostedSystem: { SchemaVersion: { Major: 2, Minor: 1 }, Container: inner },
    });
  });
});

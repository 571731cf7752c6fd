import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorKind, kindOf } from "../errors/shim-error.ts";
import { Configuration, checkInitArgs, MAX_DEVICES } from "./configuration.ts";
import { nicFeatures, nicFlags } from "./nic-options.ts";

function refuses(call: () => void, kind: ErrorKind, message: RegExp): void {
  assert.throws(call, (error: Error) => {
    assert.match(error.message, message);
    assert.equal(kindOf(error), kind);
    return true;
  });
}

const mac = "02:00:00:00:00:01";

describe("the configuration of an instance", () => {
  it("takes processors and memory within what a VM can have", () => {
    const configuration = new Configuration();
    configuration.setCPUAndMemory(255, 128);
    assert.deepEqual([configuration.processors, configuration.memoryMiB], [255, 128]);
    for (const processors of [0, 256, 1.5, Number.NaN]) {
      refuses(() => configuration.setCPUAndMemory(processors, 512), "invalid-argument", /processors .* from 1 to 255/);
    }
    for (const memory of [127, 2 ** 32, 512.5]) {
      refuses(() => configuration.setCPUAndMemory(1, memory), "invalid-argument", /MiB of memory .* from 128/);
    }
    assert.deepEqual([configuration.processors, configuration.memoryMiB], [255, 128]);
  });

  it("takes tags of 1 to 36 characters, each once", () => {
    const configuration = new Configuration();
    configuration.addFS("t".repeat(36), "/share");
    configuration.addFS("other", "/share", { readonly: true });
    for (const tag of ["", "t".repeat(37), "a b", "é", "a\0"]) {
      refuses(() => configuration.addFS(tag, "/share"), "invalid-argument", /1 to 36 printable/);
    }
    refuses(() => configuration.addFS("other", "/else"), "already-exists", /share "other" is there already/);
    refuses(() => configuration.addFS("x", "share"), "invalid-argument", /use an absolute path/);
    refuses(() => configuration.addFS("x", "/share", { vmdk: true }), "invalid-argument", /as a disk/);
    assert.deepEqual(
      configuration.devices.map((each) => each.kind === "share" && [each.tag.length, each.readOnly]),
      [
        [36, false],
        [5, true],
      ],
    );
  });

  it("takes disks with ids of 1 to 20 characters, in their order, each once", () => {
    const configuration = new Configuration();
    configuration.addDisk("b", "/b.img", { readonly: true });
    configuration.addDisk("a".repeat(20), "/a.vmdk", { vmdk: true });
    assert.deepEqual(configuration.devices, [
      { kind: "disk", id: "b", hostPath: "/b.img", readOnly: true, vmdk: false },
      { kind: "disk", id: "a".repeat(20), hostPath: "/a.vmdk", readOnly: false, vmdk: true },
    ]);
    refuses(() => configuration.addDisk("a".repeat(21), "/a"), "invalid-argument", /1 to 20 printable/);
    refuses(() => configuration.addDisk("b", "/a"), "already-exists", /disk "b" is there already/);
  });

  it("takes adapters with unicast addresses, each once", () => {
    const configuration = new Configuration();
    configuration.addNIC("/nic.sock", "02-AA-00-00-00-0F", "unixgram", { flags: nicFlags.vfkit });
    assert.deepEqual(configuration.devices, [
      {
        ...{ kind: "nic", endpoint: "/nic.sock", mode: "unixgram", macAddress: "02:aa:00:00:00:0f" },
        ...{ features: undefined, vfkit: true },
      },
    ]);
    for (const bad of ["", "01:00:00:00:00:01", "00:00:00:00:00:00", "02:00:00:00:00", "02:00:00:00:00:0g"]) {
      refuses(() => configuration.addNIC("/nic.sock", bad, "unixgram"), "invalid-argument", /no adapter's MAC address/);
    }
    refuses(() => configuration.addNIC("/n", "02:AA:00:00:00:0F", "unixgram"), "already-exists", /MAC address/);
    refuses(() => configuration.addNIC("/n", mac, "tap" as "unixgram"), "invalid-argument", /unixgram or unixstream/);
  });

  it("refuses offloads, headers and what means nothing, and takes the features that can be had", () => {
    const add = (options: object) => () => new Configuration().addNIC("/nic.sock", mac, "unixstream", options);
    refuses(add({ features: (1 << 0) | (1 << 11) }), "unimplemented", /offloads CSUM, HOST_TSO4.*leave them out/);
    refuses(add({ features: 1 << 3 }), "unimplemented", /feature bits 3/);
    refuses(add({ features: 2 ** 31 }), "unimplemented", /feature bits 31/);
    refuses(add({ features: nicFeatures.controlMac }), "invalid-argument", /add controlQueue/);
    refuses(add({ features: -1 }), "invalid-argument", /32 bits/);
    refuses(add({ flags: 1 << 1 }), "unimplemented", /DHCP_CLIENT/);
    refuses(add({ flags: (1 << 2) | nicFlags.vfkit }), "unimplemented", /VNET_HDR/);
    refuses(add({ flags: 1 << 9 }), "unimplemented", /bit 9/);
    const configuration = new Configuration();
    configuration.addNIC("/nic.sock", mac, "unixstream", {
      features: nicFeatures.controlQueue | nicFeatures.controlMac,
    });
    const [nic] = configuration.devices;
    assert.deepEqual(nic?.kind === "nic" && nic.features, ["controlQueue", "controlMac"]);
  });

  it("has room for so many devices of all kinds together", () => {
    const configuration = new Configuration();
    for (let n = 0; n < MAX_DEVICES - 1; n++) configuration.addDisk(`disk${n}`, "/disk.img");
    configuration.addFS("share", "/share");
    refuses(() => configuration.addNIC("/nic.sock", mac, "unixgram"), "resource-exhausted", /has 20 devices/);
    refuses(() => configuration.addFS("more", "/share"), "resource-exhausted", /has 20 devices/);
    assert.equal(configuration.devices.length, MAX_DEVICES);
  });
});

describe("init arguments", () => {
  it("are what the kernel's command line can carry", () => {
    checkInitArgs([]);
    checkInitArgs(["-debug", "-network=mac=02:00:00:00:00:01,addr=10.0.0.2/24"]);
    for (const bad of ["", "a b", 'a"b', "a\nb", "é"]) {
      refuses(() => checkInitArgs(["-debug", bad]), "invalid-argument", /can't be passed on/);
    }
    refuses(() => checkInitArgs(Array(25).fill("-a")), "invalid-argument", /25 arguments/);
    refuses(() => checkInitArgs(["a".repeat(1201)]), "invalid-argument", /1201 bytes/);
  });
});

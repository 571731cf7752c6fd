import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commandLine } from "./command-line.ts";
import { checkSizing, type UvmDocument } from "./document.ts";

const document: UvmDocument = {
  accelerator: "tcg",
  machine: "pc",
  sizing: { processors: 1, maxProcessors: 4, memoryMiB: 256, maxMemoryMiB: 4096 },
  kernelArguments: [],
};

describe("QEMU's command line", () => {
  // Literal: a change here changes what saved states need.
  it("is that of the recommended configuration, with fds in place of paths", () => {
    assert.deepEqual(commandLine(document, { id: "v1" }), [
      ...["-name", "guest=uvm-v1", "-S", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
      ...["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
      ...["-M", "pc,usb=off,vmport=off,graphics=off,nvdimm=on,memory-backend=ram0"],
      ...["-accel", "tcg,thread=multi,tb-size=256", "-cpu", "max,erms=off"],
      ...["-m", "256M,slots=8,maxmem=69632M", "-smp", "4,maxcpus=4"],
      ...["-object", "memory-backend-memfd,id=ram0,size=256M,share=on"],
      ...["-kernel", "/dev/fd/6", "-initrd", "/dev/fd/7"],
      "-append",
      "console=ttyS0 quiet panic=-1 reboot=t swiotlb=512 memhp_default_state=online_movable maxcpus=1",
      ...["-chardev", "socket,id=qmp,fd=3", "-mon", "chardev=qmp,mode=control"],
      ...["-chardev", "socket,id=con,fd=4", "-serial", "chardev:con"],
      ...["-device", "virtio-serial-pci,id=vser0,addr=0x3,max_ports=64"],
      ...["-chardev", "socket,id=gcs,fd=5"],
      ...["-device", "virtserialport,bus=vser0.0,nr=1,chardev=gcs,id=gcs,name=gcs"],
      ...["-add-fd", "fd=8,set=0"],
      ...["-blockdev", "driver=file,node-name=root,filename=/dev/fdset/0,read-only=on,locking=off"],
      ...["-device", "virtio-blk-pci,drive=root,addr=0x8"],
      ...["-device", '{"driver":"virtio-scsi-pci","id":"scsi0","bus":"pci.0","addr":"0x4"}'],
      ...["-device", "pvpanic", "-action", "panic=none"],
    ]);
  });

  it("has no initrd and no root where the VM boots without them", () => {
    const argv = commandLine(document, { id: "v1", boot: { initrd: false, root: false } });
    assert.equal(argv.includes("-initrd"), false);
    assert.deepEqual(
      argv.filter((each) => /root|fdset|virtio-blk/.test(each)),
      [],
    );
  });

  it("takes the accelerator, the size, more for the kernel, and what a restore adds", () => {
    const sizing = { processors: 2, maxProcessors: 3, memoryMiB: 512, maxMemoryMiB: 512 };
    const argv = commandLine(
      { ...document, accelerator: "kvm", machine: "pc-i440fx-7.2", sizing, kernelArguments: ["a=1", "b"] },
      { id: "x,y", incoming: true, devices: ["-device", "d"] },
    );
    const after = (flag: string): string | undefined => argv[argv.indexOf(flag) + 1];
    assert.equal(after("-name"), "guest=uvm-x,,y");
    assert.equal(after("-accel"), "kvm");
    assert.equal(after("-cpu"), "host");
    assert.match(after("-M") ?? "", /^pc-i440fx-7\.2,/);
    assert.match(after("-m") ?? "", /^512M,/);
    assert.equal(after("-smp"), "2,maxcpus=3");
    assert.match(after("-object") ?? "", /size=512M/);
    assert.match(after("-append") ?? "", /=online_movable a=1 b$/);
    assert.deepEqual(argv.slice(-4), ["-device", "d", "-incoming", "defer"]);
  });
});

describe("the command line with vsock", () => {
  it("has the host's device by its fd in place of the port, and tells the guest where to dial", () => {
    const serial = commandLine(document, { id: "v1" });
    const argv = commandLine(document, { id: "v1", vsock: { guestCid: 268435456, hostPort: 4711 } });
    const device = "vhost-vsock-pci,id=vsock0,addr=0x2,guest-cid=268435456,vhostfd=5";
    const added = argv.filter((argument) => !serial.includes(argument));
    assert.deepEqual(added, [argv[argv.indexOf("-append") + 1], device]);
    assert.match(added[0] ?? "", / uvm\.vsock=4711$/);
    assert.ok(!argv.some((argument) => /virtio-serial|virtserialport/.test(argument)));
  });
});

describe("the size of a UVM", () => {
  for (const [what, change, message] of [
    ["too little memory", { memoryMiB: 127 }, /127 MiB of memory; cannot create it: its guest needs 128 MiB/],
    ["no memory", { memoryMiB: 0 }, /memoryMiB 0; cannot create it/],
    ["half a MiB", { memoryMiB: 256.5 }, /memoryMiB 256.5/],
    ["a maximum below it", { maxMemoryMiB: 200 }, /maximum of 200; .* raise the maximum/],
    ["more processors than at most", { processors: 5 }, /5 processors with a maximum of 4/],
    ["more than a machine has", { maxProcessors: 256 }, /to 255/],
  ] as const) {
    it(`is refused with ${what}`, () => {
      assert.throws(() => checkSizing("v1", { ...document.sizing, ...change }), { kind: "invalid-argument", message });
    });
  }
  it("may be the least", () => checkSizing("v1", { ...document.sizing, memoryMiB: 128, maxMemoryMiB: 128 }));
});

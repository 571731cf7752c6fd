/** Reads of one file through each kind of root file system that a container in a VM can have (docs/storage.md). */
import { cpSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { layBusybox } from "../../test/harness/busybox.ts";
import { runOk } from "../../test/harness/command.ts";
import type { BareVm } from "./bare-vm.ts";
import { inGuest } from "./guest-shell.ts";
import type { Metric } from "./metric.ts";
import type { Recorder } from "./recorder.ts";
import type { ShimPod } from "./shim-pod.ts";

const MIB = 64;
/** The largest file of the guest's root image, which an erofs layer of a container has, too. */
const GCS = "usr/bin/gcs";

type Rootfs = Parameters<ShimPod["member"]>[0];
interface Kind {
  readonly id: string;
  readonly title: string;
  readonly path: string;
  readonly rootfs: Rootfs;
}

export async function diskReads(record: Recorder, pod: ShimPod, bare: BareVm, rounds: number): Promise<void> {
  const kinds: Kind[] = [];
  await record.measure("root file systems for the reads", 60, async () => {
    kinds.push(...(await lay(pod)));
    return [];
  });
  for (const { id, title, path, rootfs } of kinds) {
    await record.measure(title, 90, async () => {
      const ours: number[] = [];
      const peer: number[] = [];
      await pod.member(rootfs, async (member) => {
        for (let round = -1; round < rounds; round++) {
          await inGuest(pod.socket, "echo 3 >/proc/sys/vm/drop_caches");
          const read = await pod.run(["sh", "-c", `${script(path, "")}; echo $f $t $o`], member);
          await bare.ask("echo 3 >/proc/sys/vm/drop_caches; $b echo done >&3");
          const beside = await bare.ask(`${script(`/root/${GCS}`, "$b ")}; $b echo $f $t $o >&3`);
          // What an emulated processor runs first it translates; and the host's caches are warm then.
          if (round < 0) continue;
          ours.push(rate(read));
          peer.push(rate(beside));
        }
      });
      const values = { name: "a file of the bare VM's root disk", values: peer };
      return [{ id, title, unit: "MB/s", ours, peer: values } satisfies Metric];
    });
  }
}

/** A shell's, in a guest: $f and $t are the seconds since boot before and after, $o is what dd said. */
function script(path: string, busybox: string): string {
  const dd = `${busybox}dd if=${path} of=/dev/null bs=1M count=${MIB} 2>&1`;
  return `read -r f x </proc/uptime; o=$(${dd}); read -r t x </proc/uptime`;
}

/** MB/s, of the script's figures. */
function rate(said: string): number {
  const [, from, to, blocks] = /^([\d.]+) ([\d.]+) (\d+)\+0 records in/.exec(said) ?? [];
  if (Number(blocks) !== MIB) throw new Error(`dd read something else: ${said}`);
  return (MIB * 1024 * 1024) / 1e6 / (Number(to) - Number(from));
}

async function lay(pod: ShimPod): Promise<Kind[]> {
  const at = (name: string): string => pod.file(name);
  layBusybox(at("base"), ["sh", "sleep", "dd"]);
  for (const name of ["dev", "proc"]) mkdirSync(at(`base/${name}`));
  await runOk(["dd", "if=out/uvm/root.erofs", `of=${at("base/data")}`, "bs=1M", `count=${MIB}`]);
  cpSync(at("base"), at("copy"), { recursive: true, verbatimSymlinks: true });
  for (const name of ["upper", "work", "empty"]) mkdirSync(at(name));
  const image = async (name: string, content: string, mib: number): Promise<string> => {
    writeFileSync(at(name), "");
    truncateSync(at(name), mib * 1024 * 1024);
    await runOk(["/usr/sbin/mkfs.ext4", "-q", "-F", "-d", at(content), at(name)]);
    return at(name);
  };
  const mount = (type: string, source: string, options: string[]) => ({ type, source, target: "", options });
  const [lower, upper, work] = [`lowerdir=${at("base")}`, `upperdir=${at("upper")}`, `workdir=${at("work")}`];
  const inGuestOverlay = ["upper", "work"].map((name) => `X-containerd.mkdir.path={{ mount 0 }}/${name}:0755`);
  return [
    {
      ...{ id: "read-share", title: "read, a directory of the host (native): a share", path: "/data" },
      rootfs: [mount("bind", at("copy"), ["rbind", "rw"])],
    },
    {
      ...{ id: "read-overlay", title: "read, an overlay of the host (overlayfs): a share", path: "/data" },
      rootfs: [mount("overlay", "overlay", [lower, upper, work])],
    },
    {
      ...{ id: "read-disk", title: "read, an ext4 image (blockfile): a disk", path: "/data" },
      rootfs: [mount("ext4", await image("base.img", "base", MIB + 32), ["loop", "rw"])],
    },
    {
      ...{ id: "read-erofs", title: "read, an erofs layer under an overlay of the guest: disks", path: `/${GCS}` },
      rootfs: [
        mount("ext4", await image("writable.img", "empty", 16), ["rw", "loop"]),
        mount("erofs", resolve("out/uvm/root.erofs"), ["ro", "loop"]),
        mount("format/mkdir/overlay", "overlay", [
          ...inGuestOverlay,
          ...["workdir={{ mount 0 }}/work", "upperdir={{ mount 0 }}/upper", "lowerdir={{ overlay 1 1 }}"],
        ]),
      ],
    },
  ];
}

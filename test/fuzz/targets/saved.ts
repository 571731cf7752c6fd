import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseJson } from "../../../src/oci/json.ts";
import { planRootfs } from "../../../src/orchestration/container/rootfs-plan.ts";
import { vmDevices } from "../../../src/orchestration/device/devices.ts";
import { restoreDisks } from "../../../src/orchestration/pod/checkpoint-disks.ts";
import { readSavedPod } from "../../../src/orchestration/pod/saved.ts";
import { HostMux } from "../../../src/transport/mux/host-mux.ts";
import { readMuxState } from "../../../src/transport/mux/state.ts";
import { deviceArguments } from "../../../src/vmmanager/stacks/qemu/devices/device-arguments.ts";
import { readSavedState } from "../../../src/vmmanager/stacks/qemu/saved-state.ts";
import { damageBody, damageBytes, either, untitled } from "../damage.ts";
import { damageJson } from "../damage-json.ts";
import type { Outcome, Target } from "../target.ts";

/** Documents of a saved pod: pod.json, a checkpoint's disks.json, the VM's vm.json, and the guest channel's part of it by itself. */
export function saved(): Target {
  const directory = mkdtempSync(join(tmpdir(), "uvm-fuzz-"));
  writeFileSync(join(directory, "state"), "state");
  for (const name of ["root.erofs", "now.img"]) writeFileSync(join(directory, name), "");
  truncateSync(join(directory, "now.img"), 262144);
  writeFileSync(join(directory, "disk-0"), Buffer.alloc(4096, 1), { mode: 0o600 });
  return {
    name: "saved",
    weight: 5,
    damage: damageBody(either(damageJson, damageJson, damageJson, damageBytes)),
    run(input) {
      const { title, body } = untitled(input);
      switch (title) {
        case "pod.json":
          writeFileSync(join(directory, "pod.json"), body);
          return readPod(directory);
        case "disks.json":
          writeFileSync(join(directory, "disks.json"), body, { mode: 0o600 });
          return restoreTo(directory);
        case "vm.json":
          writeFileSync(join(directory, "vm.json"), body, { mode: 0o600 });
          return readVm(directory);
        default: {
          const mux = new HostMux(readMuxState(parseJson(Buffer.from(body).toString("utf8"))));
          mux.destroy();
          return "ok";
        }
      }
    },
    async close() {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function readPod(directory: string): Promise<Outcome> {
  const { devices } = await readSavedPod(directory);
  vmDevices({ uvm: { scsiLimits: { controllers: 4, luns: 64 } }, guest: {} } as never, undefined, devices).save();
  return "ok";
}

async function restoreTo(directory: string): Promise<Outcome> {
  const saved = [{ type: "ext4", source: "/then.img", target: "", options: ["loop"] }];
  const here = [{ ...saved[0], source: join(directory, "now.img") }] as typeof saved;
  const plan = { rootfs: planRootfs(here, () => "file"), rootPath: "/", mounts: [] };
  await restoreDisks(directory, saved, plan, new AbortController().signal);
  return "ok";
}

async function readVm(directory: string): Promise<Outcome> {
  const { hardware, mux } = await readSavedState(directory, directory);
  deviceArguments(hardware, new Map([["eth0", 4]]));
  new HostMux(readMuxState(mux)).destroy();
  return "ok";
}

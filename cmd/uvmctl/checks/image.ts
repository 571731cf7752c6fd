import { join } from "node:path";
import { IMAGE_FILES, imagePlaces } from "../../../src/vmmanager/image-places.ts";
import { type Check, failure, ok } from "./check.ts";

/** The VM's kernel and root file system, where the shim looks for them: as configured, else beside its executable. */
export const image: Check = {
  name: "image",
  async run({ host, settings: { stack, qemu, remotevm } }) {
    if (stack !== "qemu" && stack !== "remotevm") return [];
    if (stack === "remotevm" && remotevm.kernel && remotevm.initrd && remotevm.root) return [];
    const configured = stack === "qemu" ? qemu.image : remotevm.image;
    const places = configured === undefined ? imagePlaces(host.program) : [configured];
    const found = places.find((place) => host.usable(join(place, "manifest.json"), "r"));
    const mend = `run make uvm-image and make install, or set ${stack}.image in the configuration`;
    if (found === undefined) return [failure(`no image of the VM's guest in ${places.join(" or ")}`, mend)];
    const missing = IMAGE_FILES.filter((name) => !host.usable(join(found, name), "r"));
    return [missing.length === 0 ? ok(found) : failure(`${found} has no ${missing.join(", ")}`, mend)];
  },
};

import type * as linux from "./mountinfo.ts";

/** Windows mounts nothing into the shim's own directories: layers go into the VM as they are. */
export const mountsUnder: typeof linux.mountsUnder = () => [];

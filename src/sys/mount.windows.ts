import type * as linux from "./mount.ts";

/** Nothing is ever mounted by us on this host. */
export const unmountRecursive: typeof linux.unmountRecursive = () => [];

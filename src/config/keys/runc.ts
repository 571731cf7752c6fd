import type { Key } from "../key.ts";

/** `[runc]`: of stack local. */
export const runcKeys: readonly Key[] = [
  {
    key: "runc.binary",
    type: { kind: "string" },
    fallback: "runc",
    meaning: "The runc of stack local: a name or a path.",
  },
  {
    key: "runc.systemd_cgroup",
    type: { kind: "boolean" },
    fallback: false,
    meaning: "Let that runc make its cgroups through systemd.",
  },
];

import { sha256Hex } from "#sha256";

/** uids that systemd's allocation leaves unused: 0x70000000 to 0x7ffffffe. */
const FIRST_UID = 0x7000_0000;
const UID_COUNT = 0x0fff_ffff;

/** The user that a VM's QEMU runs as: of this VM alone, without an account. */
export function uidOf(id: string): number {
  return FIRST_UID + (Number.parseInt(sha256Hex(id).slice(0, 8), 16) % UID_COUNT);
}

/** Runs a program as the VM's user, without capabilities and not able to gain any, for as long as this process lives. */
export function confined(
  id: string,
  setpriv: string,
  argv: readonly string[],
  groups: readonly number[] = [],
): string[] {
  const uid = String(uidOf(id));
  return [
    ...[setpriv, "--reuid", uid, "--regid", uid],
    ...(groups.length > 0 ? ["--groups", groups.join(",")] : ["--clear-groups"]),
    ...["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--pdeathsig", "KILL", ...argv],
  ];
}

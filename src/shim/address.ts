import { lstatSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256Hex } from "#sha256";
import { invalidArgument, ShimError } from "../errors/shim-error.ts";

/** `sun_path` less its closing NUL. */
const MAX_SOCKET_PATH_BYTES = 107;

/**
 * The path of a pod's socket: every launcher that is asked for the pod computes the same one, which is what makes
 * grouping and repeated starts work (reference: containerd-shim, 1.8). Throws invalid-argument where the directory is
 * relative or too long.
 */
export function socketPath(directory: string, grpcAddress: string, namespace: string, podId: string): string {
  if (!directory.startsWith("/")) {
    throw invalidArgument(`socket directory ${directory} is relative: configure an absolute one`);
  }
  const path = join(directory, sha256Hex(join(grpcAddress, namespace, podId)));
  const length = new TextEncoder().encode(path).length;
  if (length > MAX_SOCKET_PATH_BYTES) {
    const most = MAX_SOCKET_PATH_BYTES - (length - new TextEncoder().encode(directory).length);
    throw invalidArgument(
      `socket directory ${directory} is too long: a socket in it has ${length} bytes, ${MAX_SOCKET_PATH_BYTES} are ` +
        `allowed; configure one of at most ${most} bytes`,
    );
  }
  return path;
}

/** What containerd dials. */
export function addressOf(path: string): string {
  return `unix://${path}`;
}

/** What is dialled at an address that containerd gives. */
export function dialled(address: string): string {
  return address.replace(/^unix:\/\//, "");
}

/**
 * Makes the socket directory, 0700, or checks the one that is there: whoever may write in it could put a socket of his
 * own under our name. Throws permission-denied, or invalid-argument for something that is no directory.
 */
export function prepareSocketDirectory(directory: string, uid = process.geteuid?.() ?? 0): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const stat = statSync(directory);
  if (!stat.isDirectory()) throw invalidArgument(`socket directory ${directory} is not a directory`);
  if (stat.uid !== uid || (stat.mode & 0o022) !== 0) {
    throw new ShimError(
      "permission-denied",
      `socket directory ${directory} can be written by others (owner ${stat.uid}, mode ${(stat.mode & 0o7777).toString(8)}): ` +
        `it must belong to user ${uid} with mode 0700`,
    );
  }
}

/**
 * `<bundle>/address`: where containerd 1.6, and 1.7 before it kept a record of its own, finds the shim again after a
 * restart (reference: containerd-shim, 1.9). Replaced whole: containerd may read it at any time.
 */
export function writeAddressFile(bundle: string, address: string): void {
  const temporary = join(bundle, `.address.${process.pid}`);
  writeFileSync(temporary, address, { mode: 0o600 });
  renameSync(temporary, join(bundle, "address"));
}

/** Idempotent. */
export function removeAddressFile(bundle: string): void {
  rmSync(join(bundle, "address"), { force: true });
}

/** `<bundle>/s` leads to the socket directory, so that whoever finds the bundle finds the socket. */
export function linkSocketDirectory(bundle: string, directory: string): void {
  const temporary = join(bundle, `.s.${process.pid}`);
  symlinkSync(directory, temporary);
  // Atomic: another launcher may be doing the same.
  renameSync(temporary, join(bundle, "s"));
}

/** Idempotent; leaves anything but a symlink alone. */
export function removeSocketLink(bundle: string): void {
  const link = join(bundle, "s");
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true) rmSync(link, { force: true });
}

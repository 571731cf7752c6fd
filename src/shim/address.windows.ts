import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SOCKET_DIRECTORY } from "#os/src/config/defaults.ts";
import { withSharedFile } from "#os/src/sys/shared-file.ts";
import { sha256Hex } from "#sha256";
import type * as linux from "./address.ts";

const MAX_PIPE_NAME = 256;

/** hcsshim's name for a shim's pipe, and which containerd's it is: two on one host may have a task of the same id. */
export const socketPath: typeof linux.socketPath = (directory, grpcAddress, namespace, podId) => {
  const place = directory.startsWith("\\\\.\\pipe\\") ? directory : SOCKET_DIRECTORY;
  const hash = sha256Hex([grpcAddress, namespace, podId].join("\n")).slice(0, 16);
  const room = MAX_PIPE_NAME - `${place}\\--pipe`.length - hash.length;
  return `${place}\\${`containerd-shim-${namespace}-${podId}`.slice(0, room)}-${hash}-pipe`;
};

export const addressOf: typeof linux.addressOf = (path) => path;

/** `npipe:////./pipe/NAME`, `//./pipe/NAME` and `\\.\pipe\NAME` are the same. */
export const dialled: typeof linux.dialled = (address) => address.replace(/^npipe:\/\//, "").replaceAll("/", "\\");

/** Who may make a pipe there is Windows' to say. */
export const prepareSocketDirectory: typeof linux.prepareSocketDirectory = () => {};

export const writeAddressFile: typeof linux.writeAddressFile = (bundle, address) => {
  const temporary = join(bundle, `.address.${process.pid}`);
  writeFileSync(temporary, address);
  withSharedFile(() => renameSync(temporary, join(bundle, "address")));
};

export const removeAddressFile: typeof linux.removeAddressFile = (bundle) => {
  rmSync(join(bundle, "address"), { force: true });
};

/** A pipe's name says all. */
export const linkSocketDirectory: typeof linux.linkSocketDirectory = () => {};
export const removeSocketLink: typeof linux.removeSocketLink = () => {};

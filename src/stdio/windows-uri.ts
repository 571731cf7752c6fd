import { invalidArgument } from "../errors/shim-error.ts";
import { type LoggerTarget, parseStdio } from "./uri.ts";

/** Where one of a process's stdio goes on Windows, as containerd and hcsshim name it (reference: hcsshim 7.4). */
export type WindowsTarget =
  | { readonly scheme: "npipe"; readonly path: string }
  | { readonly scheme: "file"; readonly path: string }
  | LoggerTarget;

/** undefined for the empty string. Throws invalid-argument for what is no local pipe, drive's file or drive's program. */
export function parseWindowsStdio(uri: string): WindowsTarget | undefined {
  if (uri === "") return undefined;
  const scheme = /^([a-z][a-z0-9+-]*):\/\//i.exec(uri)?.[1];
  if (scheme === undefined || scheme === "npipe") {
    const path = uri.replace(/^npipe:\/\//, "").replaceAll("/", "\\");
    if (/^\\\\\.\\pipe\\[^\\]/i.test(path)) return { scheme: "npipe", path };
    throw invalidArgument(`stdio "${uri}" is no named pipe; cannot open it: write \\\\.\\pipe\\NAME`);
  }
  if (scheme !== "file" && scheme !== "binary" && scheme !== "binary-v2") {
    throw invalidArgument(`stdio "${uri}" has the scheme "${scheme}"; cannot open it: use npipe, file or binary`);
  }
  // As a URI has a drive (file:///C:/logs/1), or as it is written by hand (file://C:\logs\1).
  const target = parseStdio(uri.replace(/^([a-z0-9-]+:\/\/)(?=[a-z]:)/i, "$1/"));
  if (target === undefined || target.scheme === "fifo" || target.scheme === "ttrpc+unix") return undefined;
  const path = target.path.slice(1).replaceAll("/", "\\");
  if (!/^[a-z]:\\./i.test(path)) {
    throw invalidArgument(`stdio "${uri}" names nothing on a drive; cannot open it: write ${scheme}:///C:/PATH`);
  }
  // hcsshim passes a key without a value alone.
  return target.scheme === "file"
    ? { scheme: "file", path }
    : { ...target, path, args: target.args.filter((arg) => arg !== "") };
}

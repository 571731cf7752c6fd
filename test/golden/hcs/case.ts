/**
 * Cases of options to document. What a case expects is written by hand from the reference (hcsshim, 4.1 to 4.4), as changes
 * to a base document that is written by hand too: nothing here is made by the code under test.
 */
import assert from "node:assert/strict";
import { it } from "node:test";
import { type ErrorKind, isKind, ShimError } from "../../../src/errors/shim-error.ts";
import { Options } from "../../../src/generated/containerd/runhcs/v1.ts";
import { stringifyJson } from "../../../src/oci/json.ts";
import type { HostFacts } from "../../../src/vmmanager/options/host-facts.ts";
import { readLcowOptions } from "../../../src/vmmanager/options/lcow.ts";
import type { VmRequest } from "../../../src/vmmanager/options/vm-request.ts";
import { readWcowOptions, type WcowRequest } from "../../../src/vmmanager/options/wcow.ts";
import type { HostWork } from "../../../src/vmmanager/stacks/hcs/document/host-work.ts";
import { lcowDocument } from "../../../src/vmmanager/stacks/hcs/document/lcow.ts";
import { wcowDocument } from "../../../src/vmmanager/stacks/hcs/document/wcow.ts";
import { computeSystem } from "../../../src/vmmanager/stacks/hcs/schema/compute-system.ts";
import { baseCmdline, lcowBase, wcowBase } from "./base-documents.ts";

export type Json = string | number | boolean | readonly Json[] | { readonly [name: string]: Json };

export interface GoldenCase {
  readonly shows: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly options?: Partial<Options>;
  readonly windows?: object;
  readonly host?: Partial<HostFacts>;
  readonly abilities?: Partial<VmRequest["abilities"]>;
  readonly debug?: VmRequest["debug"];
  /** WCOW: members of the request. */
  readonly vm?: Partial<Pick<WcowRequest, "bootFiles" | "restore" | "scratchVhd" | "firmwareParameters">>;
  /** Paths in the document, with ">" between the names, and what stands there instead; null: nothing. */
  readonly gives?: Readonly<Record<string, Json | null>>;
  /** LCOW: edits of the base's kernel command line. */
  readonly cmdline?: readonly (readonly [from: string, to: string])[];
  /** Where the command line stands, if not in a kernel that is booted directly. */
  readonly cmdlineAt?: string;
  /** Paths in the options, for what the document does not have. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly work?: readonly HostWork[];
  readonly warns?: readonly RegExp[];
  readonly refuses?: readonly [kind: ErrorKind, message: RegExp];
}

const folders = {
  "C:\\boot": ["kernel", "vmlinux", "initrd.img"],
  "C:\\vhd": ["kernel", "vmlinux", "initrd.img", "rootfs.vhd"],
  "C:\\vhdonly": ["kernel", "rootfs.vhd"],
  "C:\\old": ["kernel", "initrd.img"],
  "C:\\novmlinux": ["kernel", "initrd.img"],
  "C:\\noinitrd": ["kernel", "vmlinux"],
  "C:\\nokernel": ["initrd.img"],
  "C:\\snp": ["kernel.vmgs", "rootfs.vhd", "custom.vmgs", "custom.vhd"],
  "C:\\snpnovhd": ["kernel.vmgs"],
  "C:\\shim\\LinuxBootFiles": ["kernel", "vmlinux", "initrd.img"],
  "C:\\Program Files\\Linux Containers": ["kernel", "vmlinux", "initrd.img"],
  "C:\\dumps": [],
};

const host: HostFacts = {
  build: 26100,
  architecture: "amd64",
  logicalProcessors: 8,
  shimFolder: "C:\\shim",
  programFiles: "C:\\Program Files",
  workingFolder: "C:\\work",
  files: new Set(Object.entries(folders).flatMap(([folder, names]) => names.map((name) => `${folder}\\${name}`))),
  folders: new Set(Object.keys(folders)),
};

function requestOf(given: GoldenCase, options: Partial<Options>, warn: (message: string) => void): VmRequest {
  return {
    id: "pod1@vm",
    owner: "containerd-shim-uvm-v1",
    bundle: "C:\\bundle",
    spec: {
      ...(given.annotations === undefined ? {} : { annotations: given.annotations }),
      ...(given.windows === undefined ? {} : { windows: given.windows }),
    },
    options: Options.create({ ...options, ...given.options }),
    host: { ...host, ...given.host },
    abilities: { vpmem: false, networkConfigProxy: false, kernelDrivers: false, ...given.abilities },
    ...(given.debug === undefined ? {} : { debug: given.debug }),
    warn,
  };
}

/** Runs each case: the whole document, or the error. */
export function runCases(guest: "LCOW" | "WCOW", cases: readonly GoldenCase[]): void {
  for (const given of cases) it(given.shows, () => runCase(guest, given));
}

function runCase(guest: "LCOW" | "WCOW", given: GoldenCase): void {
  const warnings: string[] = [];
  const make = () => (guest === "LCOW" ? makeLcow : makeWcow)(given, (message) => warnings.push(message));
  if (given.refuses !== undefined) {
    const [kind, message] = given.refuses;
    assert.throws(make, (error) => {
      assert.match(ShimError.from(error).message, message);
      return isKind(error, kind);
    });
    return;
  }
  const { options, document, work } = make();
  assert.deepEqual(JSON.parse(stringifyJson(document)), expected(guest, given));
  assert.deepEqual(work, given.work ?? (guest === "WCOW" ? [{ do: "grant-vm-access", path: "C:\\scratch.vhdx" }] : []));
  for (const [path, value] of Object.entries(given.settings ?? {})) {
    assert.deepEqual(at(options, path.split(">")), value, path);
  }
  const missing = (given.warns ?? []).filter((pattern) => !warnings.some((line) => pattern.test(line)));
  assert.deepEqual([missing, warnings.length], [[], given.warns?.length ?? 0], warnings.join("\n"));
}

interface Made {
  readonly options: object;
  readonly document: unknown;
  readonly work: readonly HostWork[];
}

function makeLcow(given: GoldenCase, warn: (message: string) => void): Made {
  const base = { sandboxPlatform: "linux/amd64", bootFilesRootPath: "C:\\boot" };
  const options = readLcowOptions(requestOf(given, base, warn));
  let next = 0;
  const { document, work } = lcowDocument(options, () => `guid-${next++}`);
  return { options, document: computeSystem.encode(document), work };
}

function makeWcow(given: GoldenCase, warn: (message: string) => void): Made {
  const options = readWcowOptions({
    ...requestOf(given, { sandboxPlatform: "windows/amd64" }, warn),
    ...{ scratchVhd: "C:\\scratch.vhdx", bootFiles: { osFolder: "C:\\layer\\UtilityVM\\Files" }, ...given.vm },
  });
  const { document, work } = wcowDocument(options);
  return { options, document: computeSystem.encode(document), work };
}

function expected(guest: "LCOW" | "WCOW", given: GoldenCase): unknown {
  const document = structuredClone(guest === "LCOW" ? lcowBase : wcowBase) as Record<string, unknown>;
  for (const [path, value] of Object.entries(given.gives ?? {})) change(document, path.split(">"), value);
  if (given.cmdline === undefined) return document;
  const line = given.cmdline.reduce((text, [from, to]) => {
    assert.ok(text.includes(from), `the base has no ${from}`);
    return text.replace(from, () => to);
  }, baseCmdline);
  change(document, (given.cmdlineAt ?? "VirtualMachine>Chipset>LinuxKernelDirect>KernelCmdLine").split(">"), line);
  return document;
}

function change(document: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const last = path[path.length - 1] ?? "";
  let member = document;
  for (const name of path.slice(0, -1)) {
    member[name] ??= {};
    member = member[name] as Record<string, unknown>;
  }
  if (value === null) {
    assert.ok(last in member, `the base has no ${path.join(">")}`);
    delete member[last];
  } else member[last] = structuredClone(value);
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce((found, name) => (found as Record<string, unknown>)[name], value);
}

/** The document alone, whatever is warned of. */
export function makeDocument(guest: "LCOW" | "WCOW", given: GoldenCase): unknown {
  return (guest === "LCOW" ? makeLcow : makeWcow)(given, () => {}).document;
}

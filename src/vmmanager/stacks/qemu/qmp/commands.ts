import { anything, flag, integer, listOf, nothing, object, optional, type Reader, text, wide } from "./shape.ts";

export type Json =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json | undefined };

/** Arguments whose members depend on the kind of thing: as QEMU's command line has them, in JSON. */
type Properties = { readonly [name: string]: Json | undefined };

interface MigrationCapability {
  readonly capability: "events" | "x-ignore-shared" | (string & {});
  readonly state: boolean;
}

/** The arguments of each command, under QEMU's names (reference: QEMU 7.2, "QEMU QMP Reference Manual"). */
export interface QmpArguments {
  qmp_capabilities: undefined;
  "query-version": undefined;
  "query-status": undefined;
  cont: undefined;
  stop: undefined;
  quit: undefined;
  system_powerdown: undefined;
  system_reset: undefined;
  /** `uri`: "unix:PATH", "exec:COMMAND"; sizes and speeds in bytes. */
  migrate: { readonly uri: string };
  "migrate-incoming": { readonly uri: string };
  migrate_cancel: undefined;
  "query-migrate": undefined;
  "migrate-set-capabilities": { readonly capabilities: readonly MigrationCapability[] };
  "query-migrate-capabilities": undefined;
  "migrate-set-parameters": Properties;
  device_add: Properties & { readonly driver: string; readonly id: string };
  device_del: { readonly id: string };
  "blockdev-add": Properties & { readonly driver: string; readonly "node-name": string };
  "blockdev-del": { readonly "node-name": string };
  netdev_add: Properties & { readonly type: string; readonly id: string };
  netdev_del: { readonly id: string };
  "object-add": Properties & { readonly "qom-type": string; readonly id: string };
  "object-del": { readonly id: string };
  "chardev-add": { readonly id: string; readonly backend: { readonly type: string; readonly data: Properties } };
  "chardev-remove": { readonly id: string };
  /** The fd comes along with the command (SCM_RIGHTS); without a set id it founds a set. */
  "add-fd": { readonly "fdset-id"?: number; readonly opaque?: string };
  "remove-fd": { readonly "fdset-id": number; readonly fd?: number };
  "query-fdsets": undefined;
  /** The fd comes along with the command (SCM_RIGHTS); it replaces one that has the name. */
  getfd: { readonly fdname: string };
  closefd: { readonly fdname: string };
  "query-memory-devices": undefined;
  "query-cpus-fast": undefined;
  "query-hotpluggable-cpus": undefined;
  /** Bytes that the guest is to keep. */
  balloon: { readonly value: number | bigint };
  "query-balloon": undefined;
  "qom-get": { readonly path: string; readonly property: string };
  "qom-set": { readonly path: string; readonly property: string; readonly value: Json };
  "qom-list": { readonly path: string };
}

const cpuProps = object({
  nodeId: ["node-id", optional(integer)],
  socketId: ["socket-id", optional(integer)],
  coreId: ["core-id", optional(integer)],
  threadId: ["thread-id", optional(integer)],
});

const fdSet = object({ id: ["fdset-id", integer], fds: ["fds", listOf(object({ fd: ["fd", integer] }))] });

/** How the answer of each command is read, member by member; the names here are ours. */
export const answers = {
  qmp_capabilities: nothing,
  "query-version": object({ package: ["package", text] }),
  /** Status: running, paused, prelaunch, inmigrate, postmigrate, shutdown, guest-panicked... */
  "query-status": object({ status: ["status", text], running: ["running", flag] }),
  cont: nothing,
  stop: nothing,
  quit: nothing,
  system_powerdown: nothing,
  system_reset: nothing,
  migrate: nothing,
  "migrate-incoming": nothing,
  migrate_cancel: nothing,
  /** Without a status where nothing was ever migrated. */
  "query-migrate": object({
    status: ["status", optional(text)],
    errorDesc: ["error-desc", optional(text)],
    totalTimeMs: ["total-time", optional(integer)],
    ram: [
      "ram",
      optional(object({ transferred: ["transferred", wide], remaining: ["remaining", wide], total: ["total", wide] })),
    ],
    blockedReasons: ["blocked-reasons", optional(listOf(text))],
  }),
  "migrate-set-capabilities": nothing,
  "query-migrate-capabilities": listOf(object({ capability: ["capability", text], state: ["state", flag] })),
  "migrate-set-parameters": nothing,
  device_add: nothing,
  device_del: nothing,
  "blockdev-add": nothing,
  "blockdev-del": nothing,
  netdev_add: nothing,
  netdev_del: nothing,
  "object-add": nothing,
  "object-del": nothing,
  /** The path of the pseudo terminal, for a backend of type pty. */
  "chardev-add": object({ pty: ["pty", optional(text)] }),
  "chardev-remove": nothing,
  /** `fd`: its number in QEMU. */
  "add-fd": object({ id: ["fdset-id", integer], fd: ["fd", integer] }),
  "remove-fd": nothing,
  "query-fdsets": listOf(fdSet),
  getfd: nothing,
  closefd: nothing,
  /** Type: dimm, nvdimm, virtio-pmem, virtio-mem; sizes and addresses in bytes. */
  "query-memory-devices": listOf(
    object({
      type: ["type", text],
      data: [
        "data",
        object({
          id: ["id", optional(text)],
          memdev: ["memdev", text],
          addr: ["addr", optional(wide)],
          memaddr: ["memaddr", optional(wide)],
          size: ["size", wide],
          slot: ["slot", optional(integer)],
          requestedSize: ["requested-size", optional(wide)],
        }),
      ],
    }),
  ),
  /** `threadId` of the host: /proc/QEMU/task/THREAD/stat has its CPU time. */
  "query-cpus-fast": listOf(
    object({
      index: ["cpu-index", integer],
      threadId: ["thread-id", integer],
      qomPath: ["qom-path", text],
      props: ["props", optional(cpuProps)],
    }),
  ),
  /** Without `qomPath`: a place that is free. */
  "query-hotpluggable-cpus": listOf(
    object({
      type: ["type", text],
      vcpusCount: ["vcpus-count", integer],
      props: ["props", cpuProps],
      qomPath: ["qom-path", optional(text)],
    }),
  ),
  balloon: nothing,
  /** Bytes that the guest has now. */
  "query-balloon": object({ actual: ["actual", wide] }),
  "qom-get": anything,
  "qom-set": nothing,
  "qom-list": listOf(object({ name: ["name", text], type: ["type", text] })),
} as const satisfies { readonly [K in keyof QmpArguments]: Reader<unknown> };

export type QmpCommand = keyof QmpArguments;
export type QmpAnswer<K extends QmpCommand> = ReturnType<(typeof answers)[K]>;

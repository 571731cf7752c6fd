/** Changes of files that say so to inotify(7): cgroup event files among them. One instance for all, there while somebody watches, and a moment longer. */
import { runtime } from "#runtime";
import type { ByteStream } from "./byte-stream.ts";
import { cLibrary } from "./c-library.ts";
import { check, close } from "./libc.ts";

const libc = cLibrary({
  inotify_init1: ["int", "int"],
  inotify_add_watch: ["int", "int", "cstring", "uint"],
  inotify_rm_watch: ["int", "int", "int"],
} as const);

/** A pod that ends with its container is over by then. */
const IDLE_MS = 50;
const IN_MODIFY = 2;
const IN_IGNORED = 0x8000;
const IN_CLOEXEC = 0o2000000;
/** struct inotify_event before its name: wd, mask, cookie, len. */
const EVENT_SIZE = 16;

interface Instance {
  readonly fd: number;
  readonly stream: ByteStream;
}

const listeners = new Map<number, Set<() => void>>();
let instance: Instance | undefined;
let closing: ReturnType<typeof setTimeout> | undefined;

/** Calls back after each change, until the returned function is called or the file is gone. Throws SysError. */
export function watchFile(path: string, onChange: () => void): () => void {
  const { fd } = opened();
  let watch: number;
  try {
    watch = check(() => libc().inotify_add_watch(fd, path, IN_MODIFY), "inotify_add_watch", path);
  } catch (error) {
    closeIfIdle();
    throw error;
  }
  const watching = listeners.get(watch) ?? new Set();
  listeners.set(watch, watching);
  watching.add(onChange);
  return () => {
    watching.delete(onChange);
    // Gone with its file, or with another's last listener: the number may be a newer file's.
    if (watching.size > 0 || listeners.get(watch) !== watching) return;
    listeners.delete(watch);
    libc().inotify_rm_watch(fd, watch);
    closeIfIdle();
  };
}

function opened(): Instance {
  if (instance !== undefined) return instance;
  const fd = check(() => libc().inotify_init1(IN_CLOEXEC), "inotify_init1");
  let stream: ByteStream;
  try {
    // By SIGIO: no thread for it, which costs dearly in an emulated machine.
    stream = runtime.adopt(fd, "port", "read");
  } catch (error) {
    close(fd);
    throw error;
  }
  stream.open({ data: tell, end: () => undefined, drain: () => undefined, close: () => undefined });
  instance = { fd, stream };
  return instance;
}

/** Not at once: the kernel takes 15 ms for the close, and who stops watching has a container's end to tell. */
function closeIfIdle(): void {
  clearTimeout(closing);
  if (listeners.size > 0) return;
  closing = setTimeout(() => {
    if (listeners.size > 0) return;
    instance?.stream.destroy();
    instance = undefined;
  }, IDLE_MS);
  closing.unref();
}

/** A read gives whole events. */
function tell(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + EVENT_SIZE <= bytes.length; at += EVENT_SIZE + view.getUint32(at + 12, true)) {
    const watch = view.getInt32(at, true);
    const watching = listeners.get(watch);
    if ((view.getUint32(at + 4, true) & IN_IGNORED) !== 0) listeners.delete(watch);
    for (const onChange of watching ?? []) onChange();
  }
  closeIfIdle();
}

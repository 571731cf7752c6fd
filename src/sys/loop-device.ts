/** Loop devices (loop(4)): a file as a block device that goes away with its last user (autoclear). */
import { constants } from "node:fs";
import { cLibrary } from "./c-library.ts";
import { check, close, open } from "./libc.ts";
import { SysError } from "./sys-error.ts";

const signatures = { ioctl: ["int", "int", "u64", "buffer"] } as const;

const libc = cLibrary(signatures);

const LOOP_CTL_GET_FREE = 0x4c82;
/** One call instead of LOOP_SET_FD and LOOP_SET_STATUS64; Linux 5.8. */
const LOOP_CONFIGURE = 0x4c0a;
const LO_FLAGS_READ_ONLY = 1;
const LO_FLAGS_AUTOCLEAR = 4;
/** Others may take the free device between our asking and our configuring it. */
const attempts = 100;

export interface LoopDevice {
  readonly path: string;
  /** Lets go of the device: it is freed at once, or with the mount that uses it. Idempotent. */
  close(): void;
}

export function attachLoopDevice(file: string, options: { readOnly?: boolean } = {}): LoopDevice {
  const readOnly = options.readOnly ?? false;
  const mode = readOnly ? constants.O_RDONLY : constants.O_RDWR;
  const backing = open(file, mode);
  try {
    const control = open("/dev/loop-control", constants.O_RDWR);
    try {
      for (let attempt = 1; ; attempt++) {
        const number = check(() => libc().ioctl(control, LOOP_CTL_GET_FREE, null), "ioctl LOOP_CTL_GET_FREE");
        const path = `/dev/loop${number}`;
        const device = open(path, mode);
        try {
          check(
            () => libc().ioctl(device, LOOP_CONFIGURE, loopConfig(backing, readOnly)),
            "ioctl LOOP_CONFIGURE",
            path,
          );
          return closeOnce(path, device);
        } catch (error) {
          close(device);
          if (!(error instanceof SysError) || error.code !== "EBUSY" || attempt === attempts) throw error;
        }
      }
    } finally {
      close(control);
    }
  } finally {
    close(backing);
  }
}

function closeOnce(path: string, fd: number): LoopDevice {
  let closed = false;
  return {
    path,
    close() {
      if (closed) return;
      closed = true;
      close(fd);
    },
  };
}

/** struct loop_config: fd at 0, block size at 4, then struct loop_info64 with lo_flags at its byte 52; 304 bytes in all. */
function loopConfig(backing: number, readOnly: boolean): Uint8Array {
  const bytes = new Uint8Array(304);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, backing, true);
  view.setUint32(8 + 52, LO_FLAGS_AUTOCLEAR | (readOnly ? LO_FLAGS_READ_ONLY : 0), true);
  return bytes;
}

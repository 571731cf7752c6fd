import type { CallOptions } from "../vmmanager/lifetime.ts";

/** Of a share or a disk. */
export interface MountConfig {
  /** The guest may not write to it. Default: false. */
  readonly readonly?: boolean;
  /** Disks only: the file is a VMDK image, or the descriptor of one, not a raw image or a block device. Default: false. */
  readonly vmdk?: boolean;
}

/**
 * How an adapter's frames travel over its unix socket. `unixgram`: each is a datagram. `unixstream`: in a stream, each
 * with its length (u32, big-endian) before it.
 */
export type NetworkMode = "unixgram" | "unixstream";

export interface NetworkOpts {
  /** The virtio-net features (bits of `nicFeatures`) that the guest is offered. 0 or absent: all that can be had. */
  readonly features?: number;
  /** Bits of `nicFlags`. */
  readonly flags?: number;
}

/** Takes a copy of the guest's console as it comes. One that throws gets no more of it. */
export interface ConsoleWriter {
  write(bytes: Uint8Array): unknown;
}

export interface StartOpts extends CallOptions {
  /** Appended to the command line of the guest's first process, which alone reads them. */
  readonly initArgs?: readonly string[];
  /** From the guest's first byte on. */
  readonly consoleWriter?: ConsoleWriter;
}

/** None are defined yet, but the caller's signal. */
export interface StreamOpts extends CallOptions {}

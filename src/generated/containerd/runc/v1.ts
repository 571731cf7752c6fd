// Generated from proto/ (package containerd.runc.v1) by scripts/generate-proto. Do not edit.

import { type MessageType, finish, messageType, readString } from "../../wire.ts";

export interface Options {
  noPivotRoot: boolean;
  noNewKeyring: boolean;
  shimCgroup: string;
  ioUid: number;
  ioGid: number;
  binaryName: string;
  root: string;
  systemdCgroup: boolean;
  criuImagePath: string;
  criuWorkPath: string;
  taskApiAddress: string;
  taskApiVersion: number;
}
export const Options: MessageType<Options> = messageType<Options>(
  "containerd.runc.v1.Options",
  () => ({ noPivotRoot: false, noNewKeyring: false, shimCgroup: "", ioUid: 0, ioGid: 0, binaryName: "", root: "", systemdCgroup: false, criuImagePath: "", criuWorkPath: "", taskApiAddress: "", taskApiVersion: 0 }),
  (m, w) => {
    if (m.noPivotRoot) w.uint32(8).bool(m.noPivotRoot);
    if (m.noNewKeyring) w.uint32(16).bool(m.noNewKeyring);
    if (m.shimCgroup !== "") w.uint32(26).string(m.shimCgroup);
    if (m.ioUid !== 0) w.uint32(32).uint32(m.ioUid);
    if (m.ioGid !== 0) w.uint32(40).uint32(m.ioGid);
    if (m.binaryName !== "") w.uint32(50).string(m.binaryName);
    if (m.root !== "") w.uint32(58).string(m.root);
    if (m.systemdCgroup) w.uint32(72).bool(m.systemdCgroup);
    if (m.criuImagePath !== "") w.uint32(82).string(m.criuImagePath);
    if (m.criuWorkPath !== "") w.uint32(90).string(m.criuWorkPath);
    if (m.taskApiAddress !== "") w.uint32(98).string(m.taskApiAddress);
    if (m.taskApiVersion !== 0) w.uint32(104).uint32(m.taskApiVersion);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.noPivotRoot = r.bool();
          break;
        case 16:
          m.noNewKeyring = r.bool();
          break;
        case 26:
          m.shimCgroup = readString(r);
          break;
        case 32:
          m.ioUid = r.uint32();
          break;
        case 40:
          m.ioGid = r.uint32();
          break;
        case 50:
          m.binaryName = readString(r);
          break;
        case 58:
          m.root = readString(r);
          break;
        case 72:
          m.systemdCgroup = r.bool();
          break;
        case 82:
          m.criuImagePath = readString(r);
          break;
        case 90:
          m.criuWorkPath = readString(r);
          break;
        case 98:
          m.taskApiAddress = readString(r);
          break;
        case 104:
          m.taskApiVersion = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface CheckpointOptions {
  exit: boolean;
  openTcp: boolean;
  externalUnixSockets: boolean;
  terminal: boolean;
  fileLocks: boolean;
  emptyNamespaces: string[];
  cgroupsMode: string;
  imagePath: string;
  workPath: string;
  parentPath: string;
}
export const CheckpointOptions: MessageType<CheckpointOptions> = messageType<CheckpointOptions>(
  "containerd.runc.v1.CheckpointOptions",
  () => ({ exit: false, openTcp: false, externalUnixSockets: false, terminal: false, fileLocks: false, emptyNamespaces: [], cgroupsMode: "", imagePath: "", workPath: "", parentPath: "" }),
  (m, w) => {
    if (m.exit) w.uint32(8).bool(m.exit);
    if (m.openTcp) w.uint32(16).bool(m.openTcp);
    if (m.externalUnixSockets) w.uint32(24).bool(m.externalUnixSockets);
    if (m.terminal) w.uint32(32).bool(m.terminal);
    if (m.fileLocks) w.uint32(40).bool(m.fileLocks);
    for (const value of m.emptyNamespaces) w.uint32(50).string(value);
    if (m.cgroupsMode !== "") w.uint32(58).string(m.cgroupsMode);
    if (m.imagePath !== "") w.uint32(66).string(m.imagePath);
    if (m.workPath !== "") w.uint32(74).string(m.workPath);
    if (m.parentPath !== "") w.uint32(82).string(m.parentPath);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.exit = r.bool();
          break;
        case 16:
          m.openTcp = r.bool();
          break;
        case 24:
          m.externalUnixSockets = r.bool();
          break;
        case 32:
          m.terminal = r.bool();
          break;
        case 40:
          m.fileLocks = r.bool();
          break;
        case 50:
          m.emptyNamespaces.push(readString(r));
          break;
        case 58:
          m.cgroupsMode = readString(r);
          break;
        case 66:
          m.imagePath = readString(r);
          break;
        case 74:
          m.workPath = readString(r);
          break;
        case 82:
          m.parentPath = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface ProcessDetails {
  execId: string;
}
export const ProcessDetails: MessageType<ProcessDetails> = messageType<ProcessDetails>(
  "containerd.runc.v1.ProcessDetails",
  () => ({ execId: "" }),
  (m, w) => {
    if (m.execId !== "") w.uint32(10).string(m.execId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.execId = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

// Generated from proto/ (package vmservice) by scripts/generate-proto. Do not edit.

import { Empty } from "./google/protobuf.ts";
import { type MessageType, endOf, finish, messageType, readPacked, readString, readUint64, writeInt64 } from "./wire.ts";

/** An open enum: numbers without a name pass through `decode` and `encode` unchanged. */
export const UEFIInitialVariablesSecureBootTemplate = {
  NONE: 0,
  MICROSOFT_WINDOWS: 1,
  MICROSOFT_UEFI_CERTIFICATE_AUTHORITY: 2,
} as const;
export type UEFIInitialVariablesSecureBootTemplate = (typeof UEFIInitialVariablesSecureBootTemplate)[keyof typeof UEFIInitialVariablesSecureBootTemplate];

/** An open enum: numbers without a name pass through `decode` and `encode` unchanged. */
export const DiskType = {
  SCSI_DISK_TYPE_VHD1: 0,
  SCSI_DISK_TYPE_VHDX: 1,
  SCSI_DISK_TYPE_PHYSICAL: 2,
} as const;
export type DiskType = (typeof DiskType)[keyof typeof DiskType];

/** An open enum: numbers without a name pass through `decode` and `encode` unchanged. */
export const IpProtocol = {
  TCP: 0,
  UDP: 1,
} as const;
export type IpProtocol = (typeof IpProtocol)[keyof typeof IpProtocol];

/** An open enum: numbers without a name pass through `decode` and `encode` unchanged. */
export const VMConfigGuestPowerAction = {
  DEFAULT: 0,
  RESTART: 1,
  HALT: 2,
} as const;
export type VMConfigGuestPowerAction = (typeof VMConfigGuestPowerAction)[keyof typeof VMConfigGuestPowerAction];

/** An open enum: numbers without a name pass through `decode` and `encode` unchanged. */
export const PropertiesVMRequestPropertiesType = {
  Memory: 0,
  Processor: 1,
} as const;
export type PropertiesVMRequestPropertiesType = (typeof PropertiesVMRequestPropertiesType)[keyof typeof PropertiesVMRequestPropertiesType];

/** An open enum: numbers without a name pass through `decode` and `encode` unchanged. */
export const VmState = {
  Uninitialized: 0,
  Paused: 1,
  Running: 2,
  Halted: 3,
} as const;
export type VmState = (typeof VmState)[keyof typeof VmState];

/** An open enum: numbers without a name pass through `decode` and `encode` unchanged. */
export const CapabilitiesVMResponseResource = {
  Vpmem: 0,
  Scsi: 1,
  Vpci: 2,
  Plan9: 3,
  VMNic: 4,
  Memory: 5,
  Processor: 6,
} as const;
export type CapabilitiesVMResponseResource = (typeof CapabilitiesVMResponseResource)[keyof typeof CapabilitiesVMResponseResource];

/** An open enum: numbers without a name pass through `decode` and `encode` unchanged. */
export const CapabilitiesVMResponseSupportedGuestOS = {
  Windows: 0,
  Linux: 1,
} as const;
export type CapabilitiesVMResponseSupportedGuestOS = (typeof CapabilitiesVMResponseSupportedGuestOS)[keyof typeof CapabilitiesVMResponseSupportedGuestOS];

/** An open enum: numbers without a name pass through `decode` and `encode` unchanged. */
export const ModifyType = {
  ADD: 0,
  REMOVE: 1,
  UPDATE: 2,
} as const;
export type ModifyType = (typeof ModifyType)[keyof typeof ModifyType];

/** Paths are the host's. */
export interface DirectBoot {
  kernelPath: string;
  initrdPath: string;
  kernelCmdline: string;
}
export const DirectBoot: MessageType<DirectBoot> = messageType<DirectBoot>(
  "vmservice.DirectBoot",
  () => ({ kernelPath: "", initrdPath: "", kernelCmdline: "" }),
  (m, w) => {
    if (m.kernelPath !== "") w.uint32(10).string(m.kernelPath);
    if (m.initrdPath !== "") w.uint32(18).string(m.initrdPath);
    if (m.kernelCmdline !== "") w.uint32(26).string(m.kernelCmdline);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.kernelPath = readString(r);
          break;
        case 18:
          m.initrdPath = readString(r);
          break;
        case 26:
          m.kernelCmdline = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface UEFI {
  firmwarePath: string;
  /** Into a store that is empty. */
  initialVariables?: UEFIInitialVariables | undefined;
  secureBootEnabled: boolean;
}
export const UEFI: MessageType<UEFI> = messageType<UEFI>(
  "vmservice.UEFI",
  () => ({ firmwarePath: "", initialVariables: undefined, secureBootEnabled: false }),
  (m, w) => {
    if (m.firmwarePath !== "") w.uint32(10).string(m.firmwarePath);
    if (m.initialVariables !== undefined) {
      w.uint32(34).fork();
      UEFIInitialVariables.write(m.initialVariables, w);
      w.ldelim();
    }
    if (m.secureBootEnabled) w.uint32(40).bool(m.secureBootEnabled);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.firmwarePath = readString(r);
          break;
        case 34:
          m.initialVariables = UEFIInitialVariables.read(r, endOf(r, end), m.initialVariables ?? UEFIInitialVariables.create());
          break;
        case 40:
          m.secureBootEnabled = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface UEFIInitialVariables {
  secureBootTemplate: UEFIInitialVariablesSecureBootTemplate;
}
export const UEFIInitialVariables: MessageType<UEFIInitialVariables> = messageType<UEFIInitialVariables>(
  "vmservice.UEFI.InitialVariables",
  () => ({ secureBootTemplate: 0 }),
  (m, w) => {
    if (m.secureBootTemplate !== 0) w.uint32(8).int32(m.secureBootTemplate);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.secureBootTemplate = r.int32() as UEFIInitialVariablesSecureBootTemplate;
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** Absent members: the firmware's own. */
export interface SMBIOSConfig {
  bios?: SMBIOSConfigBIOS | undefined;
  system?: SMBIOSConfigSystem | undefined;
}
export const SMBIOSConfig: MessageType<SMBIOSConfig> = messageType<SMBIOSConfig>(
  "vmservice.SMBIOSConfig",
  () => ({ bios: undefined, system: undefined }),
  (m, w) => {
    if (m.bios !== undefined) {
      w.uint32(10).fork();
      SMBIOSConfigBIOS.write(m.bios, w);
      w.ldelim();
    }
    if (m.system !== undefined) {
      w.uint32(18).fork();
      SMBIOSConfigSystem.write(m.system, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.bios = SMBIOSConfigBIOS.read(r, endOf(r, end), m.bios ?? SMBIOSConfigBIOS.create());
          break;
        case 18:
          m.system = SMBIOSConfigSystem.read(r, endOf(r, end), m.system ?? SMBIOSConfigSystem.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface SMBIOSConfigBIOS {
  vendor?: string | undefined;
  version?: string | undefined;
  releaseDate?: string | undefined;
  release?: SMBIOSConfigBIOSRelease | undefined;
}
export const SMBIOSConfigBIOS: MessageType<SMBIOSConfigBIOS> = messageType<SMBIOSConfigBIOS>(
  "vmservice.SMBIOSConfig.BIOS",
  () => ({ vendor: undefined, version: undefined, releaseDate: undefined, release: undefined }),
  (m, w) => {
    if (m.vendor !== undefined) w.uint32(10).string(m.vendor);
    if (m.version !== undefined) w.uint32(18).string(m.version);
    if (m.releaseDate !== undefined) w.uint32(26).string(m.releaseDate);
    if (m.release !== undefined) {
      w.uint32(34).fork();
      SMBIOSConfigBIOSRelease.write(m.release, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.vendor = readString(r);
          break;
        case 18:
          m.version = readString(r);
          break;
        case 26:
          m.releaseDate = readString(r);
          break;
        case 34:
          m.release = SMBIOSConfigBIOSRelease.read(r, endOf(r, end), m.release ?? SMBIOSConfigBIOSRelease.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface SMBIOSConfigBIOSRelease {
  major: number;
  minor: number;
}
export const SMBIOSConfigBIOSRelease: MessageType<SMBIOSConfigBIOSRelease> = messageType<SMBIOSConfigBIOSRelease>(
  "vmservice.SMBIOSConfig.BIOS.Release",
  () => ({ major: 0, minor: 0 }),
  (m, w) => {
    if (m.major !== 0) w.uint32(8).uint32(m.major);
    if (m.minor !== 0) w.uint32(16).uint32(m.minor);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.major = r.uint32();
          break;
        case 16:
          m.minor = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface SMBIOSConfigSystem {
  manufacturer?: string | undefined;
  productName?: string | undefined;
  version?: string | undefined;
  serialNumber?: string | undefined;
  skuNumber?: string | undefined;
  family?: string | undefined;
  uuid?: string | undefined;
}
export const SMBIOSConfigSystem: MessageType<SMBIOSConfigSystem> = messageType<SMBIOSConfigSystem>(
  "vmservice.SMBIOSConfig.System",
  () => ({ manufacturer: undefined, productName: undefined, version: undefined, serialNumber: undefined, skuNumber: undefined, family: undefined, uuid: undefined }),
  (m, w) => {
    if (m.manufacturer !== undefined) w.uint32(10).string(m.manufacturer);
    if (m.productName !== undefined) w.uint32(18).string(m.productName);
    if (m.version !== undefined) w.uint32(26).string(m.version);
    if (m.serialNumber !== undefined) w.uint32(34).string(m.serialNumber);
    if (m.skuNumber !== undefined) w.uint32(42).string(m.skuNumber);
    if (m.family !== undefined) w.uint32(50).string(m.family);
    if (m.uuid !== undefined) w.uint32(58).string(m.uuid);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.manufacturer = readString(r);
          break;
        case 18:
          m.productName = readString(r);
          break;
        case 26:
          m.version = readString(r);
          break;
        case 34:
          m.serialNumber = readString(r);
          break;
        case 42:
          m.skuNumber = readString(r);
          break;
        case 50:
          m.family = readString(r);
          break;
        case 58:
          m.uuid = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface SerialConfig {
  ports: SerialConfigConfig[];
}
export const SerialConfig: MessageType<SerialConfig> = messageType<SerialConfig>(
  "vmservice.SerialConfig",
  () => ({ ports: [] }),
  (m, w) => {
    for (const value of m.ports) {
      w.uint32(26).fork();
      SerialConfigConfig.write(value, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 26:
          m.ports.push(SerialConfigConfig.read(r, endOf(r, end), SerialConfigConfig.create()));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** A unix socket: the server listens on it, or connects to it. */
export interface SerialConfigConfig {
  port: number;
  socketPath: string;
  connect: boolean;
}
export const SerialConfigConfig: MessageType<SerialConfigConfig> = messageType<SerialConfigConfig>(
  "vmservice.SerialConfig.Config",
  () => ({ port: 0, socketPath: "", connect: false }),
  (m, w) => {
    if (m.port !== 0) w.uint32(8).uint32(m.port);
    if (m.socketPath !== "") w.uint32(18).string(m.socketPath);
    if (m.connect) w.uint32(24).bool(m.connect);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.port = r.uint32();
          break;
        case 18:
          m.socketPath = readString(r);
          break;
        case 24:
          m.connect = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** Hybrid vsock: the guest's dials of port P go to the unix socket <path>_<P>. */
export interface HVSocketConfig {
  path: string;
}
export const HVSocketConfig: MessageType<HVSocketConfig> = messageType<HVSocketConfig>(
  "vmservice.HVSocketConfig",
  () => ({ path: "" }),
  (m, w) => {
    if (m.path !== "") w.uint32(10).string(m.path);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.path = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface DevicesConfig {
  scsiDisks: SCSIDisk[];
  vpmemDisks: VPMEMDisk[];
  nicConfig: NICConfig[];
  windowsDevice: WindowsPCIDevice[];
  virtiofsConfig: VirtioFs[];
  virtioConsole?: VirtioConsoleConfig | undefined;
}
export const DevicesConfig: MessageType<DevicesConfig> = messageType<DevicesConfig>(
  "vmservice.DevicesConfig",
  () => ({ scsiDisks: [], vpmemDisks: [], nicConfig: [], windowsDevice: [], virtiofsConfig: [], virtioConsole: undefined }),
  (m, w) => {
    for (const value of m.scsiDisks) {
      w.uint32(10).fork();
      SCSIDisk.write(value, w);
      w.ldelim();
    }
    for (const value of m.vpmemDisks) {
      w.uint32(18).fork();
      VPMEMDisk.write(value, w);
      w.ldelim();
    }
    for (const value of m.nicConfig) {
      w.uint32(26).fork();
      NICConfig.write(value, w);
      w.ldelim();
    }
    for (const value of m.windowsDevice) {
      w.uint32(34).fork();
      WindowsPCIDevice.write(value, w);
      w.ldelim();
    }
    for (const value of m.virtiofsConfig) {
      w.uint32(42).fork();
      VirtioFs.write(value, w);
      w.ldelim();
    }
    if (m.virtioConsole !== undefined) {
      w.uint32(50).fork();
      VirtioConsoleConfig.write(m.virtioConsole, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.scsiDisks.push(SCSIDisk.read(r, endOf(r, end), SCSIDisk.create()));
          break;
        case 18:
          m.vpmemDisks.push(VPMEMDisk.read(r, endOf(r, end), VPMEMDisk.create()));
          break;
        case 26:
          m.nicConfig.push(NICConfig.read(r, endOf(r, end), NICConfig.create()));
          break;
        case 34:
          m.windowsDevice.push(WindowsPCIDevice.read(r, endOf(r, end), WindowsPCIDevice.create()));
          break;
        case 42:
          m.virtiofsConfig.push(VirtioFs.read(r, endOf(r, end), VirtioFs.create()));
          break;
        case 50:
          m.virtioConsole = VirtioConsoleConfig.read(r, endOf(r, end), m.virtioConsole ?? VirtioConsoleConfig.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface SCSIDisk {
  controller: number;
  lun: number;
  hostPath: string;
  /** OpenVMM goes by the extension of the path instead. */
  type: DiskType;
  readOnly: boolean;
}
export const SCSIDisk: MessageType<SCSIDisk> = messageType<SCSIDisk>(
  "vmservice.SCSIDisk",
  () => ({ controller: 0, lun: 0, hostPath: "", type: 0, readOnly: false }),
  (m, w) => {
    if (m.controller !== 0) w.uint32(8).uint32(m.controller);
    if (m.lun !== 0) w.uint32(16).uint32(m.lun);
    if (m.hostPath !== "") w.uint32(26).string(m.hostPath);
    if (m.type !== 0) w.uint32(32).int32(m.type);
    if (m.readOnly) w.uint32(40).bool(m.readOnly);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.controller = r.uint32();
          break;
        case 16:
          m.lun = r.uint32();
          break;
        case 26:
          m.hostPath = readString(r);
          break;
        case 32:
          m.type = r.int32() as DiskType;
          break;
        case 40:
          m.readOnly = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface VPMEMDisk {
  hostPath: string;
  type: DiskType;
  readOnly: boolean;
}
export const VPMEMDisk: MessageType<VPMEMDisk> = messageType<VPMEMDisk>(
  "vmservice.VPMEMDisk",
  () => ({ hostPath: "", type: 0, readOnly: false }),
  (m, w) => {
    if (m.hostPath !== "") w.uint32(10).string(m.hostPath);
    if (m.type !== 0) w.uint32(16).int32(m.type);
    if (m.readOnly) w.uint32(24).bool(m.readOnly);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.hostPath = readString(r);
          break;
        case 16:
          m.type = r.int32() as DiskType;
          break;
        case 24:
          m.readOnly = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface NICConfig {
  /** A GUID. */
  nicId: string;
  /** As in 12-34-56-78-9A-BC. */
  macAddress: string;
  /** With legacy_port_id. */
  legacySwitchId: string;
  nicName: string;
  legacyPortId?: string | undefined;
  dio?: DioBackend | undefined;
  tap?: TapBackend | undefined;
  consomme?: ConsommeBackend | undefined;
}
export const NICConfig: MessageType<NICConfig> = messageType<NICConfig>(
  "vmservice.NICConfig",
  () => ({ nicId: "", macAddress: "", legacySwitchId: "", nicName: "", legacyPortId: undefined, dio: undefined, tap: undefined, consomme: undefined }),
  (m, w) => {
    if (m.nicId !== "") w.uint32(10).string(m.nicId);
    if (m.macAddress !== "") w.uint32(26).string(m.macAddress);
    if (m.legacySwitchId !== "") w.uint32(34).string(m.legacySwitchId);
    if (m.nicName !== "") w.uint32(42).string(m.nicName);
    if (m.legacyPortId !== undefined) w.uint32(18).string(m.legacyPortId);
    if (m.dio !== undefined) {
      w.uint32(50).fork();
      DioBackend.write(m.dio, w);
      w.ldelim();
    }
    if (m.tap !== undefined) {
      w.uint32(58).fork();
      TapBackend.write(m.tap, w);
      w.ldelim();
    }
    if (m.consomme !== undefined) {
      w.uint32(66).fork();
      ConsommeBackend.write(m.consomme, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.nicId = readString(r);
          break;
        case 26:
          m.macAddress = readString(r);
          break;
        case 34:
          m.legacySwitchId = readString(r);
          break;
        case 42:
          m.nicName = readString(r);
          break;
        case 18:
          m.legacyPortId = readString(r);
          break;
        case 50:
          m.dio = DioBackend.read(r, endOf(r, end), m.dio ?? DioBackend.create());
          break;
        case 58:
          m.tap = TapBackend.read(r, endOf(r, end), m.tap ?? TapBackend.create());
          break;
        case 66:
          m.consomme = ConsommeBackend.read(r, endOf(r, end), m.consomme ?? ConsommeBackend.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** A port of a switch of Windows, by GUIDs. */
export interface DioBackend {
  switchId: string;
  portId: string;
}
export const DioBackend: MessageType<DioBackend> = messageType<DioBackend>(
  "vmservice.DioBackend",
  () => ({ switchId: "", portId: "" }),
  (m, w) => {
    if (m.switchId !== "") w.uint32(10).string(m.switchId);
    if (m.portId !== "") w.uint32(18).string(m.portId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.switchId = readString(r);
          break;
        case 18:
          m.portId = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface TapBackend {
  /** Of the interface. */
  name?: string | undefined;
  /** Of a descriptor that was registered with the server before. */
  fdName?: string | undefined;
}
export const TapBackend: MessageType<TapBackend> = messageType<TapBackend>(
  "vmservice.TapBackend",
  () => ({ name: undefined, fdName: undefined }),
  (m, w) => {
    if (m.name !== undefined) w.uint32(10).string(m.name);
    if (m.fdName !== undefined) w.uint32(18).string(m.fdName);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.name = readString(r);
          break;
        case 18:
          m.fdName = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface PortConfig {
  hostPort: number;
  guestPort: number;
  protocol: IpProtocol;
  hostAddress: string;
}
export const PortConfig: MessageType<PortConfig> = messageType<PortConfig>(
  "vmservice.PortConfig",
  () => ({ hostPort: 0, guestPort: 0, protocol: 0, hostAddress: "" }),
  (m, w) => {
    if (m.hostPort !== 0) w.uint32(8).uint32(m.hostPort);
    if (m.guestPort !== 0) w.uint32(16).uint32(m.guestPort);
    if (m.protocol !== 0) w.uint32(24).int32(m.protocol);
    if (m.hostAddress !== "") w.uint32(34).string(m.hostAddress);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.hostPort = r.uint32();
          break;
        case 16:
          m.guestPort = r.uint32();
          break;
        case 24:
          m.protocol = r.int32() as IpProtocol;
          break;
        case 34:
          m.hostAddress = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** A network of the server's own process (user mode). */
export interface ConsommeBackend {
  cidr: string;
  /** Forwarded into the guest. */
  ports: PortConfig[];
}
export const ConsommeBackend: MessageType<ConsommeBackend> = messageType<ConsommeBackend>(
  "vmservice.ConsommeBackend",
  () => ({ cidr: "", ports: [] }),
  (m, w) => {
    if (m.cidr !== "") w.uint32(10).string(m.cidr);
    for (const value of m.ports) {
      w.uint32(18).fork();
      PortConfig.write(value, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.cidr = readString(r);
          break;
        case 18:
          m.ports.push(PortConfig.read(r, endOf(r, end), PortConfig.create()));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface WindowsPCIDevice {
  instanceId: string;
}
export const WindowsPCIDevice: MessageType<WindowsPCIDevice> = messageType<WindowsPCIDevice>(
  "vmservice.WindowsPCIDevice",
  () => ({ instanceId: "" }),
  (m, w) => {
    if (m.instanceId !== "") w.uint32(10).string(m.instanceId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.instanceId = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface VirtioFs {
  tag: string;
  rootPath: string;
  readOnly: boolean;
}
export const VirtioFs: MessageType<VirtioFs> = messageType<VirtioFs>(
  "vmservice.VirtioFs",
  () => ({ tag: "", rootPath: "", readOnly: false }),
  (m, w) => {
    if (m.tag !== "") w.uint32(10).string(m.tag);
    if (m.rootPath !== "") w.uint32(18).string(m.rootPath);
    if (m.readOnly) w.uint32(24).bool(m.readOnly);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.tag = readString(r);
          break;
        case 18:
          m.rootPath = readString(r);
          break;
        case 24:
          m.readOnly = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** A unix socket: the server listens on it, or connects to it. */
export interface VirtioConsoleConfig {
  socketPath: string;
  connect: boolean;
}
export const VirtioConsoleConfig: MessageType<VirtioConsoleConfig> = messageType<VirtioConsoleConfig>(
  "vmservice.VirtioConsoleConfig",
  () => ({ socketPath: "", connect: false }),
  (m, w) => {
    if (m.socketPath !== "") w.uint32(10).string(m.socketPath);
    if (m.connect) w.uint32(16).bool(m.connect);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.socketPath = readString(r);
          break;
        case 16:
          m.connect = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** Root complexes have ports; behind a port is a device, or a switch, which has ports of its own. */
export interface PcieTopologyConfig {
  rootComplexes: PcieRootComplex[];
  genericInitiators: PcieGenericInitiator[];
}
export const PcieTopologyConfig: MessageType<PcieTopologyConfig> = messageType<PcieTopologyConfig>(
  "vmservice.PcieTopologyConfig",
  () => ({ rootComplexes: [], genericInitiators: [] }),
  (m, w) => {
    for (const value of m.rootComplexes) {
      w.uint32(10).fork();
      PcieRootComplex.write(value, w);
      w.ldelim();
    }
    for (const value of m.genericInitiators) {
      w.uint32(18).fork();
      PcieGenericInitiator.write(value, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.rootComplexes.push(PcieRootComplex.read(r, endOf(r, end), PcieRootComplex.create()));
          break;
        case 18:
          m.genericInitiators.push(PcieGenericInitiator.read(r, endOf(r, end), PcieGenericInitiator.create()));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface PcieGenericInitiator {
  portName: string;
  node: number;
}
export const PcieGenericInitiator: MessageType<PcieGenericInitiator> = messageType<PcieGenericInitiator>(
  "vmservice.PcieGenericInitiator",
  () => ({ portName: "", node: 0 }),
  (m, w) => {
    if (m.portName !== "") w.uint32(10).string(m.portName);
    if (m.node !== 0) w.uint32(16).uint32(m.node);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.portName = readString(r);
          break;
        case 16:
          m.node = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface PcieRootComplex {
  name: string;
  segment: number;
  startBus: number;
  endBus: number;
  /** Sizes and bases in bytes. */
  lowMmio: bigint;
  highMmio: bigint;
  lowMmioBase?: bigint | undefined;
  highMmioBase?: bigint | undefined;
  preserveBars: boolean;
  /** Of the guest's NUMA. */
  node?: number | undefined;
  rootPorts: PciePort[];
  iommu?: PcieIommuConfig | undefined;
}
export const PcieRootComplex: MessageType<PcieRootComplex> = messageType<PcieRootComplex>(
  "vmservice.PcieRootComplex",
  () => ({ name: "", segment: 0, startBus: 0, endBus: 0, lowMmio: 0n, highMmio: 0n, lowMmioBase: undefined, highMmioBase: undefined, preserveBars: false, node: undefined, rootPorts: [], iommu: undefined }),
  (m, w) => {
    if (m.name !== "") w.uint32(10).string(m.name);
    if (m.segment !== 0) w.uint32(16).uint32(m.segment);
    if (m.startBus !== 0) w.uint32(24).uint32(m.startBus);
    if (m.endBus !== 0) w.uint32(32).uint32(m.endBus);
    if (m.lowMmio !== 0n) writeInt64(w.uint32(40), m.lowMmio);
    if (m.highMmio !== 0n) writeInt64(w.uint32(48), m.highMmio);
    if (m.lowMmioBase !== undefined) writeInt64(w.uint32(56), m.lowMmioBase);
    if (m.highMmioBase !== undefined) writeInt64(w.uint32(64), m.highMmioBase);
    if (m.preserveBars) w.uint32(72).bool(m.preserveBars);
    if (m.node !== undefined) w.uint32(80).uint32(m.node);
    for (const value of m.rootPorts) {
      w.uint32(90).fork();
      PciePort.write(value, w);
      w.ldelim();
    }
    if (m.iommu !== undefined) {
      w.uint32(98).fork();
      PcieIommuConfig.write(m.iommu, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.name = readString(r);
          break;
        case 16:
          m.segment = r.uint32();
          break;
        case 24:
          m.startBus = r.uint32();
          break;
        case 32:
          m.endBus = r.uint32();
          break;
        case 40:
          m.lowMmio = readUint64(r);
          break;
        case 48:
          m.highMmio = readUint64(r);
          break;
        case 56:
          m.lowMmioBase = readUint64(r);
          break;
        case 64:
          m.highMmioBase = readUint64(r);
          break;
        case 72:
          m.preserveBars = r.bool();
          break;
        case 80:
          m.node = r.uint32();
          break;
        case 90:
          m.rootPorts.push(PciePort.read(r, endOf(r, end), PciePort.create()));
          break;
        case 98:
          m.iommu = PcieIommuConfig.read(r, endOf(r, end), m.iommu ?? PcieIommuConfig.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface PcieIommuConfig {
  smmu?: SmmuConfig | undefined;
}
export const PcieIommuConfig: MessageType<PcieIommuConfig> = messageType<PcieIommuConfig>(
  "vmservice.PcieIommuConfig",
  () => ({ smmu: undefined }),
  (m, w) => {
    if (m.smmu !== undefined) {
      w.uint32(10).fork();
      SmmuConfig.write(m.smmu, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.smmu = SmmuConfig.read(r, endOf(r, end), m.smmu ?? SmmuConfig.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface SmmuConfig {
  accel: boolean;
  oasBits?: number | undefined;
}
export const SmmuConfig: MessageType<SmmuConfig> = messageType<SmmuConfig>(
  "vmservice.SmmuConfig",
  () => ({ accel: false, oasBits: undefined }),
  (m, w) => {
    if (m.accel) w.uint32(8).bool(m.accel);
    if (m.oasBits !== undefined) w.uint32(16).uint32(m.oasBits);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.accel = r.bool();
          break;
        case 16:
          m.oasBits = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface PciePort {
  name: string;
  hotplug: boolean;
  attached?: PcieAttachment | undefined;
  /** device << 3 | function; absent: the lowest that is free. */
  devfn?: number | undefined;
  acsCapabilitiesSupported?: number | undefined;
}
export const PciePort: MessageType<PciePort> = messageType<PciePort>(
  "vmservice.PciePort",
  () => ({ name: "", hotplug: false, attached: undefined, devfn: undefined, acsCapabilitiesSupported: undefined }),
  (m, w) => {
    if (m.name !== "") w.uint32(10).string(m.name);
    if (m.hotplug) w.uint32(16).bool(m.hotplug);
    if (m.attached !== undefined) {
      w.uint32(26).fork();
      PcieAttachment.write(m.attached, w);
      w.ldelim();
    }
    if (m.devfn !== undefined) w.uint32(32).uint32(m.devfn);
    if (m.acsCapabilitiesSupported !== undefined) w.uint32(40).uint32(m.acsCapabilitiesSupported);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.name = readString(r);
          break;
        case 16:
          m.hotplug = r.bool();
          break;
        case 26:
          m.attached = PcieAttachment.read(r, endOf(r, end), m.attached ?? PcieAttachment.create());
          break;
        case 32:
          m.devfn = r.uint32();
          break;
        case 40:
          m.acsCapabilitiesSupported = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface PcieSwitch {
  name: string;
  downstreamPorts: PciePort[];
}
export const PcieSwitch: MessageType<PcieSwitch> = messageType<PcieSwitch>(
  "vmservice.PcieSwitch",
  () => ({ name: "", downstreamPorts: [] }),
  (m, w) => {
    if (m.name !== "") w.uint32(10).string(m.name);
    for (const value of m.downstreamPorts) {
      w.uint32(18).fork();
      PciePort.write(value, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.name = readString(r);
          break;
        case 18:
          m.downstreamPorts.push(PciePort.read(r, endOf(r, end), PciePort.create()));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface PcieAttachment {
  device?: PcieDeviceKind | undefined;
  switch?: PcieSwitch | undefined;
}
export const PcieAttachment: MessageType<PcieAttachment> = messageType<PcieAttachment>(
  "vmservice.PcieAttachment",
  () => ({ device: undefined, switch: undefined }),
  (m, w) => {
    if (m.device !== undefined) {
      w.uint32(10).fork();
      PcieDeviceKind.write(m.device, w);
      w.ldelim();
    }
    if (m.switch !== undefined) {
      w.uint32(18).fork();
      PcieSwitch.write(m.switch, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.device = PcieDeviceKind.read(r, endOf(r, end), m.device ?? PcieDeviceKind.create());
          break;
        case 18:
          m.switch = PcieSwitch.read(r, endOf(r, end), m.switch ?? PcieSwitch.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface PcieDeviceKind {
  virtio?: VirtioDevice | undefined;
  nvme?: NvmeConfig | undefined;
  vfio?: VfioDevice | undefined;
}
export const PcieDeviceKind: MessageType<PcieDeviceKind> = messageType<PcieDeviceKind>(
  "vmservice.PcieDeviceKind",
  () => ({ virtio: undefined, nvme: undefined, vfio: undefined }),
  (m, w) => {
    if (m.virtio !== undefined) {
      w.uint32(10).fork();
      VirtioDevice.write(m.virtio, w);
      w.ldelim();
    }
    if (m.nvme !== undefined) {
      w.uint32(18).fork();
      NvmeConfig.write(m.nvme, w);
      w.ldelim();
    }
    if (m.vfio !== undefined) {
      w.uint32(26).fork();
      VfioDevice.write(m.vfio, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.virtio = VirtioDevice.read(r, endOf(r, end), m.virtio ?? VirtioDevice.create());
          break;
        case 18:
          m.nvme = NvmeConfig.read(r, endOf(r, end), m.nvme ?? NvmeConfig.create());
          break;
        case 26:
          m.vfio = VfioDevice.read(r, endOf(r, end), m.vfio ?? VfioDevice.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface VirtioDevice {
  blk?: VirtioBlk | undefined;
  net?: VirtioNet | undefined;
  rng?: VirtioRng | undefined;
  vsock?: VirtioVsock | undefined;
  console?: VirtioConsole | undefined;
  vhostUser?: VhostUser | undefined;
  fs?: VirtioFs | undefined;
}
export const VirtioDevice: MessageType<VirtioDevice> = messageType<VirtioDevice>(
  "vmservice.VirtioDevice",
  () => ({ blk: undefined, net: undefined, rng: undefined, vsock: undefined, console: undefined, vhostUser: undefined, fs: undefined }),
  (m, w) => {
    if (m.blk !== undefined) {
      w.uint32(10).fork();
      VirtioBlk.write(m.blk, w);
      w.ldelim();
    }
    if (m.net !== undefined) {
      w.uint32(18).fork();
      VirtioNet.write(m.net, w);
      w.ldelim();
    }
    if (m.rng !== undefined) {
      w.uint32(26).fork();
      VirtioRng.write(m.rng, w);
      w.ldelim();
    }
    if (m.vsock !== undefined) {
      w.uint32(34).fork();
      VirtioVsock.write(m.vsock, w);
      w.ldelim();
    }
    if (m.console !== undefined) {
      w.uint32(42).fork();
      VirtioConsole.write(m.console, w);
      w.ldelim();
    }
    if (m.vhostUser !== undefined) {
      w.uint32(50).fork();
      VhostUser.write(m.vhostUser, w);
      w.ldelim();
    }
    if (m.fs !== undefined) {
      w.uint32(58).fork();
      VirtioFs.write(m.fs, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.blk = VirtioBlk.read(r, endOf(r, end), m.blk ?? VirtioBlk.create());
          break;
        case 18:
          m.net = VirtioNet.read(r, endOf(r, end), m.net ?? VirtioNet.create());
          break;
        case 26:
          m.rng = VirtioRng.read(r, endOf(r, end), m.rng ?? VirtioRng.create());
          break;
        case 34:
          m.vsock = VirtioVsock.read(r, endOf(r, end), m.vsock ?? VirtioVsock.create());
          break;
        case 42:
          m.console = VirtioConsole.read(r, endOf(r, end), m.console ?? VirtioConsole.create());
          break;
        case 50:
          m.vhostUser = VhostUser.read(r, endOf(r, end), m.vhostUser ?? VhostUser.create());
          break;
        case 58:
          m.fs = VirtioFs.read(r, endOf(r, end), m.fs ?? VirtioFs.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface DiskBackend {
  file?: FileDisk | undefined;
}
export const DiskBackend: MessageType<DiskBackend> = messageType<DiskBackend>(
  "vmservice.DiskBackend",
  () => ({ file: undefined }),
  (m, w) => {
    if (m.file !== undefined) {
      w.uint32(10).fork();
      FileDisk.write(m.file, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.file = FileDisk.read(r, endOf(r, end), m.file ?? FileDisk.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface FileDisk {
  path: string;
  /** O_DIRECT. */
  direct: boolean;
}
export const FileDisk: MessageType<FileDisk> = messageType<FileDisk>(
  "vmservice.FileDisk",
  () => ({ path: "", direct: false }),
  (m, w) => {
    if (m.path !== "") w.uint32(10).string(m.path);
    if (m.direct) w.uint32(16).bool(m.direct);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.path = readString(r);
          break;
        case 16:
          m.direct = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface VirtioBlk {
  backend?: DiskBackend | undefined;
  readOnly: boolean;
}
export const VirtioBlk: MessageType<VirtioBlk> = messageType<VirtioBlk>(
  "vmservice.VirtioBlk",
  () => ({ backend: undefined, readOnly: false }),
  (m, w) => {
    if (m.backend !== undefined) {
      w.uint32(10).fork();
      DiskBackend.write(m.backend, w);
      w.ldelim();
    }
    if (m.readOnly) w.uint32(16).bool(m.readOnly);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.backend = DiskBackend.read(r, endOf(r, end), m.backend ?? DiskBackend.create());
          break;
        case 16:
          m.readOnly = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface NicBackend {
  dio?: DioBackend | undefined;
  tap?: TapBackend | undefined;
  consomme?: ConsommeBackend | undefined;
}
export const NicBackend: MessageType<NicBackend> = messageType<NicBackend>(
  "vmservice.NicBackend",
  () => ({ dio: undefined, tap: undefined, consomme: undefined }),
  (m, w) => {
    if (m.dio !== undefined) {
      w.uint32(10).fork();
      DioBackend.write(m.dio, w);
      w.ldelim();
    }
    if (m.tap !== undefined) {
      w.uint32(18).fork();
      TapBackend.write(m.tap, w);
      w.ldelim();
    }
    if (m.consomme !== undefined) {
      w.uint32(26).fork();
      ConsommeBackend.write(m.consomme, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.dio = DioBackend.read(r, endOf(r, end), m.dio ?? DioBackend.create());
          break;
        case 18:
          m.tap = TapBackend.read(r, endOf(r, end), m.tap ?? TapBackend.create());
          break;
        case 26:
          m.consomme = ConsommeBackend.read(r, endOf(r, end), m.consomme ?? ConsommeBackend.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface VirtioNet {
  maxQueues?: number | undefined;
  /** Absent: an adapter without a network. */
  backend?: NicBackend | undefined;
  macAddress: string;
}
export const VirtioNet: MessageType<VirtioNet> = messageType<VirtioNet>(
  "vmservice.VirtioNet",
  () => ({ maxQueues: undefined, backend: undefined, macAddress: "" }),
  (m, w) => {
    if (m.maxQueues !== undefined) w.uint32(8).uint32(m.maxQueues);
    if (m.backend !== undefined) {
      w.uint32(18).fork();
      NicBackend.write(m.backend, w);
      w.ldelim();
    }
    if (m.macAddress !== "") w.uint32(26).string(m.macAddress);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.maxQueues = r.uint32();
          break;
        case 18:
          m.backend = NicBackend.read(r, endOf(r, end), m.backend ?? NicBackend.create());
          break;
        case 26:
          m.macAddress = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export type VirtioRng = Record<never, never>;
export const VirtioRng: MessageType<VirtioRng> = messageType<VirtioRng>(
  "vmservice.VirtioRng",
  () => ({  }),
  () => {},
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      r.skip(tag);
    }
    return finish(r, end, m);
  },
);

export interface VirtioVsock {
  /** As HVSocketConfig's path. */
  socketPath: string;
}
export const VirtioVsock: MessageType<VirtioVsock> = messageType<VirtioVsock>(
  "vmservice.VirtioVsock",
  () => ({ socketPath: "" }),
  (m, w) => {
    if (m.socketPath !== "") w.uint32(10).string(m.socketPath);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.socketPath = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface VirtioConsole {
  backend?: SerialBackend | undefined;
}
export const VirtioConsole: MessageType<VirtioConsole> = messageType<VirtioConsole>(
  "vmservice.VirtioConsole",
  () => ({ backend: undefined }),
  (m, w) => {
    if (m.backend !== undefined) {
      w.uint32(10).fork();
      SerialBackend.write(m.backend, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.backend = SerialBackend.read(r, endOf(r, end), m.backend ?? SerialBackend.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface SerialBackend {
  relay?: SerialRelay | undefined;
}
export const SerialBackend: MessageType<SerialBackend> = messageType<SerialBackend>(
  "vmservice.SerialBackend",
  () => ({ relay: undefined }),
  (m, w) => {
    if (m.relay !== undefined) {
      w.uint32(10).fork();
      SerialRelay.write(m.relay, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.relay = SerialRelay.read(r, endOf(r, end), m.relay ?? SerialRelay.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface SerialRelay {
  socketPath: string;
  connect: boolean;
}
export const SerialRelay: MessageType<SerialRelay> = messageType<SerialRelay>(
  "vmservice.SerialRelay",
  () => ({ socketPath: "", connect: false }),
  (m, w) => {
    if (m.socketPath !== "") w.uint32(10).string(m.socketPath);
    if (m.connect) w.uint32(16).bool(m.connect);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.socketPath = readString(r);
          break;
        case 16:
          m.connect = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** Served by another process, over its socket. */
export interface VhostUser {
  socketPath: string;
  device?: VhostUserDevice | undefined;
}
export const VhostUser: MessageType<VhostUser> = messageType<VhostUser>(
  "vmservice.VhostUser",
  () => ({ socketPath: "", device: undefined }),
  (m, w) => {
    if (m.socketPath !== "") w.uint32(10).string(m.socketPath);
    if (m.device !== undefined) {
      w.uint32(18).fork();
      VhostUserDevice.write(m.device, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.socketPath = readString(r);
          break;
        case 18:
          m.device = VhostUserDevice.read(r, endOf(r, end), m.device ?? VhostUserDevice.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface VhostUserDevice {
  blk?: VhostUserBlk | undefined;
  fs?: VhostUserFs | undefined;
  other?: VhostUserGeneric | undefined;
}
export const VhostUserDevice: MessageType<VhostUserDevice> = messageType<VhostUserDevice>(
  "vmservice.VhostUserDevice",
  () => ({ blk: undefined, fs: undefined, other: undefined }),
  (m, w) => {
    if (m.blk !== undefined) {
      w.uint32(10).fork();
      VhostUserBlk.write(m.blk, w);
      w.ldelim();
    }
    if (m.fs !== undefined) {
      w.uint32(18).fork();
      VhostUserFs.write(m.fs, w);
      w.ldelim();
    }
    if (m.other !== undefined) {
      w.uint32(26).fork();
      VhostUserGeneric.write(m.other, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.blk = VhostUserBlk.read(r, endOf(r, end), m.blk ?? VhostUserBlk.create());
          break;
        case 18:
          m.fs = VhostUserFs.read(r, endOf(r, end), m.fs ?? VhostUserFs.create());
          break;
        case 26:
          m.other = VhostUserGeneric.read(r, endOf(r, end), m.other ?? VhostUserGeneric.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface VhostUserBlk {
  numQueues?: number | undefined;
  queueSize?: number | undefined;
}
export const VhostUserBlk: MessageType<VhostUserBlk> = messageType<VhostUserBlk>(
  "vmservice.VhostUserBlk",
  () => ({ numQueues: undefined, queueSize: undefined }),
  (m, w) => {
    if (m.numQueues !== undefined) w.uint32(8).uint32(m.numQueues);
    if (m.queueSize !== undefined) w.uint32(16).uint32(m.queueSize);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.numQueues = r.uint32();
          break;
        case 16:
          m.queueSize = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface VhostUserFs {
  tag: string;
  numQueues?: number | undefined;
  queueSize?: number | undefined;
}
export const VhostUserFs: MessageType<VhostUserFs> = messageType<VhostUserFs>(
  "vmservice.VhostUserFs",
  () => ({ tag: "", numQueues: undefined, queueSize: undefined }),
  (m, w) => {
    if (m.tag !== "") w.uint32(10).string(m.tag);
    if (m.numQueues !== undefined) w.uint32(16).uint32(m.numQueues);
    if (m.queueSize !== undefined) w.uint32(24).uint32(m.queueSize);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.tag = readString(r);
          break;
        case 16:
          m.numQueues = r.uint32();
          break;
        case 24:
          m.queueSize = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface VhostUserGeneric {
  deviceId: number;
  queueSizes: number[];
}
export const VhostUserGeneric: MessageType<VhostUserGeneric> = messageType<VhostUserGeneric>(
  "vmservice.VhostUserGeneric",
  () => ({ deviceId: 0, queueSizes: [] }),
  (m, w) => {
    if (m.deviceId !== 0) w.uint32(8).uint32(m.deviceId);
    if (m.queueSizes.length > 0) {
      w.uint32(18).fork();
      for (const value of m.queueSizes) w.uint32(value);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.deviceId = r.uint32();
          break;
        case 16:
          m.queueSizes.push(r.uint32());
          break;
        case 18:
          readPacked(r, end, () => m.queueSizes.push(r.uint32()));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface NvmeConfig {
  controllerId: string;
  namespaces: NvmeNamespace[];
}
export const NvmeConfig: MessageType<NvmeConfig> = messageType<NvmeConfig>(
  "vmservice.NvmeConfig",
  () => ({ controllerId: "", namespaces: [] }),
  (m, w) => {
    if (m.controllerId !== "") w.uint32(10).string(m.controllerId);
    for (const value of m.namespaces) {
      w.uint32(18).fork();
      NvmeNamespace.write(value, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.controllerId = readString(r);
          break;
        case 18:
          m.namespaces.push(NvmeNamespace.read(r, endOf(r, end), NvmeNamespace.create()));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface NvmeNamespace {
  /** From 1. */
  nsid: number;
  backend?: DiskBackend | undefined;
  readOnly: boolean;
}
export const NvmeNamespace: MessageType<NvmeNamespace> = messageType<NvmeNamespace>(
  "vmservice.NvmeNamespace",
  () => ({ nsid: 0, backend: undefined, readOnly: false }),
  (m, w) => {
    if (m.nsid !== 0) w.uint32(8).uint32(m.nsid);
    if (m.backend !== undefined) {
      w.uint32(18).fork();
      DiskBackend.write(m.backend, w);
      w.ldelim();
    }
    if (m.readOnly) w.uint32(24).bool(m.readOnly);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.nsid = r.uint32();
          break;
        case 18:
          m.backend = DiskBackend.read(r, endOf(r, end), m.backend ?? DiskBackend.create());
          break;
        case 24:
          m.readOnly = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface VfioDevice {
  /** As in 0000:01:00.0. */
  hostPciAddress: string;
  barAddresses: VfioBarAddress[];
  /** Of VMConfig's iommufds; absent: VFIO's groups. */
  iommufdId?: string | undefined;
}
export const VfioDevice: MessageType<VfioDevice> = messageType<VfioDevice>(
  "vmservice.VfioDevice",
  () => ({ hostPciAddress: "", barAddresses: [], iommufdId: undefined }),
  (m, w) => {
    if (m.hostPciAddress !== "") w.uint32(10).string(m.hostPciAddress);
    for (const value of m.barAddresses) {
      w.uint32(18).fork();
      VfioBarAddress.write(value, w);
      w.ldelim();
    }
    if (m.iommufdId !== undefined) w.uint32(26).string(m.iommufdId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.hostPciAddress = readString(r);
          break;
        case 18:
          m.barAddresses.push(VfioBarAddress.read(r, endOf(r, end), VfioBarAddress.create()));
          break;
        case 26:
          m.iommufdId = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface VfioBarAddress {
  barIndex: number;
  host?: Empty | undefined;
  fixed?: bigint | undefined;
}
export const VfioBarAddress: MessageType<VfioBarAddress> = messageType<VfioBarAddress>(
  "vmservice.VfioBarAddress",
  () => ({ barIndex: 0, host: undefined, fixed: undefined }),
  (m, w) => {
    if (m.barIndex !== 0) w.uint32(8).uint32(m.barIndex);
    if (m.host !== undefined) {
      w.uint32(18).fork();
      Empty.write(m.host, w);
      w.ldelim();
    }
    if (m.fixed !== undefined) writeInt64(w.uint32(24), m.fixed);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.barIndex = r.uint32();
          break;
        case 18:
          m.host = Empty.read(r, endOf(r, end), m.host ?? Empty.create());
          break;
        case 24:
          m.fixed = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface IommufdConfig {
  id: string;
}
export const IommufdConfig: MessageType<IommufdConfig> = messageType<IommufdConfig>(
  "vmservice.IommufdConfig",
  () => ({ id: "" }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.id = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface MemoryConfig {
  memoryMb: bigint;
  allowOvercommit: boolean;
  deferredCommit: boolean;
  hotHint: boolean;
  coldHint: boolean;
  coldDiscardHint: boolean;
  lowMmioGapInMb: bigint;
  highMmioBaseInMb: bigint;
  highMmioGapInMb: bigint;
}
export const MemoryConfig: MessageType<MemoryConfig> = messageType<MemoryConfig>(
  "vmservice.MemoryConfig",
  () => ({ memoryMb: 0n, allowOvercommit: false, deferredCommit: false, hotHint: false, coldHint: false, coldDiscardHint: false, lowMmioGapInMb: 0n, highMmioBaseInMb: 0n, highMmioGapInMb: 0n }),
  (m, w) => {
    if (m.memoryMb !== 0n) writeInt64(w.uint32(8), m.memoryMb);
    if (m.allowOvercommit) w.uint32(16).bool(m.allowOvercommit);
    if (m.deferredCommit) w.uint32(24).bool(m.deferredCommit);
    if (m.hotHint) w.uint32(32).bool(m.hotHint);
    if (m.coldHint) w.uint32(40).bool(m.coldHint);
    if (m.coldDiscardHint) w.uint32(48).bool(m.coldDiscardHint);
    if (m.lowMmioGapInMb !== 0n) writeInt64(w.uint32(56), m.lowMmioGapInMb);
    if (m.highMmioBaseInMb !== 0n) writeInt64(w.uint32(64), m.highMmioBaseInMb);
    if (m.highMmioGapInMb !== 0n) writeInt64(w.uint32(72), m.highMmioGapInMb);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.memoryMb = readUint64(r);
          break;
        case 16:
          m.allowOvercommit = r.bool();
          break;
        case 24:
          m.deferredCommit = r.bool();
          break;
        case 32:
          m.hotHint = r.bool();
          break;
        case 40:
          m.coldHint = r.bool();
          break;
        case 48:
          m.coldDiscardHint = r.bool();
          break;
        case 56:
          m.lowMmioGapInMb = readUint64(r);
          break;
        case 64:
          m.highMmioBaseInMb = readUint64(r);
          break;
        case 72:
          m.highMmioGapInMb = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface ProcessorConfig {
  processorCount: number;
  processorWeight: number;
  processorLimit: number;
  x86?: ProcessorX86Config | undefined;
  aarch64?: ProcessorAarch64Config | undefined;
}
export const ProcessorConfig: MessageType<ProcessorConfig> = messageType<ProcessorConfig>(
  "vmservice.ProcessorConfig",
  () => ({ processorCount: 0, processorWeight: 0, processorLimit: 0, x86: undefined, aarch64: undefined }),
  (m, w) => {
    if (m.processorCount !== 0) w.uint32(8).uint32(m.processorCount);
    if (m.processorWeight !== 0) w.uint32(16).uint32(m.processorWeight);
    if (m.processorLimit !== 0) w.uint32(24).uint32(m.processorLimit);
    if (m.x86 !== undefined) {
      w.uint32(34).fork();
      ProcessorX86Config.write(m.x86, w);
      w.ldelim();
    }
    if (m.aarch64 !== undefined) {
      w.uint32(42).fork();
      ProcessorAarch64Config.write(m.aarch64, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.processorCount = r.uint32();
          break;
        case 16:
          m.processorWeight = r.uint32();
          break;
        case 24:
          m.processorLimit = r.uint32();
          break;
        case 34:
          m.x86 = ProcessorX86Config.read(r, endOf(r, end), m.x86 ?? ProcessorX86Config.create());
          break;
        case 42:
          m.aarch64 = ProcessorAarch64Config.read(r, endOf(r, end), m.aarch64 ?? ProcessorAarch64Config.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export type ProcessorX86Config = Record<never, never>;
export const ProcessorX86Config: MessageType<ProcessorX86Config> = messageType<ProcessorX86Config>(
  "vmservice.ProcessorX86Config",
  () => ({  }),
  () => {},
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      r.skip(tag);
    }
    return finish(r, end, m);
  },
);

export interface ProcessorAarch64Config {
  msiIts?: GicMsiItsConfig | undefined;
  msiV2m?: GicMsiV2mConfig | undefined;
}
export const ProcessorAarch64Config: MessageType<ProcessorAarch64Config> = messageType<ProcessorAarch64Config>(
  "vmservice.ProcessorAarch64Config",
  () => ({ msiIts: undefined, msiV2m: undefined }),
  (m, w) => {
    if (m.msiIts !== undefined) {
      w.uint32(42).fork();
      GicMsiItsConfig.write(m.msiIts, w);
      w.ldelim();
    }
    if (m.msiV2m !== undefined) {
      w.uint32(50).fork();
      GicMsiV2mConfig.write(m.msiV2m, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 42:
          m.msiIts = GicMsiItsConfig.read(r, endOf(r, end), m.msiIts ?? GicMsiItsConfig.create());
          break;
        case 50:
          m.msiV2m = GicMsiV2mConfig.read(r, endOf(r, end), m.msiV2m ?? GicMsiV2mConfig.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export type GicMsiItsConfig = Record<never, never>;
export const GicMsiItsConfig: MessageType<GicMsiItsConfig> = messageType<GicMsiItsConfig>(
  "vmservice.GicMsiItsConfig",
  () => ({  }),
  () => {},
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      r.skip(tag);
    }
    return finish(r, end, m);
  },
);

export interface GicMsiV2mConfig {
  spiCount?: number | undefined;
}
export const GicMsiV2mConfig: MessageType<GicMsiV2mConfig> = messageType<GicMsiV2mConfig>(
  "vmservice.GicMsiV2mConfig",
  () => ({ spiCount: undefined }),
  (m, w) => {
    if (m.spiCount !== undefined) w.uint32(8).uint32(m.spiCount);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.spiCount = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** A node's number is its place in the list. */
export interface NumaConfig {
  nodes: NumaNode[];
  distances: NumaDistance[];
}
export const NumaConfig: MessageType<NumaConfig> = messageType<NumaConfig>(
  "vmservice.NumaConfig",
  () => ({ nodes: [], distances: [] }),
  (m, w) => {
    for (const value of m.nodes) {
      w.uint32(10).fork();
      NumaNode.write(value, w);
      w.ldelim();
    }
    for (const value of m.distances) {
      w.uint32(18).fork();
      NumaDistance.write(value, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.nodes.push(NumaNode.read(r, endOf(r, end), NumaNode.create()));
          break;
        case 18:
          m.distances.push(NumaDistance.read(r, endOf(r, end), NumaDistance.create()));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface NumaNode {
  /** Absent: a node without memory. */
  memory?: NodeMemoryConfig | undefined;
  /** Absent: as the topology has it; empty: a node without processors. */
  vps?: VpAssignment | undefined;
}
export const NumaNode: MessageType<NumaNode> = messageType<NumaNode>(
  "vmservice.NumaNode",
  () => ({ memory: undefined, vps: undefined }),
  (m, w) => {
    if (m.memory !== undefined) {
      w.uint32(10).fork();
      NodeMemoryConfig.write(m.memory, w);
      w.ldelim();
    }
    if (m.vps !== undefined) {
      w.uint32(18).fork();
      VpAssignment.write(m.vps, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.memory = NodeMemoryConfig.read(r, endOf(r, end), m.memory ?? NodeMemoryConfig.create());
          break;
        case 18:
          m.vps = VpAssignment.read(r, endOf(r, end), m.vps ?? VpAssignment.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface VpAssignment {
  vpIndex: number[];
}
export const VpAssignment: MessageType<VpAssignment> = messageType<VpAssignment>(
  "vmservice.VpAssignment",
  () => ({ vpIndex: [] }),
  (m, w) => {
    if (m.vpIndex.length > 0) {
      w.uint32(10).fork();
      for (const value of m.vpIndex) w.uint32(value);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.vpIndex.push(r.uint32());
          break;
        case 10:
          readPacked(r, end, () => m.vpIndex.push(r.uint32()));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface NodeMemoryConfig {
  memoryMb: bigint;
  /** Of the host. */
  hostNumaNode?: number | undefined;
  prefetch: boolean;
  privateMemory: boolean;
  /** Absent: true. */
  transparentHugepages?: boolean | undefined;
  hugepages: boolean;
  hugepageSizeBytes?: bigint | undefined;
}
export const NodeMemoryConfig: MessageType<NodeMemoryConfig> = messageType<NodeMemoryConfig>(
  "vmservice.NodeMemoryConfig",
  () => ({ memoryMb: 0n, hostNumaNode: undefined, prefetch: false, privateMemory: false, transparentHugepages: undefined, hugepages: false, hugepageSizeBytes: undefined }),
  (m, w) => {
    if (m.memoryMb !== 0n) writeInt64(w.uint32(8), m.memoryMb);
    if (m.hostNumaNode !== undefined) w.uint32(16).uint32(m.hostNumaNode);
    if (m.prefetch) w.uint32(24).bool(m.prefetch);
    if (m.privateMemory) w.uint32(32).bool(m.privateMemory);
    if (m.transparentHugepages !== undefined) w.uint32(40).bool(m.transparentHugepages);
    if (m.hugepages) w.uint32(48).bool(m.hugepages);
    if (m.hugepageSizeBytes !== undefined) writeInt64(w.uint32(56), m.hugepageSizeBytes);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.memoryMb = readUint64(r);
          break;
        case 16:
          m.hostNumaNode = r.uint32();
          break;
        case 24:
          m.prefetch = r.bool();
          break;
        case 32:
          m.privateMemory = r.bool();
          break;
        case 40:
          m.transparentHugepages = r.bool();
          break;
        case 48:
          m.hugepages = r.bool();
          break;
        case 56:
          m.hugepageSizeBytes = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface NumaDistance {
  src: number;
  dst: number;
  /** As ACPI's SLIT has it: 10 to 255. */
  distance: number;
}
export const NumaDistance: MessageType<NumaDistance> = messageType<NumaDistance>(
  "vmservice.NumaDistance",
  () => ({ src: 0, dst: 0, distance: 0 }),
  (m, w) => {
    if (m.src !== 0) w.uint32(8).uint32(m.src);
    if (m.dst !== 0) w.uint32(16).uint32(m.dst);
    if (m.distance !== 0) w.uint32(24).uint32(m.distance);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.src = r.uint32();
          break;
        case 16:
          m.dst = r.uint32();
          break;
        case 24:
          m.distance = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface CreateVMRequest {
  config?: VMConfig | undefined;
  /** What a server's log may call the VM. */
  logId: string;
}
export const CreateVMRequest: MessageType<CreateVMRequest> = messageType<CreateVMRequest>(
  "vmservice.CreateVMRequest",
  () => ({ config: undefined, logId: "" }),
  (m, w) => {
    if (m.config !== undefined) {
      w.uint32(10).fork();
      VMConfig.write(m.config, w);
      w.ldelim();
    }
    if (m.logId !== "") w.uint32(18).string(m.logId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.config = VMConfig.read(r, endOf(r, end), m.config ?? VMConfig.create());
          break;
        case 18:
          m.logId = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface VMConfig {
  /** Not together with numa_config. */
  memoryConfig?: MemoryConfig | undefined;
  processorConfig?: ProcessorConfig | undefined;
  devicesConfig?: DevicesConfig | undefined;
  serialConfig?: SerialConfig | undefined;
  directBoot?: DirectBoot | undefined;
  uefi?: UEFI | undefined;
  windowsOptions?: WindowsOptions | undefined;
  hvsocketConfig?: HVSocketConfig | undefined;
  numaConfig?: NumaConfig | undefined;
  pcie?: PcieTopologyConfig | undefined;
  guestPowerActions?: VMConfigGuestPowerActions | undefined;
  smbiosConfig?: SMBIOSConfig | undefined;
  crashDumpPath?: string | undefined;
  iommufds: IommufdConfig[];
  disableVmbus: boolean;
  /** Hides Hyper-V's enlightenments; only together with disable_vmbus. */
  disableHv: boolean;
}
export const VMConfig: MessageType<VMConfig> = messageType<VMConfig>(
  "vmservice.VMConfig",
  () => ({ memoryConfig: undefined, processorConfig: undefined, devicesConfig: undefined, serialConfig: undefined, directBoot: undefined, uefi: undefined, windowsOptions: undefined, hvsocketConfig: undefined, numaConfig: undefined, pcie: undefined, guestPowerActions: undefined, smbiosConfig: undefined, crashDumpPath: undefined, iommufds: [], disableVmbus: false, disableHv: false }),
  (m, w) => {
    if (m.memoryConfig !== undefined) {
      w.uint32(10).fork();
      MemoryConfig.write(m.memoryConfig, w);
      w.ldelim();
    }
    if (m.processorConfig !== undefined) {
      w.uint32(18).fork();
      ProcessorConfig.write(m.processorConfig, w);
      w.ldelim();
    }
    if (m.devicesConfig !== undefined) {
      w.uint32(26).fork();
      DevicesConfig.write(m.devicesConfig, w);
      w.ldelim();
    }
    if (m.serialConfig !== undefined) {
      w.uint32(34).fork();
      SerialConfig.write(m.serialConfig, w);
      w.ldelim();
    }
    if (m.directBoot !== undefined) {
      w.uint32(42).fork();
      DirectBoot.write(m.directBoot, w);
      w.ldelim();
    }
    if (m.uefi !== undefined) {
      w.uint32(50).fork();
      UEFI.write(m.uefi, w);
      w.ldelim();
    }
    if (m.windowsOptions !== undefined) {
      w.uint32(58).fork();
      WindowsOptions.write(m.windowsOptions, w);
      w.ldelim();
    }
    if (m.hvsocketConfig !== undefined) {
      w.uint32(74).fork();
      HVSocketConfig.write(m.hvsocketConfig, w);
      w.ldelim();
    }
    if (m.numaConfig !== undefined) {
      w.uint32(82).fork();
      NumaConfig.write(m.numaConfig, w);
      w.ldelim();
    }
    if (m.pcie !== undefined) {
      w.uint32(90).fork();
      PcieTopologyConfig.write(m.pcie, w);
      w.ldelim();
    }
    if (m.guestPowerActions !== undefined) {
      w.uint32(98).fork();
      VMConfigGuestPowerActions.write(m.guestPowerActions, w);
      w.ldelim();
    }
    if (m.smbiosConfig !== undefined) {
      w.uint32(106).fork();
      SMBIOSConfig.write(m.smbiosConfig, w);
      w.ldelim();
    }
    if (m.crashDumpPath !== undefined) w.uint32(114).string(m.crashDumpPath);
    for (const value of m.iommufds) {
      w.uint32(122).fork();
      IommufdConfig.write(value, w);
      w.ldelim();
    }
    if (m.disableVmbus) w.uint32(128).bool(m.disableVmbus);
    if (m.disableHv) w.uint32(136).bool(m.disableHv);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.memoryConfig = MemoryConfig.read(r, endOf(r, end), m.memoryConfig ?? MemoryConfig.create());
          break;
        case 18:
          m.processorConfig = ProcessorConfig.read(r, endOf(r, end), m.processorConfig ?? ProcessorConfig.create());
          break;
        case 26:
          m.devicesConfig = DevicesConfig.read(r, endOf(r, end), m.devicesConfig ?? DevicesConfig.create());
          break;
        case 34:
          m.serialConfig = SerialConfig.read(r, endOf(r, end), m.serialConfig ?? SerialConfig.create());
          break;
        case 42:
          m.directBoot = DirectBoot.read(r, endOf(r, end), m.directBoot ?? DirectBoot.create());
          break;
        case 50:
          m.uefi = UEFI.read(r, endOf(r, end), m.uefi ?? UEFI.create());
          break;
        case 58:
          m.windowsOptions = WindowsOptions.read(r, endOf(r, end), m.windowsOptions ?? WindowsOptions.create());
          break;
        case 74:
          m.hvsocketConfig = HVSocketConfig.read(r, endOf(r, end), m.hvsocketConfig ?? HVSocketConfig.create());
          break;
        case 82:
          m.numaConfig = NumaConfig.read(r, endOf(r, end), m.numaConfig ?? NumaConfig.create());
          break;
        case 90:
          m.pcie = PcieTopologyConfig.read(r, endOf(r, end), m.pcie ?? PcieTopologyConfig.create());
          break;
        case 98:
          m.guestPowerActions = VMConfigGuestPowerActions.read(r, endOf(r, end), m.guestPowerActions ?? VMConfigGuestPowerActions.create());
          break;
        case 106:
          m.smbiosConfig = SMBIOSConfig.read(r, endOf(r, end), m.smbiosConfig ?? SMBIOSConfig.create());
          break;
        case 114:
          m.crashDumpPath = readString(r);
          break;
        case 122:
          m.iommufds.push(IommufdConfig.read(r, endOf(r, end), IommufdConfig.create()));
          break;
        case 128:
          m.disableVmbus = r.bool();
          break;
        case 136:
          m.disableHv = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** What comes of each of the guest's own ends. DEFAULT: reset and watchdog restart, the others halt. */
export interface VMConfigGuestPowerActions {
  shutdown: VMConfigGuestPowerAction;
  reset: VMConfigGuestPowerAction;
  /** A triple fault. */
  crash: VMConfigGuestPowerAction;
  watchdog: VMConfigGuestPowerAction;
}
export const VMConfigGuestPowerActions: MessageType<VMConfigGuestPowerActions> = messageType<VMConfigGuestPowerActions>(
  "vmservice.VMConfig.GuestPowerActions",
  () => ({ shutdown: 0, reset: 0, crash: 0, watchdog: 0 }),
  (m, w) => {
    if (m.shutdown !== 0) w.uint32(8).int32(m.shutdown);
    if (m.reset !== 0) w.uint32(16).int32(m.reset);
    if (m.crash !== 0) w.uint32(24).int32(m.crash);
    if (m.watchdog !== 0) w.uint32(32).int32(m.watchdog);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.shutdown = r.int32() as VMConfigGuestPowerAction;
          break;
        case 16:
          m.reset = r.int32() as VMConfigGuestPowerAction;
          break;
        case 24:
          m.crash = r.int32() as VMConfigGuestPowerAction;
          break;
        case 32:
          m.watchdog = r.int32() as VMConfigGuestPowerAction;
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface WindowsOptions {
  cpuGroupId: bigint;
}
export const WindowsOptions: MessageType<WindowsOptions> = messageType<WindowsOptions>(
  "vmservice.WindowsOptions",
  () => ({ cpuGroupId: 0n }),
  (m, w) => {
    if (m.cpuGroupId !== 0n) writeInt64(w.uint32(8), m.cpuGroupId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.cpuGroupId = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface MemoryStats {
  workingSetBytes: bigint;
  availableMemory: bigint;
  reservedMemory: bigint;
  assignedMemory: bigint;
}
export const MemoryStats: MessageType<MemoryStats> = messageType<MemoryStats>(
  "vmservice.MemoryStats",
  () => ({ workingSetBytes: 0n, availableMemory: 0n, reservedMemory: 0n, assignedMemory: 0n }),
  (m, w) => {
    if (m.workingSetBytes !== 0n) writeInt64(w.uint32(8), m.workingSetBytes);
    if (m.availableMemory !== 0n) writeInt64(w.uint32(16), m.availableMemory);
    if (m.reservedMemory !== 0n) writeInt64(w.uint32(24), m.reservedMemory);
    if (m.assignedMemory !== 0n) writeInt64(w.uint32(32), m.assignedMemory);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.workingSetBytes = readUint64(r);
          break;
        case 16:
          m.availableMemory = readUint64(r);
          break;
        case 24:
          m.reservedMemory = readUint64(r);
          break;
        case 32:
          m.assignedMemory = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface ProcessorStats {
  totalRuntimeNs: bigint;
}
export const ProcessorStats: MessageType<ProcessorStats> = messageType<ProcessorStats>(
  "vmservice.ProcessorStats",
  () => ({ totalRuntimeNs: 0n }),
  (m, w) => {
    if (m.totalRuntimeNs !== 0n) writeInt64(w.uint32(8), m.totalRuntimeNs);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.totalRuntimeNs = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface PropertiesVMRequest {
  types: PropertiesVMRequestPropertiesType[];
}
export const PropertiesVMRequest: MessageType<PropertiesVMRequest> = messageType<PropertiesVMRequest>(
  "vmservice.PropertiesVMRequest",
  () => ({ types: [] }),
  (m, w) => {
    if (m.types.length > 0) {
      w.uint32(10).fork();
      for (const value of m.types) w.int32(value);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.types.push(r.int32() as PropertiesVMRequestPropertiesType);
          break;
        case 10:
          readPacked(r, end, () => m.types.push(r.int32() as PropertiesVMRequestPropertiesType));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface PropertiesVMResponse {
  memoryStats?: MemoryStats | undefined;
  processorStats?: ProcessorStats | undefined;
  state: VmState;
  /** Of a halted VM. */
  haltReason?: string | undefined;
}
export const PropertiesVMResponse: MessageType<PropertiesVMResponse> = messageType<PropertiesVMResponse>(
  "vmservice.PropertiesVMResponse",
  () => ({ memoryStats: undefined, processorStats: undefined, state: 0, haltReason: undefined }),
  (m, w) => {
    if (m.memoryStats !== undefined) {
      w.uint32(10).fork();
      MemoryStats.write(m.memoryStats, w);
      w.ldelim();
    }
    if (m.processorStats !== undefined) {
      w.uint32(18).fork();
      ProcessorStats.write(m.processorStats, w);
      w.ldelim();
    }
    if (m.state !== 0) w.uint32(24).int32(m.state);
    if (m.haltReason !== undefined) w.uint32(34).string(m.haltReason);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.memoryStats = MemoryStats.read(r, endOf(r, end), m.memoryStats ?? MemoryStats.create());
          break;
        case 18:
          m.processorStats = ProcessorStats.read(r, endOf(r, end), m.processorStats ?? ProcessorStats.create());
          break;
        case 24:
          m.state = r.int32() as VmState;
          break;
        case 34:
          m.haltReason = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface CapabilitiesVMResponse {
  supportedResources: CapabilitiesVMResponseSupportedResource[];
  supportedGuestOs: CapabilitiesVMResponseSupportedGuestOS[];
}
export const CapabilitiesVMResponse: MessageType<CapabilitiesVMResponse> = messageType<CapabilitiesVMResponse>(
  "vmservice.CapabilitiesVMResponse",
  () => ({ supportedResources: [], supportedGuestOs: [] }),
  (m, w) => {
    for (const value of m.supportedResources) {
      w.uint32(10).fork();
      CapabilitiesVMResponseSupportedResource.write(value, w);
      w.ldelim();
    }
    if (m.supportedGuestOs.length > 0) {
      w.uint32(18).fork();
      for (const value of m.supportedGuestOs) w.int32(value);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.supportedResources.push(CapabilitiesVMResponseSupportedResource.read(r, endOf(r, end), CapabilitiesVMResponseSupportedResource.create()));
          break;
        case 16:
          m.supportedGuestOs.push(r.int32() as CapabilitiesVMResponseSupportedGuestOS);
          break;
        case 18:
          readPacked(r, end, () => m.supportedGuestOs.push(r.int32() as CapabilitiesVMResponseSupportedGuestOS));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** What can be done with a resource while the VM is there. */
export interface CapabilitiesVMResponseSupportedResource {
  Add: boolean;
  Remove: boolean;
  Update: boolean;
  resource: CapabilitiesVMResponseResource;
}
export const CapabilitiesVMResponseSupportedResource: MessageType<CapabilitiesVMResponseSupportedResource> = messageType<CapabilitiesVMResponseSupportedResource>(
  "vmservice.CapabilitiesVMResponse.SupportedResource",
  () => ({ Add: false, Remove: false, Update: false, resource: 0 }),
  (m, w) => {
    if (m.Add) w.uint32(8).bool(m.Add);
    if (m.Remove) w.uint32(16).bool(m.Remove);
    if (m.Update) w.uint32(24).bool(m.Update);
    if (m.resource !== 0) w.uint32(32).int32(m.resource);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.Add = r.bool();
          break;
        case 16:
          m.Remove = r.bool();
          break;
        case 24:
          m.Update = r.bool();
          break;
        case 32:
          m.resource = r.int32() as CapabilitiesVMResponseResource;
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface ModifyResourceRequest {
  type: ModifyType;
  processor?: ModifyProcessorRequest | undefined;
  processorConfig?: ModifyProcessorConfigRequest | undefined;
  memory?: ModifyMemoryRequest | undefined;
  scsiDisk?: SCSIDisk | undefined;
  vpmemDisk?: VPMEMDisk | undefined;
  nicConfig?: NICConfig | undefined;
  windowsDevice?: WindowsPCIDevice | undefined;
}
export const ModifyResourceRequest: MessageType<ModifyResourceRequest> = messageType<ModifyResourceRequest>(
  "vmservice.ModifyResourceRequest",
  () => ({ type: 0, processor: undefined, processorConfig: undefined, memory: undefined, scsiDisk: undefined, vpmemDisk: undefined, nicConfig: undefined, windowsDevice: undefined }),
  (m, w) => {
    if (m.type !== 0) w.uint32(8).int32(m.type);
    if (m.processor !== undefined) {
      w.uint32(18).fork();
      ModifyProcessorRequest.write(m.processor, w);
      w.ldelim();
    }
    if (m.processorConfig !== undefined) {
      w.uint32(26).fork();
      ModifyProcessorConfigRequest.write(m.processorConfig, w);
      w.ldelim();
    }
    if (m.memory !== undefined) {
      w.uint32(34).fork();
      ModifyMemoryRequest.write(m.memory, w);
      w.ldelim();
    }
    if (m.scsiDisk !== undefined) {
      w.uint32(42).fork();
      SCSIDisk.write(m.scsiDisk, w);
      w.ldelim();
    }
    if (m.vpmemDisk !== undefined) {
      w.uint32(50).fork();
      VPMEMDisk.write(m.vpmemDisk, w);
      w.ldelim();
    }
    if (m.nicConfig !== undefined) {
      w.uint32(58).fork();
      NICConfig.write(m.nicConfig, w);
      w.ldelim();
    }
    if (m.windowsDevice !== undefined) {
      w.uint32(66).fork();
      WindowsPCIDevice.write(m.windowsDevice, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.type = r.int32() as ModifyType;
          break;
        case 18:
          m.processor = ModifyProcessorRequest.read(r, endOf(r, end), m.processor ?? ModifyProcessorRequest.create());
          break;
        case 26:
          m.processorConfig = ModifyProcessorConfigRequest.read(r, endOf(r, end), m.processorConfig ?? ModifyProcessorConfigRequest.create());
          break;
        case 34:
          m.memory = ModifyMemoryRequest.read(r, endOf(r, end), m.memory ?? ModifyMemoryRequest.create());
          break;
        case 42:
          m.scsiDisk = SCSIDisk.read(r, endOf(r, end), m.scsiDisk ?? SCSIDisk.create());
          break;
        case 50:
          m.vpmemDisk = VPMEMDisk.read(r, endOf(r, end), m.vpmemDisk ?? VPMEMDisk.create());
          break;
        case 58:
          m.nicConfig = NICConfig.read(r, endOf(r, end), m.nicConfig ?? NICConfig.create());
          break;
        case 66:
          m.windowsDevice = WindowsPCIDevice.read(r, endOf(r, end), m.windowsDevice ?? WindowsPCIDevice.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface ModifyMemoryRequest {
  memoryMb: bigint;
}
export const ModifyMemoryRequest: MessageType<ModifyMemoryRequest> = messageType<ModifyMemoryRequest>(
  "vmservice.ModifyMemoryRequest",
  () => ({ memoryMb: 0n }),
  (m, w) => {
    if (m.memoryMb !== 0n) writeInt64(w.uint32(8), m.memoryMb);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.memoryMb = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface ModifyProcessorRequest {
  processorIndex: number;
}
export const ModifyProcessorRequest: MessageType<ModifyProcessorRequest> = messageType<ModifyProcessorRequest>(
  "vmservice.ModifyProcessorRequest",
  () => ({ processorIndex: 0 }),
  (m, w) => {
    if (m.processorIndex !== 0) w.uint32(8).uint32(m.processorIndex);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.processorIndex = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface ModifyProcessorConfigRequest {
  processorWeight: number;
  processorLimit: number;
}
export const ModifyProcessorConfigRequest: MessageType<ModifyProcessorConfigRequest> = messageType<ModifyProcessorConfigRequest>(
  "vmservice.ModifyProcessorConfigRequest",
  () => ({ processorWeight: 0, processorLimit: 0 }),
  (m, w) => {
    if (m.processorWeight !== 0) w.uint32(8).uint32(m.processorWeight);
    if (m.processorLimit !== 0) w.uint32(16).uint32(m.processorLimit);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.processorWeight = r.uint32();
          break;
        case 16:
          m.processorLimit = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface AddPcieDeviceRequest {
  /** Of a port of the topology that has hotplug. */
  portName: string;
  device?: PcieDeviceKind | undefined;
}
export const AddPcieDeviceRequest: MessageType<AddPcieDeviceRequest> = messageType<AddPcieDeviceRequest>(
  "vmservice.AddPcieDeviceRequest",
  () => ({ portName: "", device: undefined }),
  (m, w) => {
    if (m.portName !== "") w.uint32(10).string(m.portName);
    if (m.device !== undefined) {
      w.uint32(18).fork();
      PcieDeviceKind.write(m.device, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.portName = readString(r);
          break;
        case 18:
          m.device = PcieDeviceKind.read(r, endOf(r, end), m.device ?? PcieDeviceKind.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface RemovePcieDeviceRequest {
  portName: string;
}
export const RemovePcieDeviceRequest: MessageType<RemovePcieDeviceRequest> = messageType<RemovePcieDeviceRequest>(
  "vmservice.RemovePcieDeviceRequest",
  () => ({ portName: "" }),
  (m, w) => {
    if (m.portName !== "") w.uint32(10).string(m.portName);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.portName = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface AddVpciDeviceRequest {
  device?: PcieDeviceKind | undefined;
  /** As the guest sees it, a GUID. */
  instanceId: string;
}
export const AddVpciDeviceRequest: MessageType<AddVpciDeviceRequest> = messageType<AddVpciDeviceRequest>(
  "vmservice.AddVpciDeviceRequest",
  () => ({ device: undefined, instanceId: "" }),
  (m, w) => {
    if (m.device !== undefined) {
      w.uint32(10).fork();
      PcieDeviceKind.write(m.device, w);
      w.ldelim();
    }
    if (m.instanceId !== "") w.uint32(18).string(m.instanceId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.device = PcieDeviceKind.read(r, endOf(r, end), m.device ?? PcieDeviceKind.create());
          break;
        case 18:
          m.instanceId = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface RemoveVpciDeviceRequest {
  instanceId: string;
}
export const RemoveVpciDeviceRequest: MessageType<RemoveVpciDeviceRequest> = messageType<RemoveVpciDeviceRequest>(
  "vmservice.RemoveVpciDeviceRequest",
  () => ({ instanceId: "" }),
  (m, w) => {
    if (m.instanceId !== "") w.uint32(10).string(m.instanceId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.instanceId = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** One VM a server. What each state allows: docs/vmservice.md. */
export const VM = {
  name: "vmservice.VM",
  methods: {
    CreateVM: {
      name: "CreateVM",
      input: CreateVMRequest,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
    TeardownVM: {
      name: "TeardownVM",
      input: Empty,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
    PauseVM: {
      name: "PauseVM",
      input: Empty,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
    ResumeVM: {
      name: "ResumeVM",
      input: Empty,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
    WaitVM: {
      name: "WaitVM",
      input: Empty,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
    CapabilitiesVM: {
      name: "CapabilitiesVM",
      input: Empty,
      output: CapabilitiesVMResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    PropertiesVM: {
      name: "PropertiesVM",
      input: PropertiesVMRequest,
      output: PropertiesVMResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    ModifyResource: {
      name: "ModifyResource",
      input: ModifyResourceRequest,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
    AddPcieDevice: {
      name: "AddPcieDevice",
      input: AddPcieDeviceRequest,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
    RemovePcieDevice: {
      name: "RemovePcieDevice",
      input: RemovePcieDeviceRequest,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
    AddVpciDevice: {
      name: "AddVpciDevice",
      input: AddVpciDeviceRequest,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
    RemoveVpciDevice: {
      name: "RemoveVpciDevice",
      input: RemoveVpciDeviceRequest,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
    Quit: {
      name: "Quit",
      input: Empty,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
  },
} as const;

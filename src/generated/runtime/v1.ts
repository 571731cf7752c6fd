// Generated from proto/ (package runtime.v1) by scripts/generate-proto. Do not edit.

import { type MessageType, endOf, finish, messageType, readString } from "../wire.ts";

export interface PodSandboxConfig {
  hostname: string;
  dnsConfig?: DNSConfig | undefined;
  linux?: LinuxPodSandboxConfig | undefined;
}
export const PodSandboxConfig: MessageType<PodSandboxConfig> = messageType<PodSandboxConfig>(
  "runtime.v1.PodSandboxConfig",
  () => ({ hostname: "", dnsConfig: undefined, linux: undefined }),
  (m, w) => {
    if (m.hostname !== "") w.uint32(18).string(m.hostname);
    if (m.dnsConfig !== undefined) {
      w.uint32(34).fork();
      DNSConfig.write(m.dnsConfig, w);
      w.ldelim();
    }
    if (m.linux !== undefined) {
      w.uint32(66).fork();
      LinuxPodSandboxConfig.write(m.linux, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 18:
          m.hostname = readString(r);
          break;
        case 34:
          m.dnsConfig = DNSConfig.read(r, endOf(r, end), m.dnsConfig ?? DNSConfig.create());
          break;
        case 66:
          m.linux = LinuxPodSandboxConfig.read(r, endOf(r, end), m.linux ?? LinuxPodSandboxConfig.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface DNSConfig {
  servers: string[];
  searches: string[];
  options: string[];
}
export const DNSConfig: MessageType<DNSConfig> = messageType<DNSConfig>(
  "runtime.v1.DNSConfig",
  () => ({ servers: [], searches: [], options: [] }),
  (m, w) => {
    for (const value of m.servers) w.uint32(10).string(value);
    for (const value of m.searches) w.uint32(18).string(value);
    for (const value of m.options) w.uint32(26).string(value);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.servers.push(readString(r));
          break;
        case 18:
          m.searches.push(readString(r));
          break;
        case 26:
          m.options.push(readString(r));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface LinuxPodSandboxConfig {
  cgroupParent: string;
  sysctls: Map<string, string>;
}
export const LinuxPodSandboxConfig: MessageType<LinuxPodSandboxConfig> = messageType<LinuxPodSandboxConfig>(
  "runtime.v1.LinuxPodSandboxConfig",
  () => ({ cgroupParent: "", sysctls: new Map() }),
  (m, w) => {
    if (m.cgroupParent !== "") w.uint32(10).string(m.cgroupParent);
    for (const [key, value] of m.sysctls) {
      w.uint32(26).fork();
      w.uint32(10).string(key);
      w.uint32(18).string(value);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.cgroupParent = readString(r);
          break;
        case 26: {
          const last = endOf(r, end);
          let key: string = "";
          let value: string = "";
          while (r.pos < last) {
            const inner = r.tag();
            if (inner === 10) key = readString(r);
            else if (inner === 18) value = readString(r);
            else r.skip(inner);
          }
          finish(r, last, m.sysctls.set(key, value));
          break;
        }
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

import { assertNever } from "../../errors/shim-error.ts";
import type { GuestLayers } from "../../guestmanager/layers.ts";
import { bounded } from "../deadline.ts";
import { type LayerRequest, reserveLayer } from "../device/layer.ts";
import type { Mapping } from "../device/mapping.ts";
import type { Plan9Request } from "../device/plan9/ports.ts";
import type { ScsiRequest } from "../device/scsi/ports.ts";
import { readScsiRequest } from "../device/scsi/saved.ts";
import type { ShmRequest } from "../device/shm/ports.ts";
import { readShmRequest } from "../device/shm/saved.ts";
import type { SocketRequest } from "../device/socket/ports.ts";
import type { VpciRequest } from "../device/vpci/ports.ts";
import type { ReleaseList } from "../release-list.ts";
import { count, flag, list, maybe, oneOf, record, text } from "../saved-json.ts";
import type { ContainerLimits, ContainerVm } from "./ports.ts";

type Layers = Parameters<GuestLayers["addCombinedLayers"]>[0];

/** Something in its VM that a container holds; as JSON, so that the restored one holds it again. */
export type Holding =
  | { readonly kind: "disk"; readonly request: ScsiRequest }
  | { readonly kind: "shm"; readonly request: ShmRequest }
  /** `releaseFirst`: before the container in the guest, as hcsshim's, whose guest removes its directory with that. */
  | { readonly kind: "layers"; readonly request: Layers; readonly releaseFirst?: boolean }
  | { readonly kind: "layer"; readonly request: LayerRequest }
  /** No VM is saved with one of these. */
  | { readonly kind: "device"; readonly request: VpciRequest }
  | { readonly kind: "share"; readonly request: Plan9Request }
  | { readonly kind: "socket"; readonly request: SocketRequest };

export interface HoldingContext {
  readonly vm: Pick<ContainerVm, "devices" | "guest">;
  readonly held: ReleaseList<Holding>;
  readonly limits: Pick<ContainerLimits, "request">;
}

/** Reserves it, and notes how to give it back: before it is mapped, as a call that fails may have done it all the same. */
export function hold(holding: Holding, { vm, held, limits }: HoldingContext): Mapping {
  const mapping = reserve(holding, vm, limits.request);
  const order = "releaseFirst" in holding && holding.releaseFirst ? "first" : "in turn";
  held.add(mapping.what, () => mapping.unmap(), holding, order);
  return mapping;
}

function reserve(holding: Holding, { devices, guest }: HoldingContext["vm"], ms: number): Mapping {
  switch (holding.kind) {
    case "disk":
      return devices.scsi.reserve(holding.request);
    case "layer":
      return reserveLayer(devices, holding.request);
    case "shm":
      return devices.shm.reserve(holding.request);
    case "share":
      return devices.plan9.reserve(holding.request);
    case "device":
      return devices.vpci.reserve(holding.request);
    case "socket":
      return devices.sockets.reserve(holding.request);
    case "layers": {
      const { request } = holding;
      const guestPath = request.containerRootPath ?? "";
      return {
        what: "layers of its root file system",
        guestPath,
        map: () => bounded(ms, `mount of the layers on ${guestPath}`, (call) => guest.addCombinedLayers(request, call)),
        unmap: () => bounded(ms, `unmount of ${guestPath}`, (call) => guest.removeCombinedLayers(request, call)),
      };
    }
    default:
      return assertNever(holding);
  }
}

export function readHolding(value: unknown, member: string): Holding {
  const { kind, request, releaseFirst } = record(value, member);
  const at = `${member}.request`;
  const known = oneOf(kind, `${member}.kind`, ["disk", "shm", "layer", "layers"]);
  switch (known) {
    case "disk":
      return { kind: known, request: readScsiRequest(request, at) };
    case "shm":
      return { kind: known, request: readShmRequest(request, at) };
    case "layer": {
      const { hostPath, partition } = record(request, at);
      const layer = { hostPath: text(hostPath, `${at}.hostPath`), partition: count(partition, `${at}.partition`) };
      return { kind: known, request: layer };
    }
    case "layers": {
      const order = maybe(releaseFirst, `${member}.releaseFirst`, flag);
      return { kind: known, request: readLayers(request, at), ...(order && { releaseFirst: order }) };
    }
  }
}

function readLayers(value: unknown, member: string): Layers {
  const saved = record(value, member);
  const scratchPath = maybe(saved.scratchPath, `${member}.scratchPath`, text);
  return {
    containerId: text(saved.containerId, `${member}.containerId`),
    containerRootPath: text(saved.containerRootPath, `${member}.containerRootPath`),
    layers: list(saved.layers, `${member}.layers`, (entry, at) => {
      const { id, path } = record(entry, at);
      return { id: text(id, `${at}.id`), path: text(path, `${at}.path`) };
    }),
    ...(scratchPath !== undefined && { scratchPath }),
  };
}

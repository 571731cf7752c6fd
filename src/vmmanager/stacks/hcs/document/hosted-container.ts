import { invalidArgument } from "../../../../errors/shim-error.ts";
import type { Spec } from "../../../../oci/spec.ts";
import { AnnotationReader, type Warn } from "../../../options/annotation-reader.ts";
import { readWindowsContainer } from "../../../options/windows-container.ts";
import { windowsResources } from "../../../options/windows-resources.ts";
import { container } from "../schema/container.ts";
import { type WindowsContainerParts, windowsContainer } from "./windows-container.ts";

export interface HostedContainerRequest {
  readonly id: string;
  readonly spec: Spec;
  /** What was brought into the VM. */
  readonly storage: Pick<WindowsContainerParts, "rootPath" | "layers" | "mappedDirectories" | "mappedPipes">;
  readonly hostProcessors: number;
  readonly vmProcessors: number;
  /** See WindowsContainerRequest. */
  readonly scaleLimit: boolean;
  readonly vmDumpLocation: string;
  readonly warn: Warn;
}

/** The container of a spec, encoded, for a VM's guest. Throws invalid-argument for what the spec has that cannot be. */
export function hostedContainer(request: HostedContainerRequest): object {
  const { id, spec, storage, hostProcessors, vmProcessors, scaleLimit, vmDumpLocation } = request;
  const read = new AnnotationReader(spec.annotations ?? {}, request.warn);
  const resources = windowsResources(spec);
  const sizes = { hostProcessors, vmProcessors, scaleLimit, vmDumpLocation };
  const options = readWindowsContainer({ id, read, resources, ...sizes });
  const network = member(spec.windows, "network");
  const parts: WindowsContainerParts = {
    ...storage,
    hostName: spec.hostname ?? "",
    devices: devices(member(spec.windows, "devices")),
    ...(network !== undefined && {
      network: {
        namespace: text(network, "networkNamespace"),
        unqualifiedDns: member(network, "allowUnqualifiedDNSQuery") === true,
        dnsSearchList: texts(member(network, "DNSSearchList")),
        sharedContainer: text(network, "networkSharedContainerName"),
      },
    }),
  };
  return container.encode(windowsContainer(options, parts, "vm")) as object;
}

/** Absent and null are one, as in Go. */
function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (Reflect.get(value, name) ?? undefined) : undefined;
}

function text(value: unknown, name: string): string {
  const found = member(value, name) ?? "";
  if (typeof found === "string") return found;
  throw invalidArgument(`windows.network.${name} is no text`);
}

function texts(value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw invalidArgument("windows.network.DNSSearchList is no list of texts");
}

function devices(value: unknown): WindowsContainerParts["devices"] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalidArgument("windows.devices is no list");
  return value.map((device: unknown) => {
    const [id, idType] = [member(device, "id"), member(device, "idType")];
    if (typeof id === "string" && typeof idType === "string") return { id, idType };
    throw invalidArgument("windows.devices has one without an id or an idType");
  });
}

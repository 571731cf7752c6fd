import { count, flag, record, text } from "../../saved-json.ts";
import type { ShmRequest } from "./ports.ts";

/** One pod's shared memory as JSON. */
export interface SavedShm {
  readonly request: ShmRequest;
  readonly guestPath: string;
  /** False: nobody knows whether it is there. */
  readonly isMapped: boolean;
}

export function readSavedShm(value: unknown, member: string): SavedShm {
  const saved = record(value, member);
  return {
    request: readShmRequest(saved.request, `${member}.request`),
    guestPath: text(saved.guestPath, `${member}.guestPath`),
    isMapped: flag(saved.isMapped, `${member}.isMapped`),
  };
}

export function readShmRequest(value: unknown, member: string): ShmRequest {
  const saved = record(value, member);
  return { hostPath: text(saved.hostPath, `${member}.hostPath`), bytes: count(saved.bytes, `${member}.bytes`) };
}

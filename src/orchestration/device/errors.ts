import {
  alreadyExists,
  failedPrecondition,
  invalidArgument,
  notFound,
  ShimError,
  unimplemented,
} from "../../errors/shim-error.ts";

/** hcsshim's ErrNoAvailableLocation. `places`: as "places for disks". */
export function noAvailableLocation(what: string, count: number, places: string): ShimError {
  return new ShimError("resource-exhausted", `${what} cannot be attached: all ${count} ${places} of this vm are taken`);
}

/** hcsshim's ErrNotAttached. */
export function notAttached(what: string): ShimError {
  return notFound(`${what} is not attached to this vm: attach it first`);
}

/** hcsshim's ErrAlreadyAttached: somebody else has that place in the guest. */
export function alreadyAttached(what: string, guestPath: string, hostPath: string): ShimError {
  return alreadyExists(`${what} is mounted on ${guestPath} in the guest; cannot mount ${hostPath} there`);
}

/** hcsshim's ErrNoSCSIControllers. */
export function noScsiControllers(hostPath: string): ShimError {
  return failedPrecondition(`disk ${hostPath} cannot be attached: the vm has no SCSI controllers`);
}

/** hcsshim's ErrTooManyAttachments: more, or at higher numbers, than its controllers carry. */
export function tooManyAttachments(place: string, controllers: number, luns: number): ShimError {
  return invalidArgument(
    `disk ${place} is too many: the vm has ${controllers} SCSI controllers of ${luns} places each`,
  );
}

/** hcsshim's ErrSCSILayerWCOWUnsupported, and what else of a disk's mount only a Linux guest does. */
export function scsiLayerWcowUnsupported(hostPath: string, what: string): ShimError {
  return unimplemented(`disk ${hostPath}: ${what} is not supported for WCOW: use a VSMB share`);
}

/** hcsshim's ErrMaxVPMEMLayerSize. */
export function maxVpmemLayerSize(hostPath: string, bytes: bigint, most: bigint): ShimError {
  return new ShimError(
    "out-of-range",
    `layer ${hostPath} of ${bytes} bytes is too large for a VPMem device of ${most}: attach it as a SCSI disk`,
  );
}

/** HCS's ERROR_ACCESS_DENIED, as hcsshim answers a writable share where the VM's options forbid it. */
export function writableSharesDenied(hostPath: string): ShimError {
  return new ShimError(
    "permission-denied",
    `share of ${hostPath} is writable; cannot add it: the vm's options allow read-only shares alone`,
  );
}

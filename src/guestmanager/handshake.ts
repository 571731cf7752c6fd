import { failedPrecondition, unimplemented } from "../errors/shim-error.ts";
import { stringifyJson } from "../oci/json.ts";
import { uvmConfig } from "../prot/messages/create.ts";
import { NULL_ID, OsType, ProtocolVersion } from "../prot/protocol.ts";
import { rpcs } from "../prot/rpc.ts";
import { type Bridge, HOST_RECEIVE_CAP } from "./bridge/bridge.ts";
import type { ConnectOptions, GuestCapabilities, GuestOs } from "./guest.ts";

const base = { containerId: NULL_ID, activityId: NULL_ID };

/**
 * Negotiates V4, and makes the UVM's own system where the guest asks for it (Windows guests). Throws unimplemented for
 * another version or system, failed-precondition for a system that is not the VM's.
 */
export async function shakeHands(
  bridge: Bridge,
  os: GuestOs,
  { coldStart = true, initialState, ...options }: ConnectOptions,
): Promise<GuestCapabilities> {
  const version = ProtocolVersion.v4;
  // Members of ours go to Linux guests alone: whether Windows' own passes over what it does not know is not documented.
  const ours = os === "linux" ? { maximumReceiveSize: HOST_RECEIVE_CAP, outOfMemoryNotifications: true } : {};
  const negotiate = { ...base, minimumVersion: version, maximumVersion: version, ...ours };
  const response = await bridge.call(rpcs.negotiateProtocol, negotiate, options);
  if (response.version !== version) {
    throw unimplemented(
      `the guest chose version ${response.version} of the bridge protocol; only ${version} is spoken`,
    );
  }
  const { runtimeOsType, sendHostCreateMessage, sendHostStartMessage, guestDefinedCapabilities } =
    response.capabilities;
  const runs = osOf(runtimeOsType);
  if (runs !== os) throw failedPrecondition(`the guest runs ${runs}; cannot drive it: its VM was made for ${os}`);
  if (coldStart && sendHostCreateMessage) {
    const timeZone = initialState?.timeZone;
    const config = uvmConfig.encode({ systemType: "Container", timeZoneInformation: timeZone });
    await bridge.call(rpcs.create, { ...base, containerConfig: stringifyJson(config) }, options);
    if (sendHostStartMessage) await bridge.call(rpcs.start, base, options);
  }
  return guestDefinedCapabilities;
}

/** In any case of letters; a guest that does not tell is a Windows one (reference: hcsshim's connect). */
function osOf(runtimeOsType: string): GuestOs {
  switch (runtimeOsType.toLowerCase()) {
    case OsType.linux.toLowerCase():
      return "linux";
    case OsType.windows.toLowerCase():
    case "":
      return "windows";
    default:
      throw unimplemented(`the guest runs ${JSON.stringify(runtimeOsType)}; only Linux and Windows are known`);
  }
}

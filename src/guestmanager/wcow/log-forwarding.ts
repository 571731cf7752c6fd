import {
  LOG_FORWARD_SERVICE,
  LogForwardRpcType,
  logForwardServiceRpcRequest,
} from "../../prot/messages/modify-settings.ts";
import { NULL_ID } from "../../prot/protocol.ts";
import { rpcs } from "../../prot/rpc.ts";
import { needsLogForwarding } from "../capabilities.ts";
import type { GuestConnection } from "../connection.ts";
import type { GuestCallOptions } from "../guest.ts";

/** Event logs of Windows guests, told to the host. Unimplemented without `logForwardingSupported`. */
export interface WcowLogForwarding {
  /** The ETW providers to tell of, in the guest's own format (hcsshim's SetLogSources). */
  setLogSources(sources: string, options?: GuestCallOptions): Promise<void>;
  startLogForwarding(options?: GuestCallOptions): Promise<void>;
  stopLogForwarding(options?: GuestCallOptions): Promise<void>;
}

export function wcowLogForwarding(connection: GuestConnection): WcowLogForwarding {
  const send = async (verb: string, rpcType: string, settings: string, options?: GuestCallOptions): Promise<void> => {
    needsLogForwarding(connection, verb);
    const request = {
      containerId: NULL_ID,
      propertyType: LOG_FORWARD_SERVICE,
      settings: logForwardServiceRpcRequest.encode({ rpcType, settings }),
    };
    await connection.call(rpcs.modifyServiceSettings, request, options);
  };
  return {
    setLogSources: (sources, options) =>
      send("set its log sources", LogForwardRpcType.modifyServiceSettings, sources, options),
    startLogForwarding: (options) => send("start it", LogForwardRpcType.startLogForwarding, "", options),
    stopLogForwarding: (options) => send("stop it", LogForwardRpcType.stopLogForwarding, "", options),
  };
}

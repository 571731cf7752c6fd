import { availableParallelism } from "node:os";
import { openLayerIds } from "../../src/vmmanager/stacks/hcs/computecore/layer-id.ts";
import { hostedContainer } from "../../src/vmmanager/stacks/hcs/document/hosted-container.ts";
import type * as linux from "./windows-host.ts";

/** HCS's ids of layers are asked for by the first container that needs one: a host without them is told of by that. */
export const windowsHost: typeof linux.windowsHost = (log) => {
  let ids: ((name: string) => string) | undefined;
  return {
    windows: ({ processors, dumpLocation, scaleLimit }) => ({
      layerId(name) {
        ids ??= openLayerIds();
        return ids(name);
      },
      container: (id, spec, storage) =>
        hostedContainer({
          ...{ id, spec, storage, scaleLimit, vmProcessors: processors, vmDumpLocation: dumpLocation },
          hostProcessors: availableParallelism(),
          warn: (message) => log.warn(message),
        }),
    }),
  };
};

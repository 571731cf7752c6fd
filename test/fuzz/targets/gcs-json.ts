import assert from "node:assert/strict";
import { ShimError } from "../../../src/errors/shim-error.ts";
import { ExitNotifications } from "../../../src/gcs/bridge/exit-notifications.ts";
import { handlers } from "../../../src/gcs/bridge/handlers.ts";
import { guestPath } from "../../../src/gcs/guest-path.ts";
import { onLink, parseAdapter } from "../../../src/gcs/network/adapter.ts";
import {
  commandOf,
  networkNamespaceId,
  ownsPidNamespace,
  podRole,
  withNetworkNamespace,
} from "../../../src/gcs/runtime/oci-members.ts";
import { stringifyJson } from "../../../src/oci/json.ts";
import { bodyText } from "../../../src/orchestration/diagnostics/body-text.ts";
import { decodeBody, encodeBody } from "../../../src/prot/body.ts";
import { type Codec, parseAt } from "../../../src/prot/json-codec.ts";
import { messageResponseBase } from "../../../src/prot/messages/base.ts";
import type { ContainerGetPropertiesResponse } from "../../../src/prot/messages/get-properties.ts";
import { containerNotification } from "../../../src/prot/messages/notification.ts";
import * as container from "../../../src/prot/resources/container.ts";
import * as devices from "../../../src/prot/resources/devices.ts";
import * as layers from "../../../src/prot/resources/layers.ts";
import * as machine from "../../../src/prot/resources/machine.ts";
import * as directories from "../../../src/prot/resources/mapped-directory.ts";
import * as network from "../../../src/prot/resources/network.ts";
import * as scsi from "../../../src/prot/resources/scsi.ts";
import { type Rpc, rpcs } from "../../../src/prot/rpc.ts";
import { metricsAny } from "../../../src/service/task/metrics.ts";
import { ScriptedGcsHost } from "../../harness/scripted-gcs-host.ts";
import { damageBody, damageBytes, either, titled, untitled } from "../damage.ts";
import { damageJson } from "../damage-json.ts";
import { Random } from "../random.ts";
import type { Outcome, Target } from "../target.ts";

type Anything = Codec<unknown, unknown>;

const calls = new Map(
  Object.values(rpcs).map((rpc) => [rpc.name, rpc as unknown as Rpc<never, unknown, never, unknown>]),
);
const resources = new Map(
  [container, devices, layers, machine, directories, network, scsi]
    .flatMap((module) => Object.entries<unknown>(module))
    .filter((entry): entry is [string, Anything] => isCodec(entry[1])),
);
const titles = [...calls.keys()]
  .flatMap((name) => [`${name} request`, `${name} response`])
  .concat(["Notification", "Adapter"], [...resources.keys()]);

function isCodec(value: unknown): value is Anything {
  return typeof value === "object" && value !== null && "decode" in value && "encode" in value;
}

/** The bodies of the bridge: requests in the guest's handlers, responses and the notification as the host reads them. */
export function gcsJson(): Target {
  return {
    name: "gcs-json",
    weight: 15,
    damage: damageBody(either(damageJson, damageJson, damageJson, damageBytes)),
    generate: (dice) => titled(dice.pick(titles), dice.pick(["{}", '{"ContainerId":"c"}', '{"Result":0}'])),
    run(input) {
      const { title, body } = untitled(input);
      // As the diagnostics tell it to people.
      bodyText(body, false);
      const [name = "", direction] = title.split(" ");
      const rpc = calls.get(name);
      if (rpc !== undefined && direction === "request") return request(rpc, body);
      if (rpc !== undefined) return response(rpc, body);
      if (title === "Notification") return again(containerNotification, body, title);
      if (title === "Adapter") return adapter(body);
      const codec = resources.get(title) ?? Random.from(input).pick([...resources.values()]);
      return again(codec as Anything, body, title);
    },
  };
}

/** What was read can be written, and reads the same. */
function again<T, Init>(codec: Codec<T, Init>, body: Uint8Array, name: string): Outcome {
  const message = decodeBody(codec, body, name);
  const bytes = encodeBody(codec, message as unknown as Init);
  const twice = encodeBody(codec, decodeBody(codec, bytes, name) as unknown as Init);
  assert.ok(Buffer.from(twice).equals(bytes), `${name} is not the same the second time`);
  return "ok";
}

async function request(rpc: Rpc<never, unknown, never, unknown>, body: Uint8Array): Promise<Outcome> {
  const handler = handlers.get(rpc.requestType);
  if (handler === undefined) return again(rpc.request, body, rpc.name);
  const host = new ScriptedGcsHost();
  host.script.createContainer = async (_id, { ociSpecification }) => {
    podRole(ociSpecification);
    ownsPidNamespace(ociSpecification);
    stringifyJson(withNetworkNamespace(ociSpecification, networkNamespaceId(ociSpecification) ?? "/n"));
    return { initPid: 100 };
  };
  host.script.execInContainer = async (_id, { ociProcess }) => {
    commandOf(ociProcess);
    stringifyJson(ociProcess);
    return { pid: 101 };
  };
  const outcome = await handler(body, { host, exits: new ExitNotifications(), maxBody: 0xffff });
  outcome.answered?.();
  const answer = decodeBody(messageResponseBase, outcome.body, rpc.name);
  if (answer.result === 0) return again(rpc.request, body, rpc.name);
  assert.ok(outcome.body.byteLength < 0x1_0000, "an error is too long for hcsshim's host");
  return "invalid-argument";
}

function response(rpc: Rpc<never, unknown, never, unknown>, body: Uint8Array): Outcome {
  const outcome = again(rpc.response, body, rpc.name);
  if (rpc.name !== rpcs.getProperties.name) return outcome;
  const { metrics, metricsV2 }: ContainerGetPropertiesResponse["properties"] = decodeBody(
    rpcs.getProperties.response,
    body,
    rpc.name,
  ).properties;
  metricsAny("c", { ...(metrics && { v1: metrics }), ...(metricsV2 && { v2: metricsV2 }) });
  return outcome;
}

function adapter(body: Uint8Array): Outcome {
  const parsed = parseAdapter(parseAt(Buffer.from(body).toString("utf8"), "Settings"));
  for (const { nextHop } of parsed.routes) if (nextHop !== "") onLink(parsed, nextHop);
  try {
    guestPath(parsed.namespaceId, "Settings");
  } catch (error) {
    if (!(error instanceof ShimError)) throw error;
  }
  return "ok";
}

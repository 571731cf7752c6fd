import assert from "node:assert/strict";
import { ShimError } from "../../../src/errors/shim-error.ts";
import { BootstrapResult } from "../../../src/generated/containerd/runtime/bootstrap/v1.ts";
import { silentLogger } from "../../../src/log/logger.ts";
import { encodeReply, readBootstrap } from "../../../src/shim/bootstrap.ts";
import { parseFlags } from "../../../src/shim/flags.ts";
import { readOptions } from "../../../src/shim/options.ts";
import { type Damage, damageBody, damageBytes, untitled } from "../damage.ts";
import { damageProtobuf } from "../damage-protobuf.ts";
import type { Target } from "../target.ts";

/** The start's stdin ("stdin": bootstrap parameters for k8s.io/pod, or an Any) and its command line ("flags": words). */
export function bootstrap(): Target {
  const protobuf = damageBody(damageProtobuf);
  const words = damageBody(damageBytes);
  const damage: Damage = (dice, input, others) =>
    (untitled(input).title === "flags" ? words : protobuf)(dice, input, others);
  return {
    name: "bootstrap",
    weight: 8,
    damage,
    run(input) {
      const { title, body } = untitled(input);
      if (title === "flags") {
        const flags = parseFlags(Buffer.from(body).toString("utf8").split("\n"));
        assert.ok([flags.id, flags.namespace, flags.address, flags.action].every((each) => typeof each === "string"));
        return "ok";
      }
      const env = body.length % 2 === 0 ? {} : { MAX_SHIM_VERSION: "2", NAMESPACE: "k8s.io" };
      const { dialect, options } = readBootstrap({ stdin: body, id: "pod", namespace: "k8s.io", env });
      const reply = encodeReply(dialect, "unix:///run/s");
      if (dialect === "protobuf") assert.equal(BootstrapResult.decode(reply).address, "unix:///run/s");
      try {
        readOptions(options, silentLogger);
      } catch (error) {
        if (!(error instanceof ShimError)) throw error;
        return error.kind;
      }
      return "ok";
    },
  };
}

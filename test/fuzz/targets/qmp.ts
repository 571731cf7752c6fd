import { ShimError } from "../../../src/errors/shim-error.ts";
import { MAX_LINE } from "../../../src/vmmanager/stacks/qemu/qmp/client.ts";
import { answers } from "../../../src/vmmanager/stacks/qemu/qmp/commands.ts";
import { events, isKnownEvent } from "../../../src/vmmanager/stacks/qemu/qmp/events.ts";
import { LineReader } from "../../../src/vmmanager/stacks/qemu/qmp/line-reader.ts";
import { parseMessage, type QmpMessage } from "../../../src/vmmanager/stacks/qemu/qmp/message.ts";
import { commandError } from "../../../src/vmmanager/stacks/qemu/qmp/qmp-error.ts";
import { cut, damageBytes, either } from "../damage.ts";
import { damageJson } from "../damage-json.ts";
import { Random } from "../random.ts";
import type { Outcome, Target } from "../target.ts";

const readers = Object.entries(answers);

/** Lines of a hostile QEMU: the readers of every answer and event. */
export function qmp(): Target {
  return {
    name: "qmp",
    weight: 15,
    damage: either(damageJson, damageJson, damageJson, damageBytes),
    run(input) {
      const dice = Random.from(input);
      const lines: string[] = [];
      const reader = new LineReader(MAX_LINE, (line) => lines.push(line));
      for (const chunk of cut(dice, input)) reader.push(chunk);
      reader.push(Uint8Array.of(0x0a));
      let outcome: Outcome = "ok";
      for (const line of lines) {
        try {
          take(parseMessage(line));
        } catch (error) {
          if (!(error instanceof ShimError)) throw error;
          outcome = error.kind;
        }
      }
      return outcome;
    },
  };
}

function take(message: QmpMessage): void {
  switch (message.kind) {
    case "event":
      if (isKnownEvent(message.name)) events[message.name](message.data, message.name);
      break;
    case "error":
      throw commandError("cont", message.errorClass, message.desc);
    case "return": {
      let taken = 0;
      for (const [command, read] of readers) {
        try {
          read(message.value, command);
          taken += 1;
        } catch (error) {
          if (!(error instanceof ShimError)) throw error;
        }
      }
      if (taken === 0) throw new ShimError("data-loss", "no command has such an answer");
      break;
    }
    case "greeting":
      break;
  }
}

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { FORWARD_LIMITS } from "../../gcs/agent/socket-forwards.ts";
import { STREAM_LIMITS } from "../../gcs/agent/stream-table.ts";
import { MAX_GREETING_BYTES } from "../../transport/agent/greeting.ts";
import { AGENT_KERNEL_ARGUMENT, AGENT_PORT, AGENT_STREAM_PORT } from "../../transport/agent/ports.ts";
import { AGENT_SERVICES } from "./agent-services.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/guest-agent.md"), "utf8");

describe("docs/guest-agent.md", () => {
  it("lists the services and methods that are served, and no others", () => {
    const rows = page.match(/^\| `\S+\.v\d\.\w+` \|.*$/gm);
    const served = AGENT_SERVICES.map(({ name, methods }) => {
      const names = Object.keys(methods).map((method) => `\`${method}\``);
      return `| \`${name}\` | ${names.join(", ")} |`;
    });
    assert.deepEqual(rows, served);
  });

  it("names the numbers that hold", () => {
    for (const text of [
      `\`${AGENT_KERNEL_ARGUMENT}\` on the kernel's command line`,
      `| ${AGENT_PORT} | one connection`,
      `| ${AGENT_STREAM_PORT} | connections that stand by`,
      `u32 big-endian, 1 to ${MAX_GREETING_BYTES},`,
      `above ${MAX_GREETING_BYTES} bytes`,
      `more than ${STREAM_LIMITS.unclaimed} streams that wait`,
      `not whole within ${STREAM_LIMITS.greetingMs / 1000} s`,
      `nobody claims it within ${STREAM_LIMITS.unclaimedMs / 1000} s`,
      `no result within ${FORWARD_LIMITS.answerMs / 1000} s, more than ${FORWARD_LIMITS.waiting} that`,
      `more than ${FORWARD_LIMITS.connections} in all`,
    ]) {
      assert.ok(page.includes(text), text);
    }
  });
});

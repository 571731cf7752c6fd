import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { recordSpans, type Span } from "../../tracing/span.ts";
import { spanTap } from "./span-tap.ts";
import type { BridgeMessage } from "./tap.ts";

describe("the bridge's spans", () => {
  afterEach(() => recordSpans(undefined));

  it("are requests until their responses; who listens hears all the same", () => {
    const told: Span[] = [];
    const heard: BridgeMessage[] = [];
    recordSpans((span) => told.push(span));
    const listener = { active: false, message: (message: BridgeMessage) => void heard.push(message) };
    const tap = spanTap(listener);
    assert.equal(tap.active, true);
    const at = new Date(1_700_000_000_500);
    const request = {
      at,
      direction: "to-guest",
      type: 0x1010_0101,
      id: 7n,
      bytes: 20,
      body: new Uint8Array(),
    } as const;
    const response = { ...request, direction: "from-guest", type: 0x2010_0101, ms: 12.5 } as const;
    tap.message(request);
    tap.message(response);
    tap.message({ ...response, type: 0x3010_0101, ms: undefined } as unknown as BridgeMessage);
    assert.deepEqual(
      told.map(({ track, start, duration, fields }) => ({ track, start, duration, fields })),
      [{ track: "bridge", start: 1_700_000_000_487_500, duration: 12_500, fields: { id: 7, bytes: 20 } }],
    );
    assert.match(told[0]?.name ?? "", /^ComputeSystemResponseCreate/);
    assert.equal(heard.length, 0);
    listener.active = true;
    tap.message(request);
    assert.equal(heard.length, 1);
  });
});

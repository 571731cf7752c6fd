import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { onHostClock } from "./guest-clock.ts";
import { lanesOf } from "./lanes.ts";
import { type Span, TRACKS } from "./span.ts";
import { timelineSvg } from "./timeline-svg.ts";
import { traceOf } from "./trace-events.ts";

const anySpan: fc.Arbitrary<Span> = fc.record({
  track: fc.constantFrom(...TRACKS),
  name: fc.string({ unit: "binary", maxLength: 30 }),
  start: fc.integer({ min: 1_700_000_000_000_000, max: 1_700_000_000_000_400 }),
  duration: fc.integer({ min: 0, max: 200 }),
  fields: fc.dictionary(fc.constantFrom("id", "code", "x"), fc.oneof(fc.string({ unit: "binary" }), fc.integer())),
});
const someSpans = fc.array(anySpan, { minLength: 1, maxLength: 30 });

const bridge = (id: number, start: number, duration: number): Span => ({
  ...{ track: "bridge", name: "Create", start, duration, fields: { id } },
});
const guest = (id: number, start: number, duration: number): Span => ({
  ...{ track: "guest", name: "Create", start, duration, fields: { id, clock: "guest" } },
});

describe("the guest's clock", () => {
  it("is put on the host's by the requests that both saw, within what they leave", () => {
    const runc: Span = { track: "runc", name: "create", start: 120, duration: 20, fields: { clock: "guest" } };
    const { spans, error } = onHostClock([
      bridge(1, 10_000, 100),
      guest(1, 100, 60),
      bridge(2, 10_200, 60),
      guest(2, 310, 40),
      runc,
    ]);
    // By 1 the clocks are 9900 to 9940 apart, by 2 9890 to 9910.
    assert.equal(error, 5);
    assert.deepEqual(
      spans.map(({ track, start }) => [track, start]),
      [
        ["bridge", 10_000],
        ["bridge", 10_200],
        ["guest", 10_005],
        ["guest", 10_215],
        ["runc", 10_025],
      ],
    );
  });

  it("can't be placed without such a request: what is told of it is left out", () => {
    assert.deepEqual(onHostClock([bridge(1, 10_000, 100), guest(2, 1, 1)]), { spans: [bridge(1, 10_000, 100)] });
    const local: Span = { track: "runc", name: "create", start: 5, duration: 1 };
    assert.deepEqual(onHostClock([local]).spans, [local]);
  });
});

describe("lanes", () => {
  it("hold every span once, none across another of its lane", () => {
    fc.assert(
      fc.property(someSpans, (spans) => {
        const lanes = lanesOf(spans);
        assert.deepEqual(new Set(lanes.flatMap((lane) => lane.spans)), new Set(spans));
        for (const { track, spans: own } of lanes) {
          for (const [i, a] of own.entries()) {
            assert.equal(a.track, track);
            for (const b of own.slice(i + 1)) {
              const [aEnd, bEnd] = [a.start + a.duration, b.start + b.duration];
              assert.ok(b.start >= aEnd || bEnd <= aEnd, JSON.stringify([a, b]));
            }
          }
        }
      }),
    );
  });
});

describe("a trace for Chrome and Perfetto", () => {
  it("has each span as a complete event, of named processes and threads", () => {
    fc.assert(
      fc.property(someSpans, (spans) => {
        const { traceEvents } = JSON.parse(JSON.stringify(traceOf(spans)));
        const named = new Set<string>();
        let whole = 0;
        for (const { ph, name, cat, ts, dur, pid, tid, args } of traceEvents) {
          assert.ok(Number.isInteger(pid) && Number.isInteger(tid) && typeof name === "string");
          if (ph === "M") named.add(`${name} ${pid} ${tid}`);
          else {
            whole += 1;
            assert.equal(ph, "X");
            assert.ok(Number.isFinite(ts) && dur >= 0 && typeof cat === "string" && typeof args === "object");
            assert.ok(named.has(`process_name ${pid} 0`) && named.has(`thread_name ${pid} ${tid}`), "named before");
          }
        }
        assert.equal(whole, spans.length);
      }),
    );
  });
});

describe("the picture of the stages", () => {
  it("is well-formed XML with a bar for each span, whatever their names are", () => {
    fc.assert(
      fc.property(someSpans, (spans) => {
        const svg = timelineSvg(spans, 'a <pod> & "b"');
        assert.equal(countBars(svg), spans.length);
      }),
    );
  });

  it("is there for a single moment", () => {
    const svg = timelineSvg([{ track: "vm", name: "x", start: 5, duration: 0 }], "one");
    assert.equal(countBars(svg), 1);
    assert.ok(!svg.includes("NaN") && !svg.includes("Infinity"));
  });
});

/** Throws where an element is not closed by its own name, or text has what XML forbids. Returns the number of `<g>`. */
function countBars(svg: string): number {
  const open: string[] = [];
  let bars = 0;
  let end = 0;
  for (const match of svg.matchAll(/<(\/?)([a-z]+)((?:\s[a-zA-Z0-9-]+="[^"<]*")*)(\/?)>/g)) {
    const [all, close, name = "", , self] = match;
    assert.match(svg.slice(end, match.index), /^(?:[^<>&]|&(?:amp|lt|gt|quot);)*$/, "text");
    end = match.index + all.length;
    if (close === "/") assert.equal(open.pop(), name);
    else if (self !== "/") open.push(name);
    if (name === "g" && close === "") bars += 1;
  }
  assert.deepEqual(open, []);
  assert.equal(svg.slice(end), "\n");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has no way to write them.
  assert.ok(!/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udfff]/.test(svg));
  return bars;
}

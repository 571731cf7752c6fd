import { lanesOf } from "./lanes.ts";
import type { Span, Track } from "./span.ts";

const [WIDTH, LEFT, ROW, TOP] = [1200, 90, 20, 46];
/** Narrower ones have no room for a name; it is in their title all the same. */
const PIXELS_A_LETTER = 6.5;

const COLOURS: Readonly<Record<Track, string>> = {
  ...{ client: "#9aa5b1", start: "#3e7cb1", daemon: "#2f9e79", vm: "#7b61a8", bridge: "#c08a2d" },
  ...{ kernel: "#6b7280", guest: "#b5524a", runc: "#d0743c", delete: "#3e7cb1" },
};

/** A picture of the stages: time to the right, a row for each lane, a bar for each span. Stands alone, with no script. */
export function timelineSvg(spans: readonly Span[], title: string): string {
  const lanes = lanesOf(spans);
  const begin = Math.min(...spans.map(({ start }) => start));
  const end = Math.max(...spans.map(({ start, duration }) => start + duration), begin + 1);
  const scale = (WIDTH - LEFT - 10) / (end - begin);
  const height = TOP + lanes.length * ROW + 10;
  const at = (time: number): number => LEFT + (time - begin) * scale;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="10" y="16" font-size="13">${escapeXml(title)}</text>`,
  ];
  for (const tick of ticks(end - begin)) {
    const x = at(begin + tick).toFixed(1);
    parts.push(`<line x1="${x}" y1="${TOP - 6}" x2="${x}" y2="${height - 8}" stroke="#e3e6ea"/>`);
    parts.push(`<text x="${x}" y="${TOP - 10}" fill="#555555">${milliseconds(tick)}</text>`);
  }
  lanes.forEach(({ track, spans: own }, index) => {
    const y = TOP + index * ROW;
    if (lanes[index - 1]?.track !== track) parts.push(`<text x="10" y="${y + 14}" fill="#333333">${track}</text>`);
    for (const span of own) parts.push(bar(span, at(span.start), y, Math.max(1, span.duration * scale)));
  });
  return `${[...parts, "</svg>"].join("\n")}\n`;
}

function bar({ track, name, duration, fields = {} }: Span, x: number, y: number, width: number): string {
  const told = Object.entries(fields).map(([key, value]) => `${key}=${String(value)}`);
  const label = `${name} ${milliseconds(duration)}`;
  const title = escapeXml([label, ...told].join(" "));
  const letters = Math.floor((width - 4) / PIXELS_A_LETTER);
  const text =
    letters < 4
      ? ""
      : `<text x="${(x + 3).toFixed(1)}" y="${y + 14}" fill="#ffffff">${escapeXml(cut(label, letters))}</text>`;
  return (
    `<g><title>${title}</title><rect x="${x.toFixed(1)}" y="${y + 2}" width="${width.toFixed(1)}" height="${ROW - 4}" ` +
    `fill="${COLOURS[track]}" stroke="#ffffff" stroke-width="0.5"/>${text}</g>`
  );
}

function cut(text: string, letters: number): string {
  return text.length <= letters ? text : `${text.slice(0, letters - 1)}…`;
}

/** At 1, 2 or 5 times a power of ten, ten of them at most. */
function ticks(duration: number): number[] {
  const power = 10 ** Math.floor(Math.log10(duration / 10));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => duration / step <= 10) ?? duration;
  return Array.from({ length: Math.floor(duration / step) + 1 }, (_, i) => i * step);
}

function milliseconds(microseconds: number): string {
  const ms = microseconds / 1000;
  return `${ms >= 100 ? Math.round(ms) : Number(ms.toPrecision(3))} ms`;
}

/** Text of a guest may have any character; those that XML has no way to write go. */
function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g, "?")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

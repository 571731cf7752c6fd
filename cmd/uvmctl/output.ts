import { Option } from "commander";
import type { Session } from "./session.ts";

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number | bigint;
  /** Numbers stand to the right. */
  readonly right?: boolean;
}

export interface Format<Row> {
  readonly json?: boolean | undefined;
  readonly columns: readonly Column<Row>[];
}

/** `--json`, of each command that prints data. */
export const jsonOption = (): Option => new Option("--json", "print JSON, for programs");

/** Rows as a table for people, titles first, or all of them as one array in JSON. */
export function printRows<Row>(session: Session, rows: readonly Row[], { json, columns }: Format<Row>): void {
  session.out(json ? `${toJson(rows)}\n` : renderTable(rows, columns));
}

/** A document as JSON; u64 as a number where it is one in JSON too, else as text. Indented: people read it as well. */
export function toJson(value: unknown, indent: number | undefined = 2): string {
  const plain = (_: string, member: unknown): unknown => {
    if (typeof member === "bigint") return Number.isSafeInteger(Number(member)) ? Number(member) : member.toString();
    return member instanceof Map ? Object.fromEntries(member) : member;
  };
  return JSON.stringify(value, plain, indent);
}

/** Nothing but the titles where there are no rows. Control characters are shown, not sent to the terminal. */
export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const lines = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ value }) => cell(value(row))))];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const render = (line: string[]): string =>
    line
      .map((text, i) => (columns[i]?.right ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  return `${lines.map(render).join("\n")}\n`;
}

function cell(value: string | number | bigint): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what a terminal obeys.
  return String(value).replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, (c) => JSON.stringify(c).slice(1, -1));
}

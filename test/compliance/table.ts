import { columns, conditions, recorded } from "./recorded.ts";
import { type Findings, type Row, surveyRows } from "./survey.ts";

/** The table stack x operation as Markdown; `-` where nothing was found. */
export function complianceTable(
  findings: Readonly<Partial<Record<(typeof columns)[number], Findings>>> = recorded,
): string[] {
  const order = Object.keys(recorded.local) as Row[];
  const cell = (column: (typeof columns)[number], row: Row): string => {
    const finding = findings[column]?.[row] ?? "-";
    const condition = conditions[column]?.[row];
    return condition === undefined || finding === "-" ? finding : condition;
  };
  return [
    `| | ${columns.join(" | ")} |`,
    `| --- |${" --- |".repeat(columns.length)}`,
    ...order
      .filter((row) => surveyRows.includes(row))
      .map((row) => `| ${row} | ${columns.map((column) => cell(column, row)).join(" | ")} |`),
  ];
}

/** One line of what a daemon tells about itself and its pod when it is asked to: what, and in which state. */
export interface ReportLine {
  readonly what: "daemon" | "pod" | "vm" | "container" | "process";
  readonly fields: Readonly<Record<string, unknown>>;
}

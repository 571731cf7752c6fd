/** One line of what a pod tells about itself when it is asked to: what, and in which state. */
export interface ReportLine {
  readonly what: "pod" | "vm" | "container" | "process";
  readonly fields: Readonly<Record<string, unknown>>;
}

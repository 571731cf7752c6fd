import { readlinkSync } from "node:fs";
import { type Count, count, readText } from "./stats-file.ts";

/** The columns of /proc/net/dev, proc(5), by their names in the Metrics of both dialects; empty: not told there. */
const COLUMNS = [
  ...["rx_bytes", "rx_packets", "rx_errors", "rx_dropped", "", "", "", ""],
  ...["tx_bytes", "tx_packets", "tx_errors", "tx_dropped"],
];

export type InterfaceMetrics = Readonly<Record<string, Count | string>>;

/** Of each interface of the process's network namespace but its loopback; none where that is our own, or it is gone. */
export function networkMetrics(pid: number): InterfaceMetrics[] {
  const namespace = (process: number | "self"): string => readlinkSync(`/proc/${process}/ns/net`);
  try {
    if (namespace(pid) === namespace("self")) return [];
  } catch {
    return [];
  }
  return interfaceMetrics(readText(`/proc/${pid}/net/dev`) ?? "");
}

/** Of the text of /proc/PID/net/dev. */
export function interfaceMetrics(text: string): InterfaceMetrics[] {
  return text.split("\n").flatMap((line) => {
    const [, name, values = ""] = /^ *([^ :]+): *([\d ]+)$/.exec(line) ?? [];
    if (name === undefined || name === "lo") return [];
    const words = values.trim().split(/ +/);
    const told = COLUMNS.flatMap((column, i) => (column === "" ? [] : [[column, count(words[i] ?? "0")] as const]));
    return [{ name, ...Object.fromEntries(told) }];
  });
}

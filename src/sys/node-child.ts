import type { ChildProcess as NodeChild } from "node:child_process";
import { Socket } from "node:net";
import { adoptSocket } from "./node-sockets.ts";
import type { ChildExit, ChildProcess } from "./runtime.ts";
import { signalNumber } from "./signals.ts";

/** A child of node:child_process that has come to be. `stdio`: as it was asked for, `pipe` where we have an end. */
export function nodeChild(
  child: NodeChild & { readonly pid: number },
  stdio: readonly unknown[],
  signal: AbortSignal | undefined,
): ChildProcess {
  const exited = new Promise<ChildExit>((resolve) => {
    child.once("exit", (code, name) => {
      signal?.removeEventListener("abort", abort);
      const number = name === null ? undefined : signalNumber(name);
      resolve(number === undefined ? { code: code ?? 255 } : { code: 128 + number, signal: number });
    });
  });
  const abort = () => void child.kill("SIGKILL");
  signal?.addEventListener("abort", abort, { once: true });
  const pipes = stdio.map((entry, index) => {
    const socket = entry === "pipe" ? child.stdio[index] : undefined;
    if (!(socket instanceof Socket)) return undefined;
    return adoptSocket(socket, pipeDirection(index));
  });
  return { pid: child.pid, pipes, exited, kill: (number) => void child.kill(number) };
}

/** Node itself tells it to have one or not, once. */
export function hasPid<C extends NodeChild>(child: C): child is C & { readonly pid: number } {
  return child.pid !== undefined;
}

function pipeDirection(index: number): "read" | "write" | "both" {
  if (index === 0) return "write";
  return index <= 2 ? "read" : "both";
}

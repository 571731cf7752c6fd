import type { AddCommand } from "../session.ts";
import { addBridge } from "./bridge.ts";
import { addCompletion } from "./completion.ts";
import { addConsole } from "./console.ts";
import { addExec } from "./exec.ts";
import { addLs } from "./ls.ts";
import { addPid } from "./pid.ts";
import { addPods } from "./pods.ts";
import { addReport } from "./report.ts";
import { addShare } from "./share.ts";
import { addStacks } from "./stacks.ts";
import { addTasks } from "./tasks.ts";
import { addTop } from "./top.ts";
import { addTrace } from "./trace.ts";

/** All commands, in the order in which help tells of them. */
export const registry: readonly AddCommand[] = [
  addLs,
  addTop,
  addPods,
  addPid,
  addTasks,
  addExec,
  addShare,
  addConsole,
  addStacks,
  addReport,
  addBridge,
  addTrace,
  addCompletion,
];

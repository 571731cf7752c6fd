import type { AddCommand } from "../session.ts";
import { addAdd } from "./add.ts";
import { addBoot } from "./boot.ts";
import { addBridge } from "./bridge.ts";
import { addCheck } from "./check.ts";
import { addCompletion } from "./completion.ts";
import { addConfig } from "./config.ts";
import { addConsole } from "./console.ts";
import { addExec } from "./exec.ts";
import { addKeeper } from "./keeper.ts";
import { addList } from "./list.ts";
import { addLs } from "./ls.ts";
import { addPause } from "./pause.ts";
import { addPid } from "./pid.ts";
import { addPods } from "./pods.ts";
import { addRemove } from "./remove.ts";
import { addReport } from "./report.ts";
import { addRestore } from "./restore.ts";
import { addResume } from "./resume.ts";
import { addSave } from "./save.ts";
import { addShare } from "./share.ts";
import { addSpares } from "./spares.ts";
import { addStacks } from "./stacks.ts";
import { addStats } from "./stats.ts";
import { addStop } from "./stop.ts";
import { addTasks } from "./tasks.ts";
import { addTop } from "./top.ts";
import { addTrace } from "./trace.ts";

/** All commands, in the order in which help tells of them. */
export const registry: readonly AddCommand[] = [
  addLs,
  addTop,
  addBoot,
  addList,
  addPause,
  addResume,
  addSave,
  addRestore,
  addAdd,
  addRemove,
  addStats,
  addStop,
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
  addConfig,
  addCheck,
  addSpares,
  addCompletion,
  addKeeper,
];

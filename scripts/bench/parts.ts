import { containers } from "./containers.ts";
import { crowd } from "./crowd.ts";
import { idle } from "./idle.ts";
import { lifecycle } from "./lifecycle.ts";
import { memory } from "./memory.ts";
import type { Part } from "./part.ts";
import { taskService, ttrpcEcho } from "./rpc.ts";
import { stdio } from "./stdio.ts";
import { vm } from "./vm.ts";
import { vmPod } from "./vm-pod.ts";
import { vmSave } from "./vm-save.ts";

/** All of the bench, in the order in which it is run and told. */
export const parts: Readonly<Record<string, Part>> = {
  lifecycle,
  containers,
  calls: taskService,
  echo: ttrpcEcho,
  stdio,
  memory,
  crowd,
  vm,
  "vm-pod": vmPod,
  "vm-save": vmSave,
  idle,
};

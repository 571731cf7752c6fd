import { vmCommand } from "../keeper/vm.ts";

export const addPause = vmCommand("pause", "let a VM stand still", async (uvm, name) => {
  await uvm.pause({});
  return `${name} is paused`;
});

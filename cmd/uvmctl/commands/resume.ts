import { vmCommand } from "../keeper/vm.ts";

export const addResume = vmCommand("resume", "let a paused VM go on", async (uvm, name) => {
  await uvm.resume({});
  return `${name} runs`;
});

/** part-main.ts NAME PATIENCE [--quick]: one part of the bench, in a process of its own; what it finds goes to the parent as it comes. */
import { parts } from "./parts.ts";
import { Recorder } from "./recorder.ts";

const [name = "", patience, ...flags] = process.argv.slice(2);
const part = parts[name];
if (part === undefined || process.send === undefined) throw new Error(`part "${name}" is run by main.ts`);
const send = (message: object): void => void process.send?.(message);
const recorder = new Recorder(send, (now) => send({ now }), Number(patience));
let over = false;
// Once all is told; a VM that a failure left must not keep this process. Before that, the parent was killed: sweep, and end.
process.once("disconnect", () => (over ? process.exit() : process.kill(process.pid, "SIGTERM")));
try {
  await part.run(recorder, flags.includes("--quick"));
} catch (error) {
  recorder.fail("the rest of this part", error);
}
over = true;
process.disconnect?.();

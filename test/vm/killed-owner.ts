/** A program that starts a VM and says so, for faults.test.ts, which kills it: IMAGE STATE SHARED. */
import { Manager } from "../../src/vm/manager.ts";

const [image = "", state = "", shared = ""] = process.argv.slice(2);
const instance = await new Manager({ image, accel: "tcg" }).newInstance(state);
instance.addFS("shared", shared);
let said = false;
await instance.start({
  consoleWriter: {
    write() {
      if (!said) process.stdout.write("it runs\n");
      said = true;
    },
  },
});
// Until it is killed.
setInterval(() => {}, 1 << 30);

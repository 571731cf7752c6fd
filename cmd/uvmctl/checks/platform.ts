import { type Check, failure, ok } from "./check.ts";

export const platform: Check = {
  name: "platform",
  async run({ host, settings: { stack } }) {
    const here = `${host.platform} on ${host.arch}`;
    if (stack === "hcs") {
      if (host.platform === "win32") return [ok(here)];
      return [failure(`stack hcs runs on Windows, this is ${here}`, 'set stack = "qemu" in the configuration')];
    }
    if (host.platform !== "linux")
      return [failure(`stack ${stack} runs on Linux, this is ${here}`, "use a Linux host")];
    if (stack === "local" || host.arch === "x64") return [ok(here)];
    return [failure(`stack ${stack} runs on x86-64, this is ${here}`, "use an x86-64 host")];
  },
};

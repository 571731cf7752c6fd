import { type Check, failure, ok, programOf, versionIn } from "./check.ts";

const LEAST = [1, 1] as const;

/** A VM brings its own. */
export const runc: Check = {
  name: "runc",
  async run(context) {
    const { stack, runc } = context.settings;
    if (stack !== "local") return [];
    const mend = "install runc 1.1 or later (Debian: runc), or set runc.binary in the configuration";
    const path = programOf(context, runc.binary);
    if (path === undefined) return [failure(`runc.binary ${runc.binary} is not there`, mend)];
    const found = versionIn((await context.host.run([path, "--version"])) ?? "", LEAST);
    if (found === undefined) return [failure(`${path} does not run, or tells no version`, mend)];
    return [found.isEnough ? ok(`${path} ${found.version}`) : failure(`${path} is version ${found.version}`, mend)];
  },
};

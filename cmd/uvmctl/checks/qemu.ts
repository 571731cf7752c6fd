import { type Check, type CheckContext, type Finding, failure, ok, programOf, versionIn, warning } from "./check.ts";

/** What all of it was tested with. */
const TESTED = [7, 2] as const;

/** Of the stack that runs QEMU itself. */
export const qemu: Check = {
  name: "qemu",
  async run(context) {
    if (context.settings.stack !== "qemu") return [];
    const { virtiofsd } = context.settings.qemu;
    return [
      await program(context),
      present(context, "virtiofsd", virtiofsd, "install it (Debian 12: qemu-system-common), or set qemu.virtiofsd"),
      present(context, "setpriv", "setpriv", "install util-linux 2.33 or later"),
    ];
  },
};

async function program(context: CheckContext): Promise<Finding> {
  const { binary } = context.settings.qemu;
  const path = programOf(context, binary);
  if (path === undefined)
    return failure(`qemu.binary ${binary} is not there`, "install QEMU (Debian: qemu-system-x86), or set qemu.binary");
  const found = versionIn((await context.host.run([path, "--version"])) ?? "", TESTED);
  if (found === undefined)
    return failure(`${path} does not run, or tells no version`, "install QEMU 7.2 or later anew");
  if (found.isEnough) return ok(`${path} ${found.version}`);
  return warning(
    `${path} is version ${found.version}, older than any that this was tested with`,
    "install QEMU 7.2 or later",
  );
}

function present(context: CheckContext, what: string, name: string, mend: string): Finding {
  const path = programOf(context, name);
  return path === undefined ? failure(`${what} ${name} is not there`, mend) : ok(path);
}

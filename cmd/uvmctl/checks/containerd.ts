import { PROGRAM } from "../../../src/shim/identity.ts";
import { type Check, type CheckContext, type Finding, failure, ok, programOf, versionIn, warning } from "./check.ts";

const LEAST = [1, 6] as const;

export const containerd: Check = {
  name: "containerd",
  async run(context) {
    return [await program(context), socket(context), shim(context)];
  },
};

async function program(context: CheckContext): Promise<Finding> {
  const install = "install containerd 1.6 or later (Debian: containerd)";
  const path = programOf(context, "containerd");
  if (path === undefined) return failure("containerd is not on PATH", install);
  const found = versionIn((await context.host.run([path, "--version"])) ?? "", LEAST);
  if (found === undefined) return warning(`${path} does not tell its version`, install);
  return found.isEnough ? ok(`${path} ${found.version}`) : failure(`${path} is version ${found.version}`, install);
}

function socket({ host, address }: CheckContext): Finding {
  if (host.usable(address, "rw")) return ok(`socket ${address}`);
  return warning(
    `containerd's socket ${address} is not there`,
    "start containerd (systemctl start containerd), or name its socket with --address",
  );
}

function shim(context: CheckContext): Finding {
  const path = programOf(context, PROGRAM);
  if (path !== undefined) return ok(`shim ${path}`);
  return failure(
    `${PROGRAM} is not on PATH, where containerd looks for it`,
    "run make install, or give containerd its directory in PATH",
  );
}

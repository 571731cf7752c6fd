import { CONFIG_PATH } from "#os/src/config/defaults.ts";
import { resolveSettings, type Settings } from "../../../src/config/settings.ts";
import { ShimError } from "../../../src/errors/shim-error.ts";
import { cgroup } from "./cgroup.ts";
import { type Check, type CheckedHost, type Finding, failure, ok } from "./check.ts";
import { containerd } from "./containerd.ts";
import { hypervisor } from "./hypervisor.ts";
import { image } from "./image.ts";
import { kernelModules } from "./kernel-modules.ts";
import { permissions } from "./permissions.ts";
import { platform } from "./platform.ts";
import { qemu } from "./qemu.ts";
import { runc } from "./runc.ts";
import { vmService } from "./vm-service.ts";

/** In the order in which they are told, after the configuration. */
export const checks: readonly Check[] = [
  ...[platform, permissions, cgroup, kernelModules, containerd],
  ...[runc, hypervisor, qemu, vmService, image],
];

export type NamedFinding = Finding & { readonly check: string };

export interface CheckRequest {
  readonly host: CheckedHost;
  readonly address: string;
  /** In place of the host's own. */
  readonly config?: string | undefined;
}

/** All findings. With a configuration that is wrong, of the rest what holds for the defaults. */
export async function runChecks({ host, address, config }: CheckRequest): Promise<NamedFinding[]> {
  const { settings, finding } = await configuration(config);
  const context = { host, settings, address };
  const found = await Promise.all(
    checks.map(async (check) => (await check.run(context)).map((finding) => ({ check: check.name, ...finding }))),
  );
  return [{ check: "configuration", ...finding }, ...found.flat()];
}

async function configuration(path: string | undefined): Promise<{ settings: Settings; finding: Finding }> {
  try {
    const settings = await resolveSettings(path === undefined ? {} : { configPath: path });
    return { settings, finding: ok(`${settings.source}: stack ${settings.stack}`) };
  } catch (error) {
    const remedy = `correct ${path ?? CONFIG_PATH}; docs/configuration.md has all keys`;
    return {
      settings: await resolveSettings({ configBody: "# none" }),
      finding: failure(ShimError.from(error).message, remedy),
    };
  }
}

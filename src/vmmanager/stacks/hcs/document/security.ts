import { createHash } from "node:crypto";
import { parseBase64 } from "../../../../config/annotations/go-values.ts";
import { invalidArgument } from "../../../../errors/shim-error.ts";
import type { InitOf } from "../../../../prot/json-codec.ts";
import type { securitySettings } from "../schema/security.ts";

/** "Microsoft Windows" of Hyper-V's templates of secure boot. */
const SECURE_BOOT_TEMPLATE = "1734c6e8-3154-4dda-ba5f-a874cc483422";

export const secureBoot = { applySecureBootTemplate: "Apply", secureBootTemplateId: SECURE_BOOT_TEMPLATE };

/**
 * SecuritySettings: the policy's digest is what the platform signs for the guest. No TPM: it would be the host's. Throws
 * invalid-argument for a policy that is not base64.
 */
export function isolation(type: string, policy: string, hclEnabled?: boolean): InitOf<typeof securitySettings> {
  const bytes = parseBase64(policy);
  if (bytes === undefined) throw invalidArgument("the security policy is not base64");
  const launchData = createHash("sha256").update(bytes).digest("base64");
  return { isolation: { isolationType: type, launchData, hclEnabled } };
}

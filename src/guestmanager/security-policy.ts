import type { InitOf } from "../prot/json-codec.ts";
import { RequestType } from "../prot/protocol.ts";
import { ResourceType } from "../prot/resources/resource-type.ts";
import { confidentialOptions, securityPolicyFragment } from "../prot/resources/security-policy.ts";
import type { GuestConnection } from "./connection.ts";
import type { GuestCallOptions } from "./guest.ts";
import { resourceOf } from "./modify.ts";

type ConfidentialOptions = InitOf<typeof confidentialOptions>;
type SecurityPolicyFragment = InitOf<typeof securityPolicyFragment>;

/** The policy that a confidential guest holds its host to. Our own guest enforces none: unimplemented. */
export interface SecurityPolicyManager {
  /** Once, before all else that the policy is about. */
  addSecurityPolicy(settings: ConfidentialOptions, options?: GuestCallOptions): Promise<void>;
  /** Adds to the policy; an empty media type is "application/cose-x509+rego". */
  injectPolicyFragment(settings: SecurityPolicyFragment, options?: GuestCallOptions): Promise<void>;
}

export function securityPolicyManager(connection: GuestConnection): SecurityPolicyManager {
  const policy = resourceOf(connection, ResourceType.securityPolicy, confidentialOptions);
  const fragment = resourceOf(connection, ResourceType.securityPolicyFragment, securityPolicyFragment);
  return { addSecurityPolicy: policy(RequestType.add), injectPolicyFragment: fragment(RequestType.add) };
}

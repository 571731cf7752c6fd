import { type TypeOf, text } from "../json-codec.ts";
import { field, record } from "../json-record.ts";

/** SecurityPolicy (Add). */
export const confidentialOptions = record({
  enforcerType: field("EnforcerType", text, "omitempty"),
  encodedSecurityPolicy: field("EncodedSecurityPolicy", text, "omitempty"),
  encodedUvmReference: field("EncodedUVMReference", text, "omitempty"),
  encodedUvmHashEnvelopeReference: field("EncodedUVMHashEnvelopeReference", text, "omitempty"),
});
export type ConfidentialOptions = TypeOf<typeof confidentialOptions>;

/** SecurityPolicyFragment (Add). */
export const securityPolicyFragment = record({
  fragment: field("Fragment", text, "omitempty"),
  mediaType: field("MediaType", text, "omitempty"),
});
export type SecurityPolicyFragment = TypeOf<typeof securityPolicyFragment>;

/** Hyper-V socket ids of the protocol: lower case, without braces (reference: hcsshim bridge, HvSocket GUIDs). */

/** The service that the GCS of a Windows guest dials for the bridge. */
export const WINDOWS_GCS_SERVICE_ID = "acef5661-84a1-4e44-856b-6245e69f4620";
/** The same where the sidecar of a confidential Windows guest stands before it. */
export const WINDOWS_SIDECAR_GCS_SERVICE_ID = "ae8da506-a019-4553-a52b-902bc0fa0411";
/** The service that a Windows guest's log forwarding dials. */
export const WINDOWS_LOGGING_SERVICE_ID = "172dad59-976d-45f2-8b6c-6d1b13f2ac4d";
/** The host as a Windows guest addresses it: HvSocketAddress.ParentAddress. */
export const WINDOWS_GCS_HOST_ID = "894cc2d6-9d79-424f-93fe-42969ae6d8d1";

/** The service of a vsock port. */
export function vsockServiceId(port: number): string {
  return `${port.toString(16).padStart(8, "0")}-facb-11e6-bd58-64006a7986d3`;
}

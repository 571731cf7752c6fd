/** Well-known GUIDs of Hyper-V sockets (hvsocket.h). */
export const hvGuid = {
  /** The partition that dials. */
  loopback: "e0e16197-dd56-4a10-9195-5ee7a155a838",
  parent: "a42e7cda-d03f-480c-9cc2-a4de20abb878",
  wildcard: "00000000-0000-0000-0000-000000000000",
} as const;

/** The service of a vsock port. */
export function portService(port: number): string {
  return `${port.toString(16).padStart(8, "0")}-facb-11e6-bd58-64006a7986d3`;
}

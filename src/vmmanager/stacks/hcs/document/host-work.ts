/** What must be done on the host, in this order, before HCS is given the document: the document itself is pure. */
export type HostWork =
  | { readonly do: "copy"; readonly from: string; readonly to: string }
  | { readonly do: "make-folder"; readonly path: string }
  /** To the VM's own account (HcsGrantVmAccess). */
  | { readonly do: "grant-vm-access"; readonly path: string }
  /** To those of all VMs. */
  | { readonly do: "grant-vm-group-access"; readonly path: string }
  /** Of a VHD: the guest knows the disk by it. */
  | { readonly do: "set-disk-identifier"; readonly path: string; readonly identifier: string };

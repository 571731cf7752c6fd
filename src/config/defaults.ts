/** What a configuration that says nothing means on this operating system. */
export const CONFIG_PATH: string = "/etc/uvm-shim/config.toml";
export const STACK: string = "qemu";
export const RUN_DIRECTORY: string = "/run/uvm-shim";
export const SOCKET_DIRECTORY: string = "/run/containerd/s";
/** On a disk: what is kept there is read often and written once. */
export const TEMPLATE_DIRECTORY: string = "/var/lib/uvm-shim/templates";

/** What a configuration that says nothing means on this operating system. */
export const CONFIG_PATH: string = "/etc/uvm-shim/config.toml";
export const STACK: string = "qemu";
export const RUN_DIRECTORY: string = "/run/uvm-shim";
export const SOCKET_DIRECTORY: string = "/run/containerd/s";

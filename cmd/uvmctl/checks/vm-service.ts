import { type Check, failure, ok, programOf } from "./check.ts";

/** Of stack remotevm: the service that makes its VMs. */
export const vmService: Check = {
  name: "vm service",
  async run(context) {
    const { stack, remotevm } = context.settings;
    if (stack !== "remotevm") return [];
    const { address, service } = remotevm;
    if (address !== undefined) {
      const path = address.replace(/^unix:(\/\/)?/, "");
      if (!path.startsWith("/") || context.host.usable(path, "rw")) return [ok(address)];
      return [
        failure(`nobody serves at remotevm.address ${address}`, "start the VM service, or leave remotevm.address out"),
      ];
    }
    const path = programOf(context, service);
    if (path !== undefined) return [ok(path)];
    return [
      failure(`remotevm.service ${service} is not there`, "install it, or set remotevm.service in the configuration"),
    ];
  },
};

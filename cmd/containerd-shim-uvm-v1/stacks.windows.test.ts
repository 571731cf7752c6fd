import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { resolveSettings } from "../../src/config/settings.ts";
import { Options } from "../../src/generated/containerd/runhcs/v1.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { portService } from "../../src/transport/hvsocket/service.ts";
import { HVSOCKET_DIRECTORY_VARIABLE, serviceFile } from "../../src/transport/hvsocket/service-space.ts";
import { StandIn } from "../../test/windows/stand-in.ts";
import { createStack } from "./stacks.windows.ts";

const directory = process.env.UVM_TEST_DIRECTORY ?? "";
const PORT = 0x4000_0000;

it("the daemon's stack on Windows makes VMs of HCS, whose sockets are those of their runtime id and end with them", async () => {
  globalThis.UVM_SHIM_FAILPOINTS = true;
  const sockets = join(directory, "sockets");
  process.env[HVSOCKET_DIRECTORY_VARIABLE] = sockets;
  const bootFiles = join(directory, "boot");
  mkdirSync(bootFiles);
  for (const name of ["kernel", "initrd.img"]) writeFileSync(join(bootFiles, name), "");
  const settings = { ...(await resolveSettings({ configBody: 'stack = "hcs"\n' })) };

  const stack = await createStack(settings, silentLogger);
  const options = Options.create({ sandboxPlatform: "linux/amd64", bootFilesRootPath: bootFiles });
  const uvm = await stack.create({ id: "p1", stateDirectory: directory, runhcs: { spec: {}, options } });
  const runtimeId = (await uvm.properties()).details["hcs.runtime-id"] ?? "";
  const file = serviceFile(sockets, runtimeId, portService(PORT));
  uvm.sockets.listen(PORT);
  assert.ok(existsSync(file), file);
  await uvm.close();
  assert.ok(!existsSync(file));
  assert.throws(() => uvm.sockets.listen(PORT), { kind: "unavailable" });
  assert.deepEqual(new StandIn().live(), { systems: 0, operations: 0, strings: 0 });

  await assert.rejects(createStack({ ...settings, stack: "qemu" }, silentLogger), { kind: "failed-precondition" });
});

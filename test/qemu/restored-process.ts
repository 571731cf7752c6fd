/**
 * A new process for what another one saved (save-restore.test.ts): `restored-process.ts STATE DIRECTORY PORT` restores the
 * VM, takes the bridge and the stream of the port, and prints what it saw as JSON.
 */
import { BRIDGE_PORT } from "../../src/prot/protocol.ts";
import { createQemuStack } from "../../src/vmmanager/stacks/qemu/stack.ts";
import { BridgePeer } from "../harness/bridge-peer.ts";
import { GuestShell } from "./guest-shell.ts";

const [, , stateDirectory = "", directory = "", port = ""] = process.argv;
const LINES = 300;

const uvm = await createQemuStack({ image: "out/uvm" }).restore({ id: "restored", stateDirectory }, { directory });
try {
  const streamOf = (wanted: number) => {
    const found = uvm.restored.find((each) => each.port === wanted);
    if (found === undefined) throw new Error(`port ${wanted} was not restored`);
    return found.stream;
  };
  let text = "";
  const enough = new Promise<void>((resolve) => {
    streamOf(Number(port)).open({
      data: (chunk) => {
        text += Buffer.from(chunk).toString("latin1");
        if (text.split("\n").length > LINES) resolve();
      },
      end: () => undefined,
      drain: () => undefined,
      close: () => undefined,
    });
  });
  const peer = new BridgePeer(streamOf(BRIDGE_PORT));
  const state = (await uvm.properties()).state;
  const begin = performance.now();
  await uvm.resume();
  const shell = new GuestShell(peer, uvm.sockets, 100);
  const answer = await shell.run("cat /tmp/mark; blockdev --getsize64 /dev/sda; ls /sys/block");
  const answered = performance.now() - begin;
  await enough;
  process.stdout.write(JSON.stringify({ state, answer, text, answered }));
} finally {
  await uvm.close();
}

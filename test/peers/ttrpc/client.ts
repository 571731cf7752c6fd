/**
 * The TypeScript client of the interop tests: client.ts SOCKET
 * Runs every case against the server on the socket; prints "ok NAME" or "FAIL NAME: why" for each; exits 1 on a failure.
 */
import { connect } from "../../../src/ttrpc/socket.ts";
import { interopCases, oversizeResponse } from "./cases.ts";
import { Interop } from "./generated/uvmshim/interop/v1.ts";

const [path] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write("usage: client.ts SOCKET\n");
  process.exit(2);
}
const client = await connect(path);
const interop = client.service(Interop);
for (const { name, run } of [...interopCases, oversizeResponse]) {
  try {
    await run(interop, client);
    process.stdout.write(`ok ${name}\n`);
  } catch (error) {
    process.stdout.write(`FAIL ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
client.close();

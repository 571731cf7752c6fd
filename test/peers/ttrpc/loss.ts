/**
 * The TypeScript client that loses its server: loss.ts SOCKET
 * Says "in flight" when a unary call and a stream are open; its driver then kills the server. Exits 0 if both end with
 * unavailable, and a later call too.
 */
import assert from "node:assert/strict";
import { connect } from "../../../src/ttrpc/socket.ts";
import { isKind } from "./cases.ts";
import { Interop } from "./generated/uvmshim/interop/v1.ts";

const [path] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write("usage: loss.ts SOCKET\n");
  process.exit(2);
}
const client = await connect(path);
const interop = client.service(Interop);
const message = { seq: 0n, text: "", payload: new Uint8Array(0) };

const stream = interop.echoStream();
await stream.send(message);
await stream.receive();
const lost = [
  assert.rejects(interop.sleep({ durationMs: 3_600_000 }), isKind("unavailable"), "the unary call"),
  assert.rejects(stream.receive(), isKind("unavailable"), "the stream"),
];
process.stdout.write("in flight\n");
await Promise.all(lost);
await assert.rejects(interop.echo(message), isKind("unavailable"), "a call after the loss");
client.close();

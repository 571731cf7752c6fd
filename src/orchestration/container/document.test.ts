import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { guestDocument } from "./document.ts";
import type { ContainerVm } from "./ports.ts";

describe("the document for a guest that sees host paths", () => {
  const uvm = { stack: "local", guestPath: (path: string) => path } as ContainerVm["uvm"];

  it("binds the sockets that mounts of the type uds name, and leaves other mounts alone", () => {
    const proc = { destination: "/proc", type: "proc", source: "proc" };
    const socket = { destination: "/run/x.sock", type: "uds", source: "/host/x.sock", options: ["ro"] };
    const spec = { ociVersion: "1.0.2", root: { path: "rootfs" }, mounts: [proc, socket] };
    const { ociSpecification } = guestDocument({ id: "c", bundle: "/b", guestBundle: "/s/c", spec }, uvm);
    assert.deepEqual(ociSpecification, {
      ...{ ociVersion: "1.0.2", root: { path: "/b/rootfs" } },
      mounts: [proc, { ...socket, type: "bind", options: ["ro", "bind"] }],
    });
  });

  it("has no mounts where the spec has none", () => {
    const spec = { ociVersion: "1.0.2", root: { path: "/r" } };
    const { ociSpecification } = guestDocument({ id: "c", bundle: "/b", guestBundle: "/s/c", spec }, uvm);
    assert.deepEqual(ociSpecification, spec);
  });
});

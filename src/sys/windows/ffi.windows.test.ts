import assert from "node:assert/strict";
import { test } from "node:test";
import { loadNative, systemLibrary } from "./ffi.ts";

test("a DLL stays when koffi gives it back, as it does at Node's end: threads of HCS may still run then", () => {
  const path = process.env.UVM_SHIM_COMPUTECORE ?? "";
  const kernel = loadNative(systemLibrary("kernel32.dll"), {
    GetModuleHandleW: ["void *", "str16"],
    FreeLibrary: ["int32", "void *"],
  });
  assert.equal(kernel.GetModuleHandleW(path), null);
  loadNative(path, { HcsGetServiceProperties: ["int32", "str16", "_Out_ void **"] });
  assert.equal(kernel.FreeLibrary(kernel.GetModuleHandleW(path)), 1);
  assert.notEqual(kernel.GetModuleHandleW(path), null);
});

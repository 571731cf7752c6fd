import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { socketFamilies } from "../../sys/windows/socket-address.ts";
import { winsockErrorNames } from "../../sys/windows/winsock-error.ts";
import {
  mswsockSignatures,
  overlappedSignatures,
  winsockConstants,
  winsockSignatures,
} from "../../sys/windows/winsock-signatures.ts";
import { hvGuid, portService } from "./service.ts";

const include = "Z:\\usr\\share\\mingw-w64\\include\\";
const read = (...names: string[]) => names.map((name) => readFileSync(`${include}${name}`, "utf8")).join("\n");
const calls = read("winsock2.h", "mswsock.h", "ioapiset.h", "psdk_inc\\_socket_types.h");
const hvsocket = read("hvsocket.h");

/** koffi's name of a C type on 64-bit Windows. */
function koffiType(type: string): string {
  if (type === "void") return "void";
  if (type.includes("*") || /^(LP|P)[A-Z]/.test(type)) return "void *";
  const types: Record<string, string> = {
    ...{ int: "int32", WINBOOL: "int32", WORD: "uint16", DWORD: "uint32", ULONG: "uint32", GROUP: "uint32" },
    ...{ SOCKET: "intptr_t", HANDLE: "intptr_t", ULONG_PTR: "uint64" },
  };
  return types[type] ?? `${type}?`;
}

/** `WINSOCK_API_LINKAGE int WSAAPI bind(SOCKET s,const struct sockaddr *name,int namelen);` as koffi's types. */
function declared(name: string): string[] {
  const found = new RegExp(`\\b(\\w+) (?:WSAAPI|WINAPI) ${name} ?\\((.*)\\);`).exec(calls) ?? assert.fail(name);
  const [, result = "", args = ""] = found;
  const types = args === "void" ? [] : args.split(",").map((arg) => arg.trim().replace(/\w+$/, "").trim());
  return [result, ...types].map(koffiType);
}

describe("Winsock's declarations", () => {
  for (const [name, types] of Object.entries({ ...winsockSignatures, ...mswsockSignatures, ...overlappedSignatures })) {
    it(`${name} is the header's`, () => {
      assert.deepEqual([...types], declared(name));
      assert.notDeepEqual([...types, "int32"], declared(name));
    });
  }

  it("has the headers' constants", () => {
    const text = `${calls}\n${hvsocket}\n${read("winerror.h")}`;
    const wrong = Object.entries(winsockConstants).filter(([name, value]) => {
      const [, literal = "none"] =
        new RegExp(`#define ${name} (?:__MSABI_LONG)?\\(?(0[xX][0-9a-fA-F]+|\\d+)`).exec(text) ?? [];
      return Number(literal) !== value;
    });
    assert.deepEqual(wrong, []);
    // AF_HYPERV is younger than mingw-w64 10, whose list of families ends right before it.
    assert.match(calls, new RegExp(`#define AF_MAX ${socketFamilies.hyperv.family - 1}\\s`));
  });

  it("names Winsock's errors as the header does, but those that Linux has another name for", () => {
    const header = [...read("psdk_inc\\_wsa_errnos.h").matchAll(/#define WSA(E\w+)\s+\(WSABASEERR \+ (\d+)/g)];
    const byCode = new Map(header.map(([, name = "", offset]) => [10_000 + Number(offset), name]));
    const others = Object.entries(winsockErrorNames).filter(([code, name]) => byCode.get(Number(code)) !== name);
    assert.deepEqual(others, [
      ["995", "ECANCELED"],
      ["10035", "EAGAIN"],
      ["10058", "EPIPE"],
    ]);
  });

  it("has hvsocket.h's GUIDs, and its address's members in their order", () => {
    const guid = (name: string) => {
      const [, parts = ""] = new RegExp(`DEFINE_GUID\\(${name}, ([^)]*)\\)`).exec(hvsocket) ?? assert.fail(name);
      const [a = "", b = "", c = "", ...rest] = parts.split(", ").map((part) => part.slice(2).toLowerCase());
      return `${a}-${b}-${c}-${rest.slice(0, 2).join("")}-${rest.slice(2).join("")}`;
    };
    assert.equal(hvGuid.loopback, guid("HV_GUID_LOOPBACK"));
    assert.equal(hvGuid.parent, guid("HV_GUID_PARENT"));
    assert.equal(portService(0), guid("HV_GUID_VSOCK_TEMPLATE"));
    const [, members = ""] = /struct _SOCKADDR_HV\s*\{([^}]*)\}/.exec(hvsocket) ?? assert.fail("SOCKADDR_HV");
    assert.deepEqual(members.match(/\w+ \w+(?=;)/g), [
      ...["ADDRESS_FAMILY Family", "USHORT Reserved", "GUID VmId", "GUID ServiceId"],
    ]);
  });
});

import type { NativeSignatures, NativeType } from "../../../../sys/windows/ffi.ts";

/**
 * The calls of computecore.dll that we make, in C as computecore.h has them (mingw-w64 10; reference: windows 6): result,
 * then arguments. Data, so that a test can hold every word against the header.
 */
export const signatures = {
  HcsCreateOperation: ["HCS_OPERATION", "const void *", "HCS_OPERATION_COMPLETION"],
  HcsCloseOperation: ["void", "HCS_OPERATION"],
  HcsWaitForOperationResult: ["HRESULT", "HCS_OPERATION", "DWORD", "PWSTR *"],

  HcsEnumerateComputeSystems: ["HRESULT", "PCWSTR", "HCS_OPERATION"],
  HcsCreateComputeSystem: [
    ...(["HRESULT", "PCWSTR", "PCWSTR", "HCS_OPERATION", "const SECURITY_DESCRIPTOR *", "HCS_SYSTEM *"] as const),
  ],
  HcsOpenComputeSystem: ["HRESULT", "PCWSTR", "DWORD", "HCS_SYSTEM *"],
  HcsCloseComputeSystem: ["void", "HCS_SYSTEM"],
  HcsSetComputeSystemCallback: ["HRESULT", "HCS_SYSTEM", "HCS_EVENT_OPTIONS", "const void *", "HCS_EVENT_CALLBACK"],

  HcsStartComputeSystem: ["HRESULT", "HCS_SYSTEM", "HCS_OPERATION", "PCWSTR"],
  HcsShutDownComputeSystem: ["HRESULT", "HCS_SYSTEM", "HCS_OPERATION", "PCWSTR"],
  HcsTerminateComputeSystem: ["HRESULT", "HCS_SYSTEM", "HCS_OPERATION", "PCWSTR"],
  HcsPauseComputeSystem: ["HRESULT", "HCS_SYSTEM", "HCS_OPERATION", "PCWSTR"],
  HcsResumeComputeSystem: ["HRESULT", "HCS_SYSTEM", "HCS_OPERATION", "PCWSTR"],
  HcsSaveComputeSystem: ["HRESULT", "HCS_SYSTEM", "HCS_OPERATION", "PCWSTR"],
  HcsCrashComputeSystem: ["HRESULT", "HCS_SYSTEM", "HCS_OPERATION", "PCWSTR"],
  HcsGetComputeSystemProperties: ["HRESULT", "HCS_SYSTEM", "HCS_OPERATION", "PCWSTR"],
  HcsModifyComputeSystem: ["HRESULT", "HCS_SYSTEM", "HCS_OPERATION", "PCWSTR", "HANDLE"],

  HcsGetServiceProperties: ["HRESULT", "PCWSTR", "PWSTR *"],
  HcsCreateEmptyGuestStateFile: ["HRESULT", "PCWSTR"],
  HcsCreateEmptyRuntimeStateFile: ["HRESULT", "PCWSTR"],
  HcsGrantVmAccess: ["HRESULT", "PCWSTR", "PCWSTR"],
  HcsRevokeVmAccess: ["HRESULT", "PCWSTR", "PCWSTR"],
} as const satisfies Readonly<Record<string, readonly [CType, ...CType[]]>>;

/** HCS_EVENT (computedefs.h), in order. */
export const eventMembers = { Type: "int32", EventData: "str16", Operation: "void *" } as const;

/** koffi's types of the C ones. */
export const nativeTypes = {
  void: "void",
  HRESULT: "int32",
  DWORD: "uint32",
  HCS_EVENT_OPTIONS: "int32",
  PCWSTR: "str16",
  HANDLE: "void *",
  HCS_OPERATION: "void *",
  HCS_SYSTEM: "void *",
  "const void *": "void *",
  "const SECURITY_DESCRIPTOR *": "void *",
  HCS_OPERATION_COMPLETION: "void *",
  HCS_EVENT_CALLBACK: "void *",
  "HCS_SYSTEM *": "_Out_ void **",
  // Of type void, as the string is ours to free.
  "PWSTR *": "_Out_ void **",
} as const satisfies Readonly<Record<string, NativeType>>;

export type CType = keyof typeof nativeTypes;

export const nativeSignatures = Object.fromEntries(
  Object.entries(signatures).map(([name, types]) => [name, types.map((type) => nativeTypes[type])]),
) as unknown as NativeSignatures & Readonly<Record<keyof typeof signatures, readonly [NativeType, ...NativeType[]]>>;

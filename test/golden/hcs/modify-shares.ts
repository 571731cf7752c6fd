import type { ModifyCase } from "./modify-case.ts";

const D = "VirtualMachine/Devices";

export const shares: readonly ModifyCase[] = [
  {
    shows: "a Plan9 share",
    call: (uvm) => uvm.addPlan9Share({ name: "0", hostPath: "C:\\data", readOnly: false }),
    sends: {
      ResourcePath: `${D}/Plan9/Shares`,
      RequestType: "Add",
      Settings: { Name: "0", AccessName: "0", Path: "C:\\data", Port: 564, Flags: 4 },
    },
  },
  {
    shows: "a read-only Plan9 share",
    call: (uvm) => uvm.addPlan9Share({ name: "12", hostPath: "C:\\data", readOnly: true }),
    sends: {
      ResourcePath: `${D}/Plan9/Shares`,
      RequestType: "Add",
      Settings: { Name: "12", AccessName: "12", Path: "C:\\data", Port: 564, Flags: 5 },
    },
  },
  {
    shows: "a Plan9 share of single files",
    call: (uvm) =>
      uvm.addPlan9Share({ name: "1", hostPath: "C:\\etc", readOnly: true, allowedNames: ["hosts", "resolv.conf"] }),
    sends: {
      ResourcePath: `${D}/Plan9/Shares`,
      RequestType: "Add",
      Settings: {
        ...{ Name: "1", AccessName: "1", Path: "C:\\etc", Port: 564, Flags: 133 },
        AllowedFiles: ["hosts", "resolv.conf"],
      },
    },
  },
  {
    shows: "a Plan9 share of single files, before 1903",
    build: 17763,
    call: (uvm) => uvm.addPlan9Share({ name: "1", hostPath: "C:\\etc", readOnly: true, allowedNames: ["hosts"] }),
    refuses: ["failed-precondition", /it needs 18362/],
  },
  {
    shows: "a Plan9 share that goes",
    call: (uvm) => uvm.removePlan9Share("12"),
    sends: {
      ResourcePath: `${D}/Plan9/Shares`,
      RequestType: "Remove",
      Settings: { Name: "12", AccessName: "12", Port: 564 },
    },
  },
  {
    shows: "a Plan9 share of a Windows guest",
    guest: "windows",
    call: (uvm) => uvm.addPlan9Share({ name: "0", hostPath: "C:\\data", readOnly: true }),
    refuses: ["unimplemented", /plan9 with a windows guest/],
  },
  {
    shows: "a Plan9 share of a VM that is to migrate: it has no such device",
    annotations: { "io.microsoft.migration.support-enabled": "true" },
    call: (uvm) => uvm.addPlan9Share({ name: "0", hostPath: "C:\\data", readOnly: true }),
    refuses: ["unimplemented", /does not support add of plan9/],
  },
  {
    shows: "a VSMB share, with each of its options",
    guest: "windows",
    call: (uvm) =>
      uvm.addVsmbShare({
        name: "s1",
        hostPath: "C:\\layer",
        allowedFiles: ["C:\\layer\\a"],
        options: {
          ...{
            readOnly: true,
            cacheIo: true,
            noDirectMap: true,
            noLocks: true,
            noOplocks: true,
            pseudoDirnotify: true,
          },
          ...{ pseudoOplocks: true, restrictFileAccess: true, shareRead: true, singleFileMapping: true },
          takeBackupPrivilege: true,
        },
      }),
    sends: {
      ResourcePath: `${D}/VirtualSmb/Shares`,
      RequestType: "Add",
      Settings: {
        Name: "s1",
        Path: "C:\\layer",
        AllowedFiles: ["C:\\layer\\a"],
        Options: {
          ...{
            ReadOnly: true,
            CacheIo: true,
            NoDirectmap: true,
            NoLocks: true,
            NoOplocks: true,
            PseudoDirnotify: true,
          },
          ...{ PseudoOplocks: true, RestrictFileAccess: true, ShareRead: true, SingleFileMapping: true },
          TakeBackupPrivilege: true,
        },
      },
    },
  },
  {
    shows: "a VSMB share of which nothing is said",
    guest: "windows",
    call: (uvm) => uvm.addVsmbShare({ name: "s2", hostPath: "C:\\data" }),
    sends: {
      ResourcePath: `${D}/VirtualSmb/Shares`,
      RequestType: "Add",
      Settings: { Name: "s2", Path: "C:\\data" },
    },
  },
  {
    shows: "a VSMB share that goes",
    guest: "windows",
    call: (uvm) => uvm.removeVsmbShare("s1"),
    sends: { ResourcePath: `${D}/VirtualSmb/Shares`, RequestType: "Remove", Settings: { Name: "s1" } },
  },
  {
    shows: "a VSMB share of a Linux guest",
    call: (uvm) => uvm.addVsmbShare({ name: "s1", hostPath: "C:\\data" }),
    refuses: ["unimplemented", /vsmb with a linux guest/],
  },
];

/** Why a target is missed, in a sentence: for the page, where that metric misses it. */
export const missed: Readonly<Record<string, string>> = {
  start:
    "Go's shim and its launcher take some 10 ms of processor time until then, ours some 20: half of them before the first line of ours, for a JavaScript runtime to begin, half to load and run, once and without a JIT's help, what the first answer needs. A spare daemon has that behind it.",
  "run-alone":
    "it begins with that start, and its Create, Start and Delete are 1.1 to 1.7 times Go's: by our profiles there is no hot spot in them, it is code that runs for the first time.",
  "run-eight": "as one alone: eight such starts share two processors.",
  exec: "nearly all of it is `ctr`, containerd and `runc exec`, which are the same for both; our daemon takes 8 ms of processor time for its first one and 5 for a later one.",
  "state-p50":
    "on this processor the time is that of the two wake-ups: two C programs that hand each other 64 bytes by a Unix socket take 66 to 71 µs, each on a processor of its own, which the other has to wake (12 on one). Where that was cheaper, on another machine (Intel Xeon, commit dadfe2d), the ratio was 0.58.",
  "state-rate":
    "a call costs our daemon a quarter to a fifth of the processor time that it costs Go's; with 64 in flight the client and the kernel, on the same two processors, seem to be the bound.",
  "echo-p50": "as for State; there it was 0.60.",
  "echo-rate": "as for State: the client and the kernel take their part of the same two processors.",
  "stdout-local":
    "the container writes to containerd's FIFO itself, which is as fast as `dd` without a shim; Go's copy reaches more than a quarter of that on this kernel.",
  "pss-10":
    "a JavaScript heap, its allocator's arenas and the code that was loaded are private to each daemon: 8 MiB (12 before what most pods never need was left unloaded), where all of Go's shim is 2 to 3.",
  "vm-cold":
    "the guest's first process is a JavaScript runtime of 114 MB, which starts, and runs its code for the first time, on an emulated processor.",
  "vm-template":
    "a restored guest has only the boot behind it; its shim's start, its container's devices and `runc` take their time as in a cold one.",
  "stdout-vm":
    "of 16 MiB's time about a third is the start of the process in the guest, which the raw channel's peer is without. Then the guest's first process copies from a pipe into frames on an emulated processor; of its processor time half is the kernel's (page faults, switches to the writer and back, the port's notifications), half the runtime's and its own code's. Without any of ours, busybox's `dd` between a pipe and the bare VM's port reaches about a third of the raw channel.",
  "stdin-vm": "as stdout's copy; and each 4 KiB are a buffer, an interrupt and a wake-up of their own in the guest.",
};

/** What the image is made of. Everything else in this folder is how. */

/** Only x86-64 so far: another architecture has other names for the kernel, the loader and the console. */
export const architecture = "amd64";

/** Debian's name for "the newest kernel for virtual machines"; it depends on the real package. */
export const kernelPackage = "linux-image-cloud-amd64";

export const guestPackages = [
  "busybox-static",
  "runc",
  "libseccomp2",
  "libc6",
  // ip: adapters of pods. Its libraries follow.
  "iproute2",
  "libbpf1",
  "libelf1",
  "zlib1g",
  "libmnl0",
  "libbsd0",
  "libmd0",
  "libcap2",
  // mkfs.ext4: blank scratch disks.
  "e2fsprogs",
  "libext2fs2",
  "libcom-err2",
  "libblkid1",
  "libuuid1",
] as const;

/** Run on this host, out of the cache and with their own libc: nothing is installed. */
export const toolPackages = ["erofs-utils", "liblz4-1", "libselinux1", "libpcre2-8-0", "libuuid1", "libc6"] as const;

/** Programs of the guest: where they go -> where their package has them. Their libraries are found by themselves. */
export const programs: Readonly<Record<string, string>> = {
  "usr/bin/busybox": "bin/busybox",
  "usr/sbin/runc": "usr/sbin/runc",
  "usr/sbin/ip": "bin/ip",
  "usr/sbin/mke2fs": "sbin/mke2fs",
};

/** Opened by name at run time, thus in no list of the linker's. */
export const openedLibraries = ["libc.so.6"] as const;

/** Names for busybox that the gcs, its hooks and a curious operator use. */
export const applets: readonly string[] = [
  ...["cat", "chmod", "cp", "date", "dd", "df", "dmesg", "echo", "env", "free", "grep", "head", "kill", "ln", "ls"],
  ...["lsmod", "mkdir", "modprobe", "mount", "mv", "nsenter", "ps", "rm", "sed", "sh", "sleep", "stty", "sync", "tail"],
  ...["top", "touch", "tr", "true", "false", "tty", "umount", "uname", "unshare", "wc"],
];

/** Loaded by /init, in the order that their dependencies ask for. */
export const bootModules = ["virtio_pci", "virtio_blk", "virtio_console", "erofs", "pvpanic-mmio"] as const;

/** Loaded by the gcs while the host may already talk to it. */
export const earlyModules = ["virtio_scsi", "sd_mod", "virtio_net", "overlay", "virtiofs"] as const;

/** Loaded when the kernel (by modprobe) or the gcs asks for them. */
export const laterModules = [
  ...["virtio_balloon", "virtio-rng", "virtio_mem", "nd_pmem", "nfit", "virtio_pmem", "loop", "dm-mod", "dm-verity"],
  // Of layers that come as disks.
  ...["squashfs", "xfs"],
  ...["veth", "bridge", "tun", "nls_ascii", "vmw_vsock_virtio_transport", "vsock_loopback"],
] as const;

/** Of the root file system and of every file in it; erofs and cpio store them. */
export const timestamp = 0;
export const fileSystemUuid = "75766d2d-7368-496d-8000-000000000000";

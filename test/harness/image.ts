import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { run } from "./command.ts";
import { type TarEntry, tar } from "./tar.ts";

export const imageName = "docker.io/library/busybox-static:test";

/**
 * An OCI image archive for `ctr image import`, made without network: the host's busybox (Debian's busybox-static) with a
 * link for each of its applets (OCI image layout 1.0).
 */
export async function buildImage(
  name = imageName,
  busybox = "/bin/busybox",
  command: readonly string[] = ["/bin/sh"],
): Promise<Buffer> {
  const applets = (await run([busybox, "--list"])).stdout.split("\n").filter((applet) => applet !== "");
  const layer = tar([
    ...["bin/", "dev/", "etc/", "proc/", "root/", "sys/", "var/"].map((path) => ({ name: path })),
    { name: "tmp/", mode: 0o1777 },
    {
      name: "etc/passwd",
      data: Buffer.from("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
    },
    { name: "etc/group", data: Buffer.from("root:x:0:\nnogroup:x:65534:\n") },
    { name: "bin/busybox", mode: 0o755, data: readFileSync(busybox) },
    ...applets.filter((applet) => applet !== "busybox").map((applet) => ({ name: `bin/${applet}`, link: "busybox" })),
  ]);

  const blobs: TarEntry[] = [];
  const blob = (mediaType: string, data: Buffer) => {
    const digest = createHash("sha256").update(data).digest("hex");
    blobs.push({ name: `blobs/sha256/${digest}`, data });
    return { mediaType, digest: `sha256:${digest}`, size: data.length };
  };
  const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));

  const layerDescriptor = blob("application/vnd.oci.image.layer.v1.tar", layer);
  const platform = { architecture: process.arch === "arm64" ? "arm64" : "amd64", os: "linux" };
  const config = blob(
    "application/vnd.oci.image.config.v1+json",
    json({
      ...platform,
      config: { Cmd: command, Env: ["PATH=/bin"], WorkingDir: "/" },
      rootfs: { type: "layers", diff_ids: [layerDescriptor.digest] },
    }),
  );
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = blob(mediaType, json({ schemaVersion: 2, mediaType, config, layers: [layerDescriptor] }));
  const annotations = { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": "test" };
  return tar([
    { name: "oci-layout", data: json({ imageLayoutVersion: "1.0.0" }) },
    { name: "index.json", data: json({ schemaVersion: 2, manifests: [{ ...manifest, platform, annotations }] }) },
    { name: "blobs/" },
    { name: "blobs/sha256/" },
    ...blobs,
  ]);
}

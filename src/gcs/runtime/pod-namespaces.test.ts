import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, describe, it } from "node:test";
import { runtime } from "#runtime";
import { until } from "../../../test/harness/until.ts";
import { isKind } from "../../errors/shim-error.ts";
import { POD_NAMESPACE } from "../../prot/resources/pod.ts";
import { leakedFds, openFds } from "../../sys/fd-leaks.ts";
import { mountsUnder } from "../../sys/mountinfo.ts";
import { inNamespaceOf, isNamespace } from "../../sys/namespace.ts";
import { readAll } from "../stdio/read-all.ts";
import { PodNamespaces } from "./pod-namespaces.ts";

const skip = process.getuid?.() !== 0 && "wants root: it makes namespaces";

const shm = { destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["nosuid", "mode=1777", "size=64k"] };
const sharing = (...types: string[]) => ({
  linux: { namespaces: [{ type: "mount" }, ...types.map((type) => ({ type, path: POD_NAMESPACE }))] },
  mounts: [shm],
});

describe("the namespaces that a guest keeps for its pod", { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), "pod-namespaces-"));
  const own = join(directory, "pod");
  const openBefore = openFds();
  const subject = (): PodNamespaces => new PodNamespaces(own, (argv, options) => runtime.spawn(argv, options));
  let pod = subject();
  afterEach(async () => {
    await pod.release();
    assert.deepEqual(mountsUnder(directory), []);
    assert.equal(existsSync(own), false);
    pod = subject();
  });
  after(async () => {
    rmSync(directory, { recursive: true });
    assert.deepEqual(await leakedFds(openBefore), []);
  });

  const paths = async (...types: string[]): Promise<string[]> => {
    const { linux } = (await pod.join(sharing(...types))) as ReturnType<typeof sharing>;
    return linux.namespaces.slice(1).map(({ path }: { type: string; path?: string }) => path ?? "");
  };
  const firstOf = (path: string): number => Number(path.split("/")[2]);
  /** Once it has begun what it waits for, which is the namespace's second process. */
  const begun = (init: number): Promise<unknown> =>
    until("the first process waits", () => readFileSync(`/proc/${init}/task/${init}/children`, "utf8") !== "");
  const orphans = (init: number): string[] =>
    readdirSync("/proc").filter((pid) => {
      try {
        const [, state, parent] = /^\d+ \(.*\) (\S) (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "latin1")) ?? [];
        return state === "Z" && Number(parent) === init;
      } catch {
        return false;
      }
    });

  it("are made when somebody asks, once, and only those", async () => {
    const alone = { linux: { namespaces: [{ type: "ipc" }, { type: "network", path: "/run/netns/n" }] } };
    assert.equal(await pod.join(alone), alone);
    assert.equal(existsSync(own), false);
    const [ipc, uts] = await paths("ipc", "uts");
    assert.ok(ipc && uts && isNamespace(ipc) && isNamespace(uts));
    assert.deepEqual(await paths("uts", "ipc"), [uts, ipc]);
    assert.deepEqual(readdirSync(own).sort(), ["ipc", "shm", "uts"]);
  });

  it("bring a pod's hostname, which is set once", async () => {
    pod.hostname = "a-pod";
    const [uts = ""] = await paths("uts");
    const hostname = (): string => readFileSync("/proc/sys/kernel/hostname", "utf8").trim();
    assert.equal(inNamespaceOf("uts", uts, hostname), "a-pod");
    assert.notEqual(hostname(), "a-pod");
  });

  it("have one /dev/shm with the IPC namespace, as the first wants it", async () => {
    const joined = (await pod.join(sharing("ipc"))) as {
      mounts: { type: string; source: string; options: string[] }[];
    };
    const source = join(own, "shm");
    const bound = { destination: "/dev/shm", type: "bind", source, options: ["bind", "rprivate", "nosuid"] };
    assert.deepEqual(joined.mounts, [bound]);
    await pod.join(sharing("ipc"));
    assert.deepEqual(mountsUnder(source), [source]);
    assert.deepEqual(((await pod.join(sharing("uts"))) as typeof joined).mounts, [shm]);
  });

  it("have a first process that reaps, that no container ends, and that ends with them", async () => {
    const [first, second] = await Promise.all([paths("pid"), paths("pid")]);
    assert.deepEqual(first, second);
    const [path = ""] = first;
    const init = firstOf(path);
    assert.ok(isNamespace(path));
    const inside = async (script: string): Promise<string> => {
      const argv = ["nsenter", `--pid=${path}`, "sh", "-c", script];
      const child = runtime.spawn(argv, { stdio: ["null", "pipe", "null"] });
      const text = await readAll(child.pipes[1] ?? assert.fail(), 1024);
      await child.exited;
      return text;
    };
    await begun(init);
    await inside("kill -9 1; kill -15 1; kill -9 2");
    assert.match(await inside("sleep 0.05 & echo $$"), /^\d+\n$/);
    await until("the orphan is reaped", () => orphans(init).length === 0);
    assert.ok(existsSync(`/proc/${init}`));
    await pod.release();
    await until("it has ended", () => !existsSync(`/proc/${init}`));
  });

  it("end with the pod though a container has stopped what their first process waits for", async () => {
    const [path = ""] = await paths("pid");
    const init = firstOf(path);
    await begun(init);
    const argv = ["nsenter", `--pid=${path}`, "sh", "-c", "kill -STOP 2"];
    await runtime.spawn(argv, { stdio: ["null", "null", "null"] }).exited;
    await pod.release();
    await until("it has ended", () => !existsSync(`/proc/${init}`));
  });

  it("share a /dev/shm after one that could not be made", async () => {
    const wrong = { ...sharing("ipc"), mounts: [{ ...shm, options: ["size=nonsense"] }] };
    await assert.rejects(pod.join(wrong), (error) => !isKind(error, "internal"));
    await pod.join(sharing("ipc"));
    assert.deepEqual(mountsUnder(join(own, "shm")), [join(own, "shm")]);
  });

  it("are made anew where the first process was killed", async () => {
    const [path = ""] = await paths("pid");
    process.kill(firstOf(path), "SIGKILL");
    const next = await until("there is another", async () => {
      const [now = ""] = await paths("pid");
      return now === path ? undefined : now;
    });
    assert.ok(isNamespace(next));
  });

  it("are of no other types", async () => {
    await assert.rejects(pod.join(sharing("user")), (error) => isKind(error, "invalid-argument"));
  });
});

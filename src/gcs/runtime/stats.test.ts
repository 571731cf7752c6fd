import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isKind } from "../../errors/shim-error.ts";
import { readStatistics } from "./stats.ts";
import { interfaceMetrics, networkMetrics } from "./stats-network.ts";

let root = "";
before(() => {
  root = mkdtempSync(join(tmpdir(), "gcs-stats-"));
});
after(() => rmSync(root, { recursive: true }));

function tree(name: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, name, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return join(root, name);
}

const V1 = {
  "memory/memory.stat":
    "cache 4096\nrss 8192\npgpgin 7\ntotal_cache 4097\ntotal_inactive_file 12\nhierarchical_memory_limit 9223372036854771712\n",
  "memory/memory.usage_in_bytes": "12288\n",
  "memory/memory.limit_in_bytes": "9223372036854771712\n",
  "memory/memory.max_usage_in_bytes": "20480\n",
  "memory/memory.failcnt": "3\n",
  "memory/memory.memsw.usage_in_bytes": "12289\n",
  "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 1\noom_kill 2\n",
  "cpu/cpu.stat": "nr_periods 5\nnr_throttled 2\nthrottled_time 900\n",
  "cpuacct/cpuacct.usage": "123456789\n",
  "cpuacct/cpuacct.usage_percpu": "100000000 23456789 \n",
  "cpuacct/cpuacct.stat": "user 7\nsystem 5\n",
  "pids/pids.current": "3\n",
  "pids/pids.max": "max\n",
  "blkio/blkio.throttle.io_service_bytes": "8:0 Read 4096\n8:0 Write 0\n8:0 Total 4096\nTotal 4096\n",
  "blkio/blkio.throttle.io_serviced": "8:0 Read 1\nTotal 1\n",
  "hugetlb/hugetlb.2MB.usage_in_bytes": "2097152\n",
  "hugetlb/hugetlb.2MB.max_usage_in_bytes": "4194304\n",
  "hugetlb/hugetlb.2MB.failcnt": "0\n",
  "hugetlb/hugetlb.2MB.rsvd.usage_in_bytes": "1\n",
};

function v1Paths(directory: string) {
  const names = ["memory", "cpu", "cpuacct", "pids", "blkio", "hugetlb"];
  return { mode: "v1", controllers: new Map(names.map((name) => [name, join(directory, name)])) } as const;
}

function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown>)[key], value);
}

describe("statistics of cgroup v1", () => {
  it("has the shape of the v1 Metrics", () => {
    const { v1, v2 } = readStatistics("c1", v1Paths(tree("v1", V1)));
    assert.equal(v2, undefined);
    assert.equal(at(v1, "memory", "cache"), 4096);
    assert.equal(at(v1, "memory", "rss"), 8192);
    assert.equal(at(v1, "memory", "pg_pg_in"), 7);
    assert.equal(at(v1, "memory", "total_cache"), 4097);
    assert.equal(at(v1, "memory", "total_inactive_file"), 12);
    assert.equal(at(v1, "memory", "hierarchical_memory_limit"), 9223372036854771712n);
    assert.deepEqual(at(v1, "memory", "usage"), { limit: 9223372036854771712n, usage: 12288, max: 20480, failcnt: 3 });
    assert.deepEqual(at(v1, "memory", "swap"), { limit: 0, usage: 12289, max: 0, failcnt: 0 });
    assert.equal(at(v1, "memory", "kernel"), undefined);
    assert.deepEqual(at(v1, "memory_oom_control"), { oom_kill_disable: 0, under_oom: 1, oom_kill: 2 });
    assert.deepEqual(at(v1, "cpu"), {
      usage: { total: 123456789, kernel: 50_000_000, user: 70_000_000, per_cpu: [100000000, 23456789] },
      throttling: { periods: 5, throttled_periods: 2, throttled_time: 900 },
    });
    assert.deepEqual(at(v1, "pids"), { current: 3, limit: 0 });
    const bytes = at(v1, "blkio", "io_service_bytes_recursive") as {
      op: string;
      major: number;
      minor: number;
      value: number;
    }[];
    assert.deepEqual(
      bytes.map(({ op, major, minor, value }) => ({ op, major, minor, value })),
      [
        { op: "Read", major: 8, minor: 0, value: 4096 },
        { op: "Write", major: 8, minor: 0, value: 0 },
        { op: "Total", major: 8, minor: 0, value: 4096 },
      ],
    );
    assert.equal(at(v1, "blkio", "io_serviced_recursive", "length"), 1);
    assert.deepEqual(at(v1, "hugetlb"), [{ usage: 2097152, max: 4194304, failcnt: 0, pagesize: "2MB" }]);
  });

  it("leaves out a controller that is not mounted", () => {
    const directory = tree("v1", V1);
    const { v1 } = readStatistics("c1", {
      mode: "hybrid",
      unified: directory,
      controllers: new Map([["memory", join(directory, "memory")]]),
    });
    assert.deepEqual(Object.keys(v1).sort(), ["memory", "memory_oom_control"]);
  });

  it("prefers a scheduler's accounts to those of the throttle layer", () => {
    const files = { ...V1, "blkio/blkio.io_serviced_recursive": "8:0 Read 42\nTotal 42\n" };
    const { v1 } = readStatistics("c1", v1Paths(tree("bfq", files)));
    assert.equal(at(v1, "blkio", "io_serviced_recursive", 0, "value"), 42);
    assert.equal(at(v1, "blkio", "io_service_bytes_recursive", 0, "value"), 4096);
  });

  it("answers not-found once the cgroup is gone", () => {
    assert.throws(
      () => readStatistics("c1", v1Paths(join(root, "none"))),
      (error) => isKind(error, "not-found"),
    );
  });
});

describe("statistics of a network namespace", () => {
  it("are those of its interfaces, both ways, without the loopback", () => {
    const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    1000      10    0    0    0     0          0         0     1000      10    0    0    0     0       0          0
  eth0: 18446744073709551615 2 3 4    5     6          7         8        9      10   11   12   13    14      15         16
`;
    assert.deepEqual(interfaceMetrics(text), [
      {
        ...{ name: "eth0", rx_bytes: 18446744073709551615n, rx_packets: 2, rx_errors: 3, rx_dropped: 4 },
        ...{ tx_bytes: 9, tx_packets: 10, tx_errors: 11, tx_dropped: 12 },
      },
    ]);
    assert.deepEqual(networkMetrics(process.pid), []);
  });
});

const V2 = {
  "cpu.stat": "usage_usec 1000\nuser_usec 600\nsystem_usec 400\nnr_periods 4\nnr_throttled 1\nthrottled_usec 30\n",
  "memory.stat": "anon 8192\nfile 4096\nkernel_stack 512\nslab 1024\nanon_thp 5\ninactive_file 77\npgfault 9\n",
  "memory.current": "16384\n",
  "memory.max": "33554432\n",
  "memory.swap.current": "1\n",
  "memory.swap.max": "max\n",
  "memory.events": "low 0\nhigh 0\nmax 6\noom 2\noom_kill 1\noom_group_kill 0\n",
  "pids.current": "2\n",
  "pids.max": "100\n",
  "io.stat": "8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n",
  "hugetlb.2MB.current": "0\n",
  "hugetlb.2MB.max": "max\n",
  "hugetlb.2MB.events": "max 4\n",
};

describe("statistics of cgroup v2", () => {
  it("has the shape of the v2 Metrics", () => {
    const { v2 } = readStatistics("c1", { mode: "v2", controllers: new Map(), unified: tree("v2", V2) });
    assert.deepEqual(at(v2, "pids"), { current: 2, limit: 100 });
    assert.equal(at(v2, "cpu", "usage_usec"), 1000);
    assert.equal(at(v2, "cpu", "throttled_usec"), 30);
    assert.equal(at(v2, "memory", "anon"), 8192);
    assert.equal(at(v2, "memory", "usage"), 16384);
    assert.equal(at(v2, "memory", "usage_limit"), 33554432);
    assert.equal(at(v2, "memory", "swap_limit"), 18446744073709551615n);
    assert.deepEqual(at(v2, "io", "usage"), [{ major: 8, minor: 0, rbytes: 4096, wbytes: 8192, rios: 1, wios: 2 }]);
    assert.deepEqual(at(v2, "hugetlb"), [{ current: 0, max: 18446744073709551615n, failcnt: 4, pagesize: "2MB" }]);
    assert.deepEqual(at(v2, "memory_events"), { low: 0, high: 0, max: 6, oom: 2, oom_kill: 1, oom_group_kill: 0 });
  });

  it("is also told in the v1 shape", () => {
    const { v1 } = readStatistics("c1", { mode: "v2", controllers: new Map(), unified: tree("v2", V2) });
    assert.deepEqual(at(v1, "cpu"), {
      usage: { total: 1_000_000, kernel: 400_000, user: 600_000, per_cpu: [] },
      throttling: { periods: 4, throttled_periods: 1, throttled_time: 30_000 },
    });
    assert.equal(at(v1, "memory", "rss"), 8192);
    assert.equal(at(v1, "memory", "cache"), 4096);
    assert.equal(at(v1, "memory", "total_inactive_file"), 77);
    assert.deepEqual(at(v1, "memory", "usage"), { limit: 33554432, usage: 16384, max: 0, failcnt: 6 });
    assert.deepEqual(at(v1, "memory", "swap"), { limit: 18446744073709551615n, usage: 16385, max: 0, failcnt: 0 });
    assert.equal(at(v1, "memory", "kernel", "usage"), 1536);
    assert.deepEqual(at(v1, "pids"), { current: 2, limit: 100 });
    assert.equal(at(v1, "blkio", "io_service_bytes_recursive", 1, "value"), 8192);
    assert.equal(at(v1, "blkio", "io_serviced_recursive", 2, "value"), 3);
    assert.equal(at(v1, "memory_oom_control", "oom_kill"), 1);
  });
});

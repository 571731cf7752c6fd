import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { DeviceBench, type DeviceKind, deviceKinds } from "../../../test/compliance/device-kinds.ts";
import type { DeviceCall } from "../../../test/compliance/device-stand-in.ts";
import { kindOf, notFound, unavailable } from "../../errors/shim-error.ts";
import { within } from "../deadline.ts";
import type { Mapping } from "./mapping.ts";

const planted = (): never => {
  throw new Error("planted");
};

/** From now on the nth call fails: before its effect, after it (its answer is lost), or by never answering. */
function fail(bench: DeviceBench, nth: number, how: "before" | "after" | "hang"): void {
  let call = -1;
  bench.vm.onCall = (_, when) => {
    if (when === "before") call += 1;
    if (call !== nth) return undefined;
    if (how === "hang") return new Promise(() => {});
    return when === how ? planted() : undefined;
  };
}

function mend(bench: DeviceBench): void {
  bench.vm.onCall = () => undefined;
}

async function released(bench: DeviceBench, ...mappings: Mapping[]): Promise<void> {
  mend(bench);
  for (const mapping of mappings) await mapping.unmap();
  const calls = bench.vm.log.length;
  for (const mapping of mappings) await mapping.unmap();
  assert.equal(bench.vm.log.length, calls, "an unmap of what is gone asks nobody");
  assert.deepEqual(bench.vm.left(), bench.before);
  await bench.close();
  assert.deepEqual(bench.vm.left(), []);
  assert.deepEqual(new Set(bench.held), new Set([0]));
}

const calls = (bench: DeviceBench, from = 0) =>
  bench.vm.log.slice(from).map((line) => line.split(" ")[0] as DeviceCall);

function suite({ name, options, before, reserve, up, down }: DeviceKind): void {
  const start = async (): Promise<DeviceBench> => {
    const bench = new DeviceBench(options);
    await bench.begin(before);
    return bench;
  };
  describe(`a ${name}`, () => {
    it("is mapped and unmapped by these calls, each once", async () => {
      const bench = await start();
      const mapping = reserve(bench.devices);
      for (const step of ["map", "map", "unmap", "unmap"] as const) await mapping[step]();
      assert.deepEqual(calls(bench), [...up, ...down]);
      await released(bench, mapping);
    });

    it("is one for all who ask for the same, and stays until the last", async () => {
      const bench = await start();
      const all = [reserve(bench.devices), reserve(bench.devices), reserve(bench.devices)];
      await Promise.all(all.map((mapping) => mapping.map()));
      assert.deepEqual(calls(bench), up);
      assert.equal(new Set(all.map(({ guestPath }) => guestPath)).size, 1);
      await all[0]?.unmap();
      await all[2]?.unmap();
      assert.deepEqual(calls(bench, up.length), [], "another holds it");
      await released(bench, ...all);
    });

    it("is given back once where its holder asks twice at once", async () => {
      const bench = await start();
      const mapping = reserve(bench.devices);
      await mapping.map();
      await Promise.all([mapping.unmap(), mapping.unmap()]);
      assert.deepEqual(calls(bench, up.length), down);
      await released(bench, mapping);
    });

    it("is another where another is asked for", async () => {
      const bench = await start();
      const all = [reserve(bench.devices, 0), reserve(bench.devices, 1)];
      await Promise.all(all.map((mapping) => mapping.map()));
      assert.equal(new Set(all.map(({ guestPath }) => guestPath)).size, 2);
      await released(bench, ...all);
    });

    for (const [nth, call] of up.entries()) {
      for (const how of ["before", "after", "hang"] as const) {
        const kind = how === "hang" ? "deadline-exceeded" : "unknown";
        const failed = async (): Promise<[DeviceBench, Mapping]> => {
          const bench = await start();
          const mapping = reserve(bench.devices);
          fail(bench, nth, how);
          await assert.rejects(mapping.map(), (error) => kindOf(error) === kind);
          return [bench, mapping];
        };

        it(`whose ${call} (${nth}) fails (${how}) leaves nothing when it is unmapped`, async () => {
          const [bench, mapping] = await failed();
          await released(bench, mapping);
        });

        it(`whose ${call} (${nth}) fails (${how}) is mapped by the next try`, async () => {
          const [bench, mapping] = await failed();
          mend(bench);
          await mapping.map();
          assert.notDeepEqual(bench.vm.left(), bench.before);
          await released(bench, mapping);
        });

        it(`whose ${call} (${nth}) fails (${how}) is mapped by who asks next, and then is both's`, async () => {
          const [bench, mapping] = await failed();
          mend(bench);
          const other = reserve(bench.devices);
          await other.map();
          await mapping.map();
          await mapping.unmap();
          assert.notDeepEqual(bench.vm.left(), bench.before);
          await released(bench, other);
        });
      }
    }

    for (const [nth, call] of down.entries()) {
      for (const how of ["before", "after", "hang"] as const) {
        const failed = async (): Promise<[DeviceBench, Mapping]> => {
          const bench = await start();
          const mapping = reserve(bench.devices);
          await mapping.map();
          fail(bench, nth, how);
          await assert.rejects(mapping.unmap(), (error) => ["unknown", "deadline-exceeded"].includes(kindOf(error)));
          return [bench, mapping];
        };

        it(`whose ${call} (${nth}) fails (${how}) is released by the next unmap`, async () => {
          const [bench, mapping] = await failed();
          await released(bench, mapping);
        });

        it(`whose ${call} (${nth}) fails (${how}) is not mapped again by who gave it back`, async () => {
          const [bench, mapping] = await failed();
          mend(bench);
          const calls = bench.vm.log.length;
          await assert.rejects(mapping.map(), { kind: "failed-precondition" });
          assert.equal(bench.vm.log.length, calls);
          await released(bench, mapping);
        });

        it(`whose ${call} (${nth}) fails (${how}) does not keep others from the same`, async () => {
          const [bench, mapping] = await failed();
          mend(bench);
          const other = reserve(bench.devices);
          // One removes what is left of it, whichever comes first.
          await Promise.all([mapping.unmap(), other.map()]);
          assert.notDeepEqual(bench.vm.left(), bench.before, "the second's was taken away with the first's");
          await released(bench, mapping, other);
        });
      }
    }

    it("of a VM that is gone counts as released, by either word for it", async () => {
      for (const gone of [notFound("nothing there"), unavailable("the bridge is closed")]) {
        const bench = await start();
        const mapping = reserve(bench.devices);
        await mapping.map();
        bench.vm.onCall = () => {
          throw gone;
        };
        await mapping.unmap();
        await bench.close();
        assert.deepEqual(new Set(bench.held), new Set([0]));
      }
    });
  });
}

for (const kind of deviceKinds) suite(kind);

it("no order of reserve, map and unmap, with calls that fail before or after their effect, leaves anything", async () => {
  const step = fc.record({
    kind: fc.nat(1),
    which: fc.nat(2),
    act: fc.constantFrom("reserve", "map", "unmap"),
    holder: fc.nat(5),
    wait: fc.boolean(),
  });
  const faults = fc.array(fc.constantFrom("none", "none", "slow", "before", "after"), { maxLength: 60, size: "max" });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40, size: "max" }),
      faults,
      fc.nat(deviceKinds.length - 2),
      fc.boolean(),
      async (steps, planned, first, packed) => {
        const bench = new DeviceBench({ packed, callMs: 60_000 });
        const holders: Mapping[] = [];
        let turn = 0;
        bench.vm.onCall = async (_, when) => {
          const plan = planned[turn++];
          if (plan === "slow") await new Promise((resolve) => setImmediate(resolve));
          if (plan === when) planted();
        };
        const [mapped, given] = [new Set<Mapping>(), new Set<Mapping>()];
        const works: Promise<unknown>[] = [];
        for (const { kind, which, act, holder, wait } of steps) {
          const mapping = holders[holder % Math.max(holders.length, 1)];
          if (act === "reserve" || mapping === undefined) {
            const made = deviceKinds[first + kind]?.reserve(bench.devices, which);
            if (made !== undefined) holders.push(made);
          } else {
            if (act === "unmap") given.add(mapping);
            const work = mapping[act]().then(
              () => act === "map" && mapped.add(mapping),
              () => {},
            );
            works.push(work);
            if (wait) await work;
          }
        }
        await within(Promise.all(works), 30_000, "all that was begun");
        for (const mapping of mapped) {
          const { what, guestPath } = mapping;
          if (!given.has(mapping)) assert.ok(bench.vm.isAt(guestPath), `${what} is at ${guestPath}`);
        }
        await within(released(bench, ...holders), 30_000, "the release of all");
      },
    ),
    { numRuns: 300 },
  );
});

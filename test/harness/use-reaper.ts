import { after, before } from "node:test";
import { Reaper } from "../../src/sys/reaper.ts";

/** A reaper for the tests of a `describe`. */
export function useReaper(): Reaper {
  const reaper = new Reaper();
  // Listening for a signal alone does not keep Node running.
  let hold: ReturnType<typeof setInterval>;
  before(() => {
    reaper.start();
    hold = setInterval(() => {}, 1 << 30);
  });
  after(() => {
    reaper.stop();
    clearInterval(hold);
  });
  return reaper;
}

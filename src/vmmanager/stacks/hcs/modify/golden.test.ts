import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hcsSetup, lcowOptions, wcowOptions, windowsHost } from "../../../../../test/compliance/hcs-setup.ts";
import { modifyCases } from "../../../../../test/golden/hcs/modify.ts";
import type { ModifyCase } from "../../../../../test/golden/hcs/modify-case.ts";
import { isKind, ShimError } from "../../../../errors/shim-error.ts";

async function runCase(given: ModifyCase): Promise<void> {
  const { core, stack } = hcsSetup({ host: () => ({ ...windowsHost, build: given.build ?? windowsHost.build }) });
  const options = given.guest === "windows" ? wcowOptions(given.annotations) : lcowOptions(given.annotations);
  const uvm = await stack.create(options);
  try {
    const { refuses } = given;
    if (refuses === undefined) await given.call(uvm);
    else {
      await assert.rejects(given.call(uvm), (error) => {
        assert.match(ShimError.from(error).message, refuses[1]);
        return isKind(error, refuses[0]);
      });
    }
    const sent = core.calls.filter(({ call }) => call === "modify").at(-1);
    assert.deepEqual(sent?.document, given.sends);
  } finally {
    await uvm.close();
  }
}

for (const [what, cases] of Object.entries(modifyCases)) {
  describe(`golden requests to change a VM: ${what}`, () => {
    for (const given of cases) it(given.shows, () => runCase(given));
  });
}

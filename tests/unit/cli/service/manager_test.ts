import assert from "node:assert/strict";
import { configsOf, serviceArguments } from "../../../../lib/cli/service/manager.ts";
import { test } from "../../../harness.ts";

test("configsOf() finds what serviceArguments() wrote", () => {
  const line = ["/bin/sallyport", ...serviceArguments(["/a.yml", "/b.yml"])];
  assert.deepEqual(line.slice(1), ["service", "run", "--config", "/a.yml", "--config", "/b.yml"]);
  assert.deepEqual(configsOf(line), ["/a.yml", "/b.yml"]);
});

import assert from "node:assert/strict";
import { stopCommand } from "../../../../lib/cli/commands/stop.ts";
import { test } from "../../../harness.ts";
import { RunningScene } from "../running_kit.ts";

test("stopCommand takes endpoints offline wherever they are, and changes nothing when a name is wrong", async () => {
  assert.equal(stopCommand.argument?.completes, "endpoints");
  const scene = new RunningScene();
  assert.match((await scene.sallyport("stop", "web")).stderr, /No agent runs on this machine/);
  const [first, second] = [await scene.run(), await scene.run()];
  await first.forward({ addr: 80, name: "web", url: "https://a.test" });
  await first.forward({ addr: 80, name: "both", url: "https://b.test" });
  await second.forward({ addr: 80, name: "both", url: "https://c.test" });
  await second.forward({ addr: 80, name: "api x", url: "https://d.test" });
  const refused = async (...args: string[]) => {
    const { code, stderr } = await scene.sallyport("stop", ...args);
    assert.equal(code, 1);
    return stderr;
  };
  assert.match(await refused("web", "wbe"), /"wbe": it is not online; did you mean "web"\?/);
  assert.match(await refused("quite_else"), /online are "web", "both", "both", "api x"/);
  assert.match(await refused("both"), /127.0.0.1:4040 and 127.0.0.1:4041 both have one/);
  assert.match(await refused(), /Say the names to stop, or --all/);
  assert.match(await refused("web", "--all"), /one of the two/);
  assert.equal(first.endpoints.length, 2);
  const { code, stdout } = await scene.sallyport("stop", "web", "api x");
  assert.deepEqual([code, stdout], [
    0,
    "Stopped web (https://a.test)\nStopped api x (https://d.test)\n",
  ]);
  await scene.sallyport("stop", "both", "--web-addr", "4041");
  assert.equal(second.endpoints.length, 0);
  assert.equal((await scene.sallyport("stop", "--all")).stdout, "Stopped both (https://b.test)\n");
  await scene.close();
});

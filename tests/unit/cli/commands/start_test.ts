import assert from "node:assert/strict";
import { startCommand } from "../../../../lib/cli/commands/start.ts";
import { main } from "../../../../lib/cli/main.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";
import { RunningScene } from "../running_kit.ts";

async function refusal(args: string[], files: Record<string, string> = {}) {
  const runtime = memoryRuntime({ host: { args: ["start", ...args], files } });
  assert.equal(await main(runtime), 1);
  return runtime.host.stderr.text;
}

test("startCommand completes the names of the configuration", () => {
  assert.equal(startCommand.argument?.completes, "endpoints");
  assert.equal(startCommand.argument?.optional, true);
  assert.equal(startCommand.obeysConfig, true);
});

test("S25 startCommand refuses what it cannot start, and says what it could", async () => {
  const files = { "/c.yml": "version: 3\nendpoints: [{name: web, upstream: {url: 80}}]\n" };
  const config = ["--config", "/c.yml"];
  assert.match(await refusal([...config], files), /Say at least one name to start/);
  assert.match(
    await refusal(["wbe", ...config], files),
    /did you mean "web"\?\nERROR: {2}\/c.yml has "web"\n/,
  );
  assert.match(await refusal(["web", "--all", ...config], files), /exclude each other/);
  assert.match(await refusal(["--all"]), /"sallyport start --none" starts the session alone/);
  assert.match(await refusal(["x", "--config", "/none.yml"]), /Error reading configuration file/);
});

test("startCommand --running puts endpoints online in the agent that runs, and says which", async () => {
  const scene = new RunningScene({
    "/c.yml": `version: 3
endpoints: [{name: web, url: "https://a.test", upstream: {url: 80}}]
tunnels: {db: {proto: tcp, addr: 5432}}
`,
  });
  const start = (...args: string[]) => scene.sallyport("start", ...args, "--config", "/c.yml");
  assert.match((await start("web", "--running")).stderr, /No agent runs on this machine/);
  const agent = await scene.run();
  assert.match((await start("--none", "--running")).stderr, /exclude each other/);
  assert.match((await start("wbe", "--running")).stderr, /did you mean "web"/);
  const { code, stdout } = await start("--all", "--running");
  assert.deepEqual([code, stdout], [
    0,
    "Started web: https://a.test -> http://localhost:80\nStarted db: tcp://localhost:20002 -> localhost:5432\n",
  ]);
  assert.equal(agent.endpoints.length, 2);
  await scene.run();
  assert.match((await start("web", "--running")).stderr, /at 127.0.0.1:4040, 127.0.0.1:4041: say/);
  assert.equal((await start("web", "--web-addr", "127.0.0.1:4041")).code, 0);
  await scene.close();
});

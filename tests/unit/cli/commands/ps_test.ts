import assert from "node:assert/strict";
import { psCommand } from "../../../../lib/cli/commands/ps.ts";
import { test } from "../../../harness.ts";
import { RunningScene } from "../running_kit.ts";

test("psCommand lists what all agents of the machine have online, as a table or as JSON", async () => {
  assert.equal(psCommand.argument, undefined);
  const scene = new RunningScene({ "/c.yml": "version: 3\nagent: {web_addr: 127.0.0.1:5050}\n" });
  const none = await scene.sallyport("ps");
  assert.deepEqual([none.code, none.stdout], [0, ""]);
  assert.match(none.stderr, /^No agent runs on this machine/);
  const first = await scene.run();
  const idle = await scene.sallyport("ps");
  assert.equal(idle.stderr, "Nothing is online: the agent at 127.0.0.1:4040 has no endpoints\n");
  const other = await scene.run(5050);
  await first.forward({ addr: 80, name: "web", url: "https://a.test" });
  await first.forward({ addr: 8080, name: "evil\x1b[2J", url: "https://longer.a.test" });
  await other.forward({ addr: "tcp://localhost:22", name: "ssh" });
  const { code, stdout } = await scene.sallyport("ps");
  assert.equal(code, 0);
  const [head, web, evil] = stdout.split("\n");
  assert.match(head, /^NAME +URL +UPSTREAM +OPEN\/ALL +AGENT$/);
  assert.match(web, /^web +https:\/\/a\.test +http:\/\/localhost:80 +0\/0 +127\.0\.0\.1:4040$/);
  assert.equal(web.indexOf("https://a"), head.indexOf("URL"));
  assert.ok(!evil.includes("\x1b"));
  const json = await scene.sallyport("ps", "--json", "--config", "/c.yml");
  assert.deepEqual(JSON.parse(json.stdout), {
    ...{ name: "ssh", url: "tcp://localhost:20002", upstream: "tcp://localhost:22" },
    ...{ agent: "127.0.0.1:5050", open_connections: 0, total_connections: 0 },
  });
  const lost = await scene.sallyport("ps", "--web-addr", "127.0.0.1:9");
  assert.equal(lost.code, 1);
  await scene.close();
});

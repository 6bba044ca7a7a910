/**
 * Programs that run the ngrok agent and read what it prints, run ours: what libraries of other
 * languages look for (pyngrok, the ngrok package of npm, the gems of Ruby) is there.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "../harness.ts";
import { splitAddress, startWeb, visit } from "./kit.ts";
import { startProgram } from "./program.ts";

/** A line of the log as pyngrok takes it apart: words as a shell splits them, then keys and values. */
function fieldsOf(line: string): Record<string, string> {
  const words = line.match(/(?:[^\s"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return Object.fromEntries(
    words.filter((word) => word.includes("=")).map((word) => {
      const [, key, value] = /^([^=]+)=(.*)$/s.exec(word)!;
      return [key, value.replace(/^"|"$/g, "").replace(/\\(.)/g, "$1")];
    }),
  );
}

async function withConfig(work: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-wrappers-"));
  try {
    const path = join(folder, "ngrok.yml");
    writeFileSync(path, 'version: "3"\nagent:\n  web_addr: "127.0.0.1:0"\n');
    await work(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a program that runs the agent as pyngrok does reads its log and its API", async () => {
  await withConfig(async (path) => {
    const web = await startWeb();
    const agent = startProgram(["start", "--none", "--log=stdout", `--config=${path}`]);
    try {
      await agent.waitForText(/msg="tunnel session started"[^\n]*\n/);
      const lines = agent.stdout.trimEnd().split("\n").map(fieldsOf);
      assert.equal(agent.stderr, "", "whatever stands there counts as a failure for some");
      for (const { t, lvl } of lines) {
        assert.match(t, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$/);
        assert.ok(["info", "warn"].includes(lvl), lvl);
      }
      const at = (msg: string) => lines.findIndex((line) => line.msg === msg);
      const order = ["open config file", "starting web service", "client session established"];
      const places = order.map(at);
      assert.equal(places[0], 0);
      assert.deepEqual(places, places.toSorted((a, b) => a - b));
      const address = lines[at("starting web service")].addr;
      // As the package of npm finds it.
      const ready = /starting web service.*addr=(\d+\.\d+\.\d+\.\d+:\d+)/.exec(agent.stdout);
      assert.equal(ready?.[1], address);
      const definition = { name: "web", addr: String(web.port), proto: "http", schemes: ["http"] };
      const answer = await fetch(`http://${address}/api/tunnels`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(definition),
      });
      assert.equal(answer.status, 201);
      const { public_url: url, uri } = await answer.json();
      await agent.waitForText(/msg="started tunnel"[^\n]*\n/);
      const started = agent.stdout.split("\n").map(fieldsOf)
        .find(({ msg }) => msg === "started tunnel");
      assert.deepEqual([started?.obj, started?.name], ["tunnels", "web"]);
      assert.deepEqual([started?.addr, started?.url], [`http://localhost:${web.port}`, url]);
      const { host } = new URL(url);
      const [, port] = splitAddress(host);
      const visited = await visit({ http: `127.0.0.1:${port}` }, `http://${host}/hello`);
      assert.equal(visited.status, 200);
      await agent.waitForText(/msg="join connections" obj=join id=[0-9a-f]+ l=\S+ r=\S+/);
      const gone = await fetch(`http://${address}${uri}`, { method: "DELETE" });
      await gone.body?.cancel();
      assert.equal(gone.status, 204);
      agent.signal("SIGTERM");
      assert.equal((await agent.exited).code, 0);
    } finally {
      await agent.stop();
      await web.close();
    }
  });
});

test("a program that reads the agent's log alone finds the URL in it", async () => {
  await withConfig(async (path) => {
    const flags = ["--log=stdout", "--log-level=debug", `--config=${path}`];
    const agent = startProgram(["http", ...flags, "8080"]);
    try {
      const [, url] = await agent.waitForText(/msg="started tunnel".*url=(http:\/\/.+)/);
      const [, found, proto] = /URL:(.+)\sProto:(http|https)\s/.exec(agent.stdout) ?? [];
      assert.deepEqual([found, proto], [url, "http"]);
    } finally {
      await agent.stop();
    }
  });
});

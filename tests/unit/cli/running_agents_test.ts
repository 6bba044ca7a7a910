import assert from "node:assert/strict";
import { TunnelError } from "../../../lib/base/errors.ts";
import { serveFetch } from "../../../lib/http/serve_fetch.ts";
import { loadConfig } from "../../../lib/cli/config_file.ts";
import {
  findAgents,
  noAgentHere,
  startIn,
  stopIn,
  webAddrIn,
} from "../../../lib/cli/running_agents.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";
import { RunningScene } from "./running_kit.ts";

async function withScene(files: Record<string, string>, work: (scene: RunningScene) => unknown) {
  const scene = new RunningScene(files);
  try {
    await work(scene);
  } finally {
    await scene.close();
  }
}

function runtimeOf({ net, clock, files }: RunningScene) {
  return { ...memoryRuntime({ clock, host: { files } }), net };
}

test("findAgents() finds agents at 4040 and the next ports, and passes over strangers", async () => {
  await withScene({}, async (scene) => {
    const stranger = await scene.net.listen({
      host: "127.0.0.1",
      port: 4041,
      onConnection: (conn) => {
        serveFetch(conn, () => Promise.resolve(new Response("hello")), {
          clock: scene.clock,
          scheme: "http",
        });
      },
    });
    const runtime = runtimeOf(scene);
    assert.deepEqual(await findAgents(runtime, undefined), []);
    const first = await scene.run();
    await scene.run();
    await first.forward({ addr: 80, name: "web", url: "https://a.test" });
    assert.deepEqual(await findAgents(runtime, undefined), [
      {
        address: "127.0.0.1:4040",
        endpoints: [{
          ...{ name: "web", url: "https://a.test", upstream: "http://localhost:80" },
          ...{ openConnections: 0, totalConnections: 0 },
        }],
      },
      { address: "127.0.0.1:4042", endpoints: [] },
    ]);
    assert.equal((await findAgents(runtime, ":4042"))[0].address, "127.0.0.1:4042");
    await assert.rejects(findAgents(runtime, "127.0.0.1:4041"), {
      code: "not_found",
      message: 'What listens at "127.0.0.1:4041" is no agent: its answer is no JSON',
    });
    await assert.rejects(findAgents(runtime, "4049"), { code: "connection_refused" });
    await assert.rejects(findAgents(runtime, "x"), { code: "usage", message: /--web-addr/ });
    await stranger.close();
  });
});

test("webAddrIn() is what the configuration says beside the default", async () => {
  const of = async (line: string) => {
    const { host } = memoryRuntime({
      host: { files: { "/c.yml": `version: 3\nagent: {${line}}\n` } },
    });
    return webAddrIn(await loadConfig(host, ["/c.yml"]));
  };
  assert.equal(await of("web_addr: 127.0.0.1:5050"), "127.0.0.1:5050");
  assert.equal(await of("web_addr: 127.0.0.1:4040"), undefined);
  assert.equal(await of("web_addr: false"), undefined);
  assert.equal(await of(""), undefined);
});

test("startIn() and stopIn() speak of endpoints and tunnels, and pass on what the agent says", async () => {
  const files = {
    "/c.yml": `version: 3
endpoints:
  - {name: web, url: "https://a.test", upstream: {url: 80}, traffic_policy_file: p.yml}
  - {name: bad, url: "https://b.test", upstream: {url: 80}}
tunnels:
  db: {proto: tcp, addr: 5432}
`,
    "/work/p.yml": "on_http_request: []\n",
  };
  await withScene(files, async (scene) => {
    const agent = await scene.run();
    const runtime = runtimeOf(scene);
    const config = await loadConfig(runtime.host, ["/c.yml"]);
    const [running] = await findAgents(runtime, undefined);
    const told: string[] = [];
    const start = (...names: string[]) =>
      startIn(runtime, running, config, names, (one) => told.push(Object.values(one).join(" ")));
    await start("web", "db");
    assert.deepEqual(told, [
      "web https://a.test http://localhost:80",
      "db tcp://localhost:20002 localhost:5432",
    ]);
    assert.equal(agent.endpoints[0].options.trafficPolicy, "on_http_request: []\n");
    agent.refusal = new TunnelError("refused", "The URL is taken");
    await assert.rejects(start("bad"), {
      code: "refused",
      message: 'Cannot start "bad": The URL is taken',
    });
    await assert.rejects(start("web"), { message: /the name "web" is taken/ });
    await assert.rejects(start("wbe"), { code: "usage", message: /did you mean "web"/ });
    await stopIn(runtime, running, "web");
    assert.deepEqual(agent.endpoints.map(({ name }) => name), ["db"]);
    await assert.rejects(stopIn(runtime, running, "web"), {
      code: "not_found",
      message: 'Cannot stop "web": tunnel not found',
    });
  });
});

test("noAgentHere() says where was looked and what to do", () => {
  assert.match(noAgentHere().message, /ports 4040 to 4049; start one with "sallyport start"/);
});

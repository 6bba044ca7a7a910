import assert from "node:assert/strict";
import { main } from "../../../lib/cli/main.ts";
import { keepOnline } from "../../../lib/cli/keep_online.ts";
import { startEdge } from "../../../lib/edge/edge.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import { NO_CONFIG } from "../../../lib/cli/loaded_config.ts";
import { Secrets } from "../../../lib/cli/secrets.ts";
import { watchSignals } from "../../../lib/cli/shutdown.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

const FILE = `version: 3
endpoints:
  - {name: foo, url: "http://foo", upstream: {url: 8001}}
  - {name: bar, url: "http://bar", upstream: {url: 8002}}
  - {name: baz, url: "http://baz", upstream: {url: 8003}}
tunnels:
  db: {proto: tcp, addr: 5432}
`;

function scene(names: readonly string[], files: Record<string, string> = { "/c.yml": FILE }) {
  const args = ["start", ...names, "--config", "/c.yml", "--log", "/log", "--log-format", "json"];
  const runtime = memoryRuntime({ host: { args, files } });
  const running = main(runtime);
  const lines = async () => {
    const text = await runtime.host.files.stat("/log")
      ? await runtime.host.files.readText("/log")
      : "";
    return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  };
  return { runtime, running, lines };
}

async function until(passes: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 2_000; turn++) {
    if (await passes()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error("it never came");
}

test("S25 start puts exactly those online that are named, over one session, until a signal", async () => {
  const { runtime, running, lines } = scene(["foo", "baz", "db"]);
  const started = async () =>
    (await lines()).filter(({ msg }) => msg === "started tunnel").map(({ name }) => name).sort();
  await until(async () => (await started()).length === 3);
  assert.deepEqual(await started(), ["baz", "db", "foo"]);
  const sessions = (await lines()).filter(({ msg }) => msg === "client session established");
  assert.equal(sessions.length, 1);
  assert.match(runtime.host.stdout.text, /^Forwarding +http:\/\/foo\.localhost:4080 -> /m);
  runtime.host.raise("SIGINT");
  assert.equal(await running, 0);
});

test("start --all takes all, start --none only the session", async () => {
  const all = scene(["--all"]);
  await until(async () =>
    (await all.lines()).filter(({ msg }) => msg === "started tunnel").length === 4
  );
  all.runtime.host.raise("SIGTERM");
  assert.equal(await all.running, 0);
  const none = scene(["--none"]);
  await until(async () => (await none.lines()).some(({ msg }) => msg === "tunnel session started"));
  await until(() => Promise.resolve(/Session Status +online/.test(none.runtime.host.stdout.text)));
  none.runtime.host.raise("SIGTERM");
  assert.equal(await none.running, 0);
});

test("start ends with 1 and the edge's words when one of several is refused at the start", async () => {
  const files = { "/c.yml": FILE.replace("http://bar", "http://connect.localhost") };
  const { runtime, running } = scene(["foo", "bar"], files);
  assert.equal(await running, 1);
  assert.match(
    runtime.host.stderr.text,
    /^ERROR: {2}Cannot start "bar": Cannot bind "connect\.localhost": .*\nERROR:\nERROR: {2}ERR_NGROK_320\n$/,
  );
});

test("keepOnline() goes on while one of its endpoints is left", async () => {
  const runtime = memoryRuntime();
  const edge = await startEdge({ embedded: true, http: { port: 0 }, domain: "localhost" }, runtime);
  const signals = watchSignals(runtime.host);
  const cli = {
    runtime,
    logger: silentLogger,
    logsToStdout: false,
    secrets: new Secrets(),
    config: NO_CONFIG,
    commands: [],
  };
  const dial = () => {
    const [ours, theirs] = pair();
    edge.acceptAgent(theirs, { host: "127.0.0.1", port: 0 });
    return Promise.resolve(ours);
  };
  let over = false;
  const running = keepOnline(cli, {
    signals,
    screen: undefined,
    way: { dial },
    wishes: ["a", "b"].map((name) => ({ name, addr: 80, url: `http://${name}.localhost` })),
  }).finally(() => over = true);
  await until(() => Promise.resolve(edge.endpoints().length === 2));
  edge.stopEndpoint(edge.endpoints()[0].id, "gone");
  await until(() => Promise.resolve(edge.endpoints().length === 1));
  assert.equal(over, false);
  runtime.host.raise("SIGINT");
  assert.equal(await running, 0);
  signals.dispose();
  await edge.close({ graceMs: 0 });
});

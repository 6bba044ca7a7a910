import assert from "node:assert/strict";
import type { AgentSection } from "../../../lib/agent/file_sections.ts";
import { main } from "../../../lib/cli/main.ts";
import { keepOnline } from "../../../lib/cli/keep_online.ts";
import { startEdge } from "../../../lib/edge/edge.ts";
import { encodeText } from "../../../lib/base/bytes.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { type Logger, silentLogger } from "../../../lib/base/log.ts";
import { NO_CONFIG } from "../../../lib/cli/loaded_config.ts";
import { remoteCommands, RESTART } from "../../../lib/cli/remote_management.ts";
import { Secrets } from "../../../lib/cli/secrets.ts";
import { watchSignals } from "../../../lib/cli/shutdown.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { readAll } from "../../fakes/edge.ts";
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

/** Looks again and again; that also keeps the program alive where nothing else does. */
async function until(passes: () => Promise<boolean>): Promise<void> {
  for (const untilMs = performance.now() + 30_000; performance.now() < untilMs;) {
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

test("S150 start --none takes tunnels of any kind by its API, with no edge but its own", async () => {
  const { runtime, running, lines } = scene(["--none"]);
  await until(async () => (await lines()).some(({ msg }) => msg === "tunnel session started"));
  const post = async (tunnel: Record<string, unknown>) => {
    const conn = await runtime.net.connect({ host: "127.0.0.1", port: 4040 });
    const body = JSON.stringify(tunnel);
    await conn.write(encodeText(
      "POST /api/tunnels HTTP/1.1\r\nHost: localhost:4040\r\nConnection: close\r\n" +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    ));
    const answer = await readAll(conn);
    assert.match(answer, /^HTTP\/1\.1 201 /);
    return JSON.parse(answer.slice(answer.indexOf("{"))).public_url as string;
  };
  assert.match(await post({ name: "a", proto: "http", addr: "5000" }), /^http:\/\/.+\.localhost/);
  assert.match(await post({ name: "b", proto: "http", addr: 1, subdomain: "s" }), /^http:\/\/s\./);
  assert.match(await post({ name: "c", proto: "tcp", addr: "22" }), /^tcp:\/\/localhost:\d+$/);
  runtime.host.raise("SIGINT");
  assert.equal(await running, 0);
});

test("start ends with 1 and the edge's words when one of several is refused at the start", async () => {
  const files = { "/c.yml": FILE.replace("http://bar", "http://connect.localhost") };
  const { runtime, running } = scene(["foo", "bar"], files);
  assert.equal(await running, 1);
  assert.match(
    runtime.host.stderr.text,
    /^ERROR: {2}Cannot start "bar": Cannot bind "connect\.localhost": .*\nERROR:\nERROR: {2}ERR_NGROK_320\n$/,
  );
  // The edge may still be signing the token of "foo", for an agent that has gone.
  for (let turn = 0; turn < 20; turn++) {
    await crypto.subtle.digest("SHA-256", new Uint8Array(1));
    await new Promise((resolve) => setTimeout(resolve));
  }
});

test("keepOnline() serves the agent's API before the edge has answered, and closes it in the end", async () => {
  const runtime = memoryRuntime();
  const signals = watchSignals(runtime.host);
  const said: string[] = [];
  const running = keepOnline({
    runtime,
    logger: silentLogger,
    logsToStdout: false,
    secrets: new Secrets(),
    config: NO_CONFIG,
    commands: [],
  }, {
    signals,
    screen: undefined,
    way: {
      dial: (signal) =>
        new Promise((_, reject) => {
          said.push("dials");
          signal.addEventListener("abort", () => reject(signal.reason));
          signals.raise("SIGINT");
        }),
    },
    wishes: [{ name: "web", addr: 80 }],
    commands: {},
    serveApi: (agent) => {
      said.push(`api of an agent that is ${agent.state}, at "${agent.session.region}"`);
      return Promise.resolve({
        address: "",
        url: "",
        close: () => Promise.resolve(void said.push("closed")),
      });
    },
  });
  assert.equal(await running, 0);
  assert.deepEqual(said, ['api of an agent that is connecting, at ""', "dials", "closed"]);
  signals.dispose();
});

/** An edge in memory, and an agent with endpoints of these names on it. */
async function online(names: readonly string[], agent: AgentSection = {}) {
  const runtime = memoryRuntime();
  const edge = await startEdge({ embedded: true, http: { port: 0 }, domain: "localhost" }, runtime);
  const signals = watchSignals(runtime.host);
  let started = 0;
  const logger: Logger = {
    log: (_level, message) => void (started += message === "started tunnel" ? 1 : 0),
    child: () => logger,
  };
  const cli = {
    runtime,
    logger,
    logsToStdout: false,
    secrets: new Secrets(),
    config: { ...NO_CONFIG, file: { ...NO_CONFIG.file, agent } },
    commands: [],
  };
  const dial = () => {
    const [ours, theirs] = pair();
    edge.acceptAgent(theirs, { host: "127.0.0.1", port: 0 });
    return Promise.resolve(ours);
  };
  const scene = { over: false, edge, runtime };
  const running = keepOnline(cli, {
    signals,
    screen: undefined,
    way: { dial },
    wishes: names.map((name) => ({ name, addr: 80, url: `http://${name}.localhost` })),
    commands: remoteCommands({
      isAllowed: agent.remote_management !== false,
      restartObstacle: "",
      rehearse: () => Promise.resolve(),
      updater: undefined,
      updateObstacle: "nobody publishes it",
    }),
  }).finally(async () => {
    scene.over = true;
    signals.dispose();
    await edge.close({ graceMs: 0 });
  });
  await until(() => Promise.resolve(started === names.length));
  return Object.assign(scene, { running });
}

test("keepOnline() goes on while one of its endpoints is left, and ends with the last", async () => {
  const scene = await online(["a", "b"]);
  scene.edge.stopEndpoint(scene.edge.endpoints()[0].id, "gone");
  await until(() => Promise.resolve(scene.edge.endpoints().length === 1));
  assert.equal(scene.over, false);
  scene.edge.stopEndpoint(scene.edge.endpoints()[0].id, "gone too");
  const failed = assert.rejects(scene.running, /gone/);
  await until(() => Promise.resolve(scene.over));
  await failed;
});

test("S82 keepOnline() ends when the edge says stop, and S86 refuses where remote_management is false", async () => {
  const willing = await online(["a"]);
  await willing.edge.commandSession(willing.edge.sessions()[0].id, "stop");
  await until(() => Promise.resolve(willing.over));
  assert.equal(await willing.running, 0);
  const unwilling = await online(["a"], { remote_management: false });
  await assert.rejects(
    unwilling.edge.commandSession(unwilling.edge.sessions()[0].id, "stop"),
    { code: "refused" },
  );
  assert.equal(unwilling.over, false);
  unwilling.runtime.host.raise("SIGINT");
  await until(() => Promise.resolve(unwilling.over));
  assert.equal(await unwilling.running, 0);
});

test("S83 keepOnline() asks to be started again when the edge says restart", async () => {
  const scene = await online(["a"]);
  await scene.edge.commandSession(scene.edge.sessions()[0].id, "restart");
  await until(() => Promise.resolve(scene.over));
  assert.equal(await scene.running, RESTART);
});

test("S84 S86 keepOnline() tells the edge why it refuses", async () => {
  const refuses = async (agent: AgentSection, name: "restart" | "update", message: RegExp) => {
    const scene = await online(["a"], agent);
    const { id } = scene.edge.sessions()[0];
    const asked = name === "update"
      ? scene.edge.updateSession(id)
      : scene.edge.commandSession(id, name);
    await assert.rejects(asked, {
      code: "refused",
      ngrokCode: name === "restart" ? 804 : 806,
      message,
    });
    assert.equal(scene.over, false);
    scene.runtime.host.raise("SIGINT");
    assert.equal(await scene.running, 0);
  };
  await refuses({}, "update", /^Cannot update the agent: nobody publishes it$/);
  const never = { remote_management: false };
  await refuses(never, "restart", /\(remote_management: false\)$/);
  await refuses(never, "update", /\(remote_management: false\)$/);
});

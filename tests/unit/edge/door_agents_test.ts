/** @module */
import assert from "node:assert/strict";
import { silentLogger } from "../../../lib/base/log.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { type AgentsDoorOptions, openAgentsDoor } from "../../../lib/edge/door_agents.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import type { Conn, Net } from "../../../lib/runtime/net.ts";
import { clientHello } from "../../fakes/client_hello.ts";
import { test } from "../../harness.ts";

const PORT = 8443;

interface Setting {
  readonly net: Net;
  readonly accepted: Conn[];
  readonly handshakes: ((thrown?: TunnelError) => void)[];
  readonly options: AgentsDoorOptions;
  /** The names that certificates were asked for. */
  readonly names: (string | undefined)[];
}

/** A door whose handshakes the test ends. */
function setting(maxHandshakes = 10): Setting {
  const { net, clock } = memoryRuntime();
  const accepted: Conn[] = [];
  const handshakes: Setting["handshakes"] = [];
  const names: (string | undefined)[] = [];
  const slow = Object.create(net) as Net;
  slow.listen = (options) => net.listen(options);
  slow.startTlsServer = (carrier) =>
    new Promise((resolve, reject) => {
      handshakes.push((thrown) => thrown ? reject(thrown) : resolve(carrier as Conn));
    });
  const options: AgentsDoorOptions = {
    net: slow,
    host: "127.0.0.1",
    port: PORT,
    certificateFor: (name) => {
      names.push(name);
      return Promise.resolve({ chainPem: "", keyPem: "" });
    },
    clock,
    helloMs: 3_000,
    helloBytes: 65_536,
    handshakeMs: 1_000,
    maxHandshakes,
    logger: silentLogger,
    acceptAgent: (conn) => accepted.push(conn),
  };
  return { net, accepted, handshakes, options, names };
}

/** Dials, and says what an agent says first. */
async function greet(net: Net, name = "connect.test"): Promise<Conn> {
  const conn = await net.connect({ host: "127.0.0.1", port: PORT });
  await conn.write(clientHello(name));
  return conn;
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

test("openAgentsDoor() hands agents on after their handshake", async () => {
  const { net, accepted, handshakes, options } = setting();
  const door = await openAgentsDoor(options);
  assert.equal(door.address.port, PORT);
  const agent = await greet(net);
  await turns();
  assert.deepEqual(accepted, []);
  handshakes[0]();
  await turns();
  assert.equal(accepted.length, 1);
  agent.abort();
  await door.close();
});

test("openAgentsDoor() cuts who fails the handshake, and lives on", async () => {
  const { net, accepted, handshakes, options } = setting();
  const door = await openAgentsDoor(options);
  const stranger = await greet(net);
  await turns();
  handshakes[0](new TunnelError("tls_failed", "no"));
  await assert.rejects(async () => await stranger.read());
  const agent = await greet(net);
  await turns();
  handshakes[1]();
  await turns();
  assert.equal(accepted.length, 1);
  agent.abort();
  await door.close();
});

test("openAgentsDoor() has room for so many handshakes", async () => {
  const { net, handshakes, options } = setting(1);
  const door = await openAgentsDoor(options);
  const first = await greet(net);
  await turns();
  const second = await net.connect({ host: "127.0.0.1", port: PORT });
  await assert.rejects(async () => await second.read());
  assert.equal(handshakes.length, 1);
  first.abort();
  await door.close();
});

test("openAgentsDoor() lets nobody in after it closed, not even half way", async () => {
  const { net, options } = setting();
  const door = await openAgentsDoor(options);
  const waiting = await net.connect({ host: "127.0.0.1", port: PORT });
  await turns();
  await door.close();
  await assert.rejects(async () => await waiting.read());
  await assert.rejects(net.connect({ host: "127.0.0.1", port: PORT }));
});

test("openAgentsDoor() presents the certificate of the name that the agent asks for", async () => {
  const { net, names, options } = setting();
  const door = await openAgentsDoor(options);
  const agents = [await greet(net, "agents.acme.test"), await greet(net)];
  await turns();
  assert.deepEqual(names, ["agents.acme.test", "connect.test"]);
  for (const agent of agents) agent.abort();
  await door.close();
});

test("openAgentsDoor() waits for a ClientHello only so long, and reads only so much", async () => {
  const clock = new FakeClock();
  const { net, handshakes, options } = setting();
  const door = await openAgentsDoor({ ...options, clock, helloBytes: 200 });
  const silent = await net.connect({ host: "127.0.0.1", port: PORT });
  await turns();
  await clock.advance(3_000);
  await assert.rejects(async () => await silent.read());
  const large = await greet(net, "a".repeat(200));
  await assert.rejects(async () => await large.read());
  assert.equal(handshakes.length, 0);
  await door.close();
});

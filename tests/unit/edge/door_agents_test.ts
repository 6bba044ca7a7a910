/** @module */
import assert from "node:assert/strict";
import { silentLogger } from "../../../lib/base/log.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { type AgentsDoorOptions, openAgentsDoor } from "../../../lib/edge/door_agents.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import type { Conn, Net } from "../../../lib/runtime/net.ts";
import { test } from "../../harness.ts";

const PORT = 8443;

interface Setting {
  readonly net: Net;
  readonly accepted: Conn[];
  readonly handshakes: ((thrown?: TunnelError) => void)[];
  readonly options: AgentsDoorOptions;
}

/** A door whose handshakes the test ends. */
function setting(maxHandshakes = 10): Setting {
  const { net } = memoryRuntime();
  const accepted: Conn[] = [];
  const handshakes: Setting["handshakes"] = [];
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
    certificate: () => Promise.resolve({ chainPem: "", keyPem: "" }),
    handshakeMs: 1_000,
    maxHandshakes,
    logger: silentLogger,
    acceptAgent: (conn) => accepted.push(conn),
  };
  return { net, accepted, handshakes, options };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

test("openAgentsDoor() hands agents on after their handshake", async () => {
  const { net, accepted, handshakes, options } = setting();
  const door = await openAgentsDoor(options);
  assert.equal(door.address.port, PORT);
  const agent = await net.connect({ host: "127.0.0.1", port: PORT });
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
  const stranger = await net.connect({ host: "127.0.0.1", port: PORT });
  await turns();
  handshakes[0](new TunnelError("tls_failed", "no"));
  await assert.rejects(async () => await stranger.read());
  const agent = await net.connect({ host: "127.0.0.1", port: PORT });
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
  const first = await net.connect({ host: "127.0.0.1", port: PORT });
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

import assert from "node:assert/strict";
import { silentLogger } from "../../../lib/base/log.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { inheritSockets } from "../../../lib/cli/inherited_sockets.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import type { AcceptedConn, Listener, ListenOptions, Net } from "../../../lib/runtime/net.ts";
import { test } from "../../harness.ts";

/** A machine whose sockets are numbered from 3 on and listen at these ports. */
function machine(ports: readonly number[], env: Record<string, string> = {}) {
  const base = memoryRuntime({ host: { env } });
  const listening = new Map<number, ListenOptions>();
  const closed: number[] = [];
  const net = {
    ...base.net,
    listen(options: ListenOptions): Promise<Listener> {
      const port = options.fd === undefined ? options.port ?? 0 : ports[options.fd - 3];
      if (port === undefined) {
        throw new TunnelError("io_failed", "Cannot listen at the socket 9: no");
      }
      listening.set(port, options);
      return Promise.resolve({
        address: { host: "::", port },
        close: () => Promise.resolve(void closed.push(port)),
      });
    },
  } as unknown as Net;
  return { runtime: { host: base.host, net }, listening, closed };
}

/** The environment that systemd gives. */
function passed(count: number | string, pid: number): Record<string, string> {
  return { LISTEN_FDS: String(count), LISTEN_PID: String(pid) };
}

const PID = memoryRuntime().host.pid;
const CONN = { tls: undefined } as AcceptedConn;

test("inheritSockets() takes nothing that was not passed, or passed to another process", async () => {
  for (
    const env of [{}, passed(1, PID + 1), passed(0, PID), passed("x", PID), passed(65, PID), {
      LISTEN_FDS: "1",
    }]
  ) {
    const { runtime, listening } = machine([80], env as Record<string, string>);
    assert.equal(await inheritSockets(runtime, silentLogger), undefined, JSON.stringify(env));
    assert.equal(listening.size, 0);
  }
});

test("inheritSockets() makes a socket the door at its port, with those who came early", async () => {
  const { runtime, listening, closed } = machine([80, 443, 9], passed(3, PID));
  const inherited = (await inheritSockets(runtime, silentLogger))!;
  assert.ok(inherited.has(443) && !inherited.has(8080));
  listening.get(80)!.onConnection(CONN);
  const got: AcceptedConn[] = [];
  const onConnection = (conn: AcceptedConn) => void got.push(conn);
  const door = await inherited.net.listen({ host: "", port: 80, onConnection });
  assert.deepEqual(got, [CONN]);
  listening.get(80)!.onConnection(CONN);
  assert.equal(got.length, 2);
  assert.equal(door.address.port, 80);
  await inherited.net.listen({ host: "", port: 443, onConnection });
  // A port that nobody passed is opened as ever; also one that was taken already.
  const other = await inherited.net.listen({ host: "", port: 8080, onConnection });
  assert.equal(other.address.port, 8080);
  assert.equal(listening.get(8080)!.fd, undefined);
  await inherited.closeRest();
  assert.deepEqual(closed, [9]);
  await door.close();
  assert.deepEqual(closed, [9, 80]);
});

test("inheritSockets() says what is wrong with a socket", async () => {
  const { runtime } = machine([80], passed(2, PID));
  await assert.rejects(inheritSockets(runtime, silentLogger), {
    code: "config_invalid",
    message: /Cannot listen at the socket 4 that systemd passes: .*stream of TCP$/,
  });
});

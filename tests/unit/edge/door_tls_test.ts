/** @module */
import assert from "node:assert/strict";
import { systemClock } from "../../../lib/base/clock.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import { type Door, HttpVisitors } from "../../../lib/edge/door_http.ts";
import { openTlsDoor, type TlsDoorOptions } from "../../../lib/edge/door_tls.ts";
import { Mounts } from "../../../lib/edge/mounts.ts";
import { readClientHello } from "../../../lib/http/client_hello.ts";
import { detectRuntime } from "../../../lib/runtime/detect.ts";
import type { AcceptedConn, Certificate, Conn } from "../../../lib/runtime/net.ts";
import { makeCa } from "../../fakes/certs.ts";
import { clientHello } from "../../fakes/client_hello.ts";
import { FakeEndpoint, fakeTable, latin1Text, OK, Peer } from "../../fakes/edge_visit.ts";
import { test } from "../../harness.ts";

const HOST = "127.0.0.1";
const { net } = detectRuntime();

const web = new FakeEndpoint("web.test", "https");
const raw = new FakeEndpoint("raw.test", "tls");

interface Stage {
  readonly door: Door;
  /** The next agent that was let in. */
  readonly agent: Promise<Conn>;
  /** Settles when somebody stands before the door. */
  readonly arrived: Promise<void>;
  /** Dials with TLS and this SNI. */
  dial(
    serverName: string,
    more?: { certificate?: Certificate; roots?: string[] },
  ): Promise<Conn>;
  /** Dials without TLS. */
  dialPlain(): Promise<Conn>;
}

async function stage(more: Partial<TlsDoorOptions> = {}): Promise<Stage> {
  const ca = await makeCa();
  const leaf = await ca.leaf([
    "connect.test",
    "web.test",
    "ours.test",
    "ended.test",
  ]);
  const agent = Promise.withResolvers<Conn>();
  const arrived = Promise.withResolvers<void>();
  const endpoints = more.endpoints ?? fakeTable(web, raw);
  const logger = silentLogger;
  const door = await openTlsDoor({
    net: {
      startTlsServer: (carrier, options) => net.startTlsServer(carrier, options),
      listen: (options) => {
        function onConnection(conn: AcceptedConn) {
          options.onConnection(conn);
          arrived.resolve();
        }
        return net.listen({ ...options, onConnection });
      },
    },
    host: HOST,
    port: 0,
    endpoints,
    certificates: { certificateFor: () => leaf },
    isOurs: (name) => name.endsWith("ours.test"),
    isAgentName: (name) => name === "connect.test",
    acceptAgent: agent.resolve,
    visitors: new HttpVisitors({ endpoints, clock: systemClock, logger }),
    raw: { clock: systemClock, logger },
    ...more,
  });
  const { port } = door.address;
  return {
    door,
    agent: agent.promise,
    arrived: arrived.promise,
    dial: (serverName, { certificate, roots = [ca.caPem] } = {}) =>
      net.connect({
        host: HOST,
        port,
        tls: {
          serverName,
          roots,
          alpn: ["http/1.1"],
          ...(certificate && { certificate }),
        },
      }),
    dialPlain: () => net.connect({ host: HOST, port }),
  };
}

/** Reads everything up to the end of a connection. */
async function readAll(conn: Conn): Promise<string> {
  const text = await new Peer(conn).readToEnd();
  conn.closeWrite();
  await conn.closed;
  return text;
}

test("openTlsDoor() hands agents to the agents' side, after the handshake", async () => {
  const open = await stage();
  try {
    const agent = await open.dial("connect.test");
    await agent.write(new Uint8Array([1, 2, 3]));
    const accepted = await open.agent;
    assert.equal(accepted.tls?.serverName, "connect.test");
    assert.deepEqual([...(await accepted.read())!], [1, 2, 3]);
    agent.closeWrite();
    accepted.closeWrite();
    assert.equal(await accepted.read(), undefined);
    assert.equal(await agent.read(), undefined);
    await Promise.all([agent.closed, accepted.closed]);
  } finally {
    await open.door.close();
  }
});

test("openTlsDoor() ends the TLS of https names and serves HTTP", async () => {
  const open = await stage();
  try {
    const conn = await open.dial("web.test");
    assert.equal(conn.tls?.alpn, "http/1.1");
    const visitor = new Peer(conn);
    await visitor.send(
      "GET / HTTP/1.1\r\nHost: web.test\r\nConnection: close\r\n\r\n",
    );
    const agent = await web.nextStream();
    assert.match(await agent.readHead(), /\r\nX-Forwarded-Proto: https\r\n/);
    assert.equal(agent.visitor.passthroughTls, false);
    await agent.send(OK);
    assert.match(await visitor.readToEnd(), /\r\n\r\nok$/);
    agent.duplex.closeWrite();
    conn.closeWrite();
    await conn.closed;
  } finally {
    await open.door.close();
  }
});

test("openTlsDoor() shows a page for a name of its own that is offline", async () => {
  const open = await stage();
  try {
    const conn = await open.dial("ours.test");
    await conn.write(
      new TextEncoder().encode(
        "GET / HTTP/1.1\r\nHost: ours.test\r\nConnection: close\r\n\r\n",
      ),
    );
    assert.match(await readAll(conn), /^HTTP\/1\.1 404 [^]*ERR_NGROK_3200/);
  } finally {
    await open.door.close();
  }
});

test("openTlsDoor() passes tls endpoints through, ClientHello and all", async () => {
  const open = await stage();
  try {
    const conn = await open.dialPlain();
    const hello = clientHello("raw.test");
    await conn.write(hello);
    const agent = await raw.nextStream();
    assert.deepEqual(agent.visitor.passthroughTls, true);
    await agent.expect(latin1Text(hello));
    await agent.send("\x16\x03\x03 whatever");
    agent.duplex.closeWrite();
    assert.equal(await readAll(conn), "\x16\x03\x03 whatever");
    assert.equal(await agent.readToEnd(), "");
  } finally {
    await open.door.close();
  }
});

test("openTlsDoor() ends the TLS of a tls endpoint that asks for it, with its own certificate", async () => {
  const ca = await makeCa("Endpoint's own");
  const leaf = await ca.leaf(["ended.test"]);
  const ended = new FakeEndpoint("ended.test", "tls", {
    TLSTermination: { cert: btoa(leaf.chainPem), key: btoa(leaf.keyPem) },
  });
  const open = await stage({ endpoints: fakeTable(ended) });
  try {
    const conn = await open.dial("ended.test", { roots: [ca.caPem] });
    const visitor = new Peer(conn);
    await visitor.send("plain");
    const agent = await ended.nextStream();
    await agent.expect("plain");
    assert.equal(agent.visitor.passthroughTls, false);
    agent.duplex.closeWrite();
    assert.equal(await visitor.readToEnd(), "");
    conn.closeWrite();
    assert.equal(await agent.readToEnd(), "");
    await conn.closed;
  } finally {
    await open.door.close();
  }
});

test("openTlsDoor() asks for a client certificate where the endpoint does", async () => {
  const clients = await makeCa("Clients");
  const ended = new FakeEndpoint("ended.test", "tls", {
    TLSTermination: {},
    MutualTLSAtEdge: { mutual_tls_ca: btoa(clients.caPem) },
  });
  const open = await stage({ endpoints: fakeTable(ended) });
  try {
    const conn = await open.dial("ended.test", {
      certificate: await clients.client("me"),
    });
    const visitor = new Peer(conn);
    await visitor.send("hello");
    const agent = await ended.nextStream();
    await agent.expect("hello");
    agent.duplex.closeWrite();
    await visitor.readToEnd();
    conn.closeWrite();
    await agent.readToEnd();
    await conn.closed;

    // TLS 1.3 lets a client finish before the server has looked at its certificate.
    await assert.rejects(async () => {
      const stranger = await open.dial("ended.test");
      await stranger.write(new Uint8Array(1));
      if (await stranger.read() === undefined) throw new Error("closed");
    });
    assert.equal(ended.opened.length, 1);
  } finally {
    await open.door.close();
  }
});

test("openTlsDoor() lets https visitors know that their certificate is not welcome, in HTTP", async () => {
  const [clients, strangers] = [await makeCa("Clients"), await makeCa("Strangers")];
  const checked = new FakeEndpoint("web.test", "https");
  const termination = { clientAuth: "require_and_verify", clientRoots: [clients.caPem] };
  Object.defineProperty(checked, "termination", { value: termination });
  const open = await stage({ endpoints: fakeTable(checked) });
  const request = "GET / HTTP/1.1\r\nHost: web.test\r\n\r\n";
  try {
    for (
      const [certificate, words] of [
        [undefined, /presented no certificate/],
        [await strangers.client("me"), /asks its visitors for a certificate/],
      ] as const
    ) {
      const conn = await open.dial("web.test", certificate && { certificate });
      const visitor = new Peer(conn);
      // The second request, to a name that asks for nothing, finds the connection closed.
      await visitor.send(request);
      const answer = await visitor.readToEnd();
      assert.match(answer, /^HTTP\/1\.1 403 [^]*ngrok-error-code: ERR_NGROK_3002/i);
      assert.match(answer, /connection: close/i);
      assert.match(answer, words);
      conn.closeWrite();
      await conn.closed;
    }
    assert.equal(checked.opened.length, 0);
    const conn = await open.dial("web.test", { certificate: await clients.client("me") });
    const visitor = new Peer(conn);
    await visitor.send(request);
    const agent = await checked.nextStream();
    await agent.readHead();
    await agent.send("HTTP/1.1 204 No Content\r\n\r\n");
    assert.match(await visitor.readHead(), /^HTTP\/1\.1 204 /);
    conn.abort();
    agent.stream.abort();
  } finally {
    await open.door.close();
  }
});

test("openTlsDoor() answers an unknown name and a missing one with an alert", async () => {
  const open = await stage();
  try {
    const cases: [Uint8Array, number][] = [
      [clientHello("stranger.test"), 112],
      [clientHello(undefined), 40],
      [Uint8Array.from([22, 3, 1, 0, 5, 2, 0, 0, 1, 0]), 50],
    ];
    for (const [hello, description] of cases) {
      const conn = await open.dialPlain();
      await conn.write(hello);
      assert.equal(
        await readAll(conn),
        `\x15\x03\x01\x00\x02\x02${String.fromCharCode(description)}`,
      );
    }
    await assert.rejects(open.dial("stranger.test"), { code: "tls_failed" });
  } finally {
    await open.door.close();
  }
});

test("openTlsDoor() tells plain HTTP where it is", async () => {
  const open = await stage();
  try {
    const conn = await open.dialPlain();
    await conn.write(
      new TextEncoder().encode("GET / HTTP/1.1\r\nHost: web.test\r\n\r\n"),
    );
    const text = await readAll(conn);
    assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.match(text, /\r\n\r\nThis is the HTTPS port/);
  } finally {
    await open.door.close();
  }
});

test("openTlsDoor() cuts who says no ClientHello, or something else", async () => {
  const open = await stage({ helloMs: 20 });
  try {
    const silent = await open.dialPlain();
    await assert.rejects(async () => await silent.read(), {
      code: "connection_reset",
    });
    const other = await open.dialPlain();
    await other.write(new TextEncoder().encode("ssh\n"));
    await assert.rejects(async () => await other.read(), {
      code: "connection_reset",
    });
    // A port check says nothing and leaves.
    const check = await open.dialPlain();
    check.closeWrite();
    assert.equal(await check.read(), undefined);
    await Promise.all([silent.closed, other.closed, check.closed]);
  } finally {
    await open.door.close();
  }
});

test("openTlsDoor() says internal_error when there is no certificate", async () => {
  const open = await stage({
    certificates: { certificateFor: () => Promise.reject(new Error("none")) },
  });
  try {
    const conn = await open.dialPlain();
    await conn.write(clientHello("web.test"));
    assert.equal(await readAll(conn), "\x15\x03\x01\x00\x02\x02\x50");
  } finally {
    await open.door.close();
  }
});

test("close() lets nobody in, and dismisses who has not said what it wants", async () => {
  const open = await stage();
  const conn = await open.dialPlain();
  await conn.write(clientHello("web.test").subarray(0, 20));
  await open.arrived;
  await open.door.close();
  await assert.rejects(async () => await conn.read(), {
    code: "connection_reset",
  });
  await conn.closed;
  await assert.rejects(open.dialPlain(), { code: "connection_refused" });
});

test("the ClientHello of these tests is one", async () => {
  const [near, far] = pair();
  near.write(clientHello("web.test"));
  assert.equal((await readClientHello(far))?.serverName, "web.test");
});

test("openTlsDoor() gives a mounted name to who serves it, whatever endpoint claims it", async () => {
  const mounts = new Mounts();
  mounts.mount("api.ours.test", (conn, scheme) => {
    void (async () => {
      await conn.write(new TextEncoder().encode(`served over ${scheme}`));
      await conn.closeWrite();
    })();
    return { over: conn.closed, drain: () => {}, abort: (reason) => conn.abort(reason) };
  });
  const wild = new FakeEndpoint("api.ours.test", "tls");
  const endpoints = fakeTable(wild);
  const ca = await makeCa();
  const leaf = await ca.leaf(["api.ours.test"]);
  const { door, dial } = await stage({
    endpoints,
    certificates: { certificateFor: () => leaf },
    isMounted: (name) => mounts.find(name) !== undefined,
    visitors: new HttpVisitors({ endpoints, mounts, clock: systemClock, logger: silentLogger }),
  });
  const conn = await dial("api.ours.test", { roots: [ca.caPem] });
  const visitor = new Peer(conn);
  assert.equal(await visitor.readToEnd(), "served over https");
  assert.equal(wild.opened.length, 0);
  await conn.closeWrite();
  await conn.closed;
  await door.close();
});

test("openTlsDoor() proves a name to who speaks acme-tls/1, while that is wanted", async () => {
  const ca = await makeCa();
  const leaf = await ca.leaf(["web.test"]);
  let isWanted = true;
  const open = await stage({
    certificates: {
      certificateFor: () => leaf,
      challengeFor: (name) => isWanted && name === "web.test" ? leaf : undefined,
    },
  });
  const dial = () =>
    net.connect({
      host: HOST,
      port: open.door.address.port,
      tls: { serverName: "web.test", roots: [ca.caPem], alpn: ["acme-tls/1"] },
    });
  try {
    const conn = await dial();
    assert.equal(conn.tls?.alpn, "acme-tls/1");
    conn.closeWrite();
    assert.equal(await conn.read(), undefined);
    await conn.closed;
    isWanted = false;
    await assert.rejects(dial());
  } finally {
    await open.door.close();
  }
});

for (
  const [clientAuth, welcome] of [
    ["require_and_verify", ["right"]],
    ["require_any", ["wrong CA", "expired", "right"]],
    ["request", ["none", "wrong CA", "expired", "right"]],
  ] as const
) {
  test(`openTlsDoor() lets in with clientAuth "${clientAuth}": ${welcome.join(", ")}`, async () => {
    const [clients, strangers] = [await makeCa("Clients"), await makeCa("Strangers")];
    const past = { notBefore: new Date(0), notAfter: new Date(Date.now() - 86_400_000) };
    const visitors = {
      "none": undefined,
      "wrong CA": await strangers.client("visitor"),
      "expired": await clients.client("visitor", past),
      "right": await clients.client("visitor"),
    };
    const checked = new FakeEndpoint("ended.test", "tls");
    const termination = { clientAuth, clientRoots: [clients.caPem] };
    Object.defineProperty(checked, "termination", { value: termination });
    const open = await stage({ endpoints: fakeTable(checked) });
    try {
      for (const [who, certificate] of Object.entries(visitors)) {
        const before = checked.opened.length;
        let answer: string | undefined;
        try {
          const conn = await open.dial("ended.test", certificate && { certificate });
          try {
            await conn.write(new Uint8Array([42]));
            if (welcome.includes(who as "right")) {
              const agent = await checked.nextStream();
              await agent.expect("*");
              await agent.send("welcome");
            }
            answer = latin1Text((await conn.read()) ?? new Uint8Array());
          } finally {
            conn.abort();
            checked.opened.at(-1)?.stream.abort();
          }
        } catch {
          answer = undefined; // cut, in the handshake or after it
        }
        const isWelcome = welcome.includes(who as "right");
        assert.equal(answer === "welcome", isWelcome, who);
        assert.equal(checked.opened.length - before, isWelcome ? 1 : 0, `${who}: streams`);
      }
    } finally {
      await open.door.close();
    }
  });
}

/**
 * What a door does with TLS: look at the first bytes, then terminate with a certificate chosen at
 * that moment, or pass the bytes through; and what a dialler with TLS is told when it fails.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "../../lib/base/duplex.ts";
import type { Certificate, Conn, Net, TlsServerOptions } from "../../lib/runtime/net.ts";
import { test } from "../harness.ts";
import {
  assertFails,
  bytes,
  connected,
  echo,
  readDigest,
  readExactly,
  readText,
  text,
  writePattern,
} from "./conns.ts";
import { materials } from "./tls_suite.ts";

/** What is tested. */
export interface TlsDoorSubject {
  /** What the test names begin with. */
  readonly name: string;
  /** The network, with TLS. */
  readonly net: Net;
  /** A path where no unix socket is yet. */
  socketPath(): string;
  /** Keeps the process alive through a test in which nothing but a timer is under way. */
  keepAlive(): () => void;
  /** Whether `connect()` tells an expired certificate from an untrusted one. */
  readonly tellsExpiry: boolean;
}

const MIB = 1024 * 1024;

/** Declares the suite. */
export function tlsDoorSuite(subject: TlsDoorSubject): void {
  const { name, net, socketPath } = subject;

  /** A door that peeks at `peekBytes` (at least) of each visitor before `serve` decides. */
  async function peekingDoor(
    peekBytes: number,
    serve: (conn: Conn, peeked: Uint8Array) => Promise<void>,
  ): Promise<{ port: number; served: Promise<void>[]; close: () => Promise<void> }> {
    const served: Promise<void>[] = [];
    const listener = await net.listen({
      onConnection: (conn) => {
        const serving = (async () => {
          const peeked = await readExactly(conn, peekBytes);
          conn.unread(peeked);
          await serve(conn, peeked);
        })();
        serving.catch(() => {}); // looked at by the test, later
        served.push(serving);
      },
    });
    return { port: listener.address.port, served, close: () => listener.close() };
  }

  /** Terminates TLS and sends back what comes. */
  async function terminate(conn: Conn, options: TlsServerOptions): Promise<void> {
    const secure = await net.startTlsServer(conn, options);
    await echo(secure);
    await secure.closed;
  }

  /** Dials with TLS, sends a line and hears it again. */
  async function visit(port: number, serverName: string, roots: readonly string[]): Promise<Conn> {
    const conn = await net.connect({ host: "127.0.0.1", port, tls: { serverName, roots } });
    await conn.write(bytes("hello"));
    assert.equal(text(await readExactly(conn, 5)), "hello");
    return conn;
  }

  for (const peekBytes of [1, 5, 64]) {
    test(`${name}: a door peeks at ${peekBytes} bytes, then terminates`, async () => {
      const { ca, leaf } = await materials();
      const door = await peekingDoor(peekBytes, async (conn, peeked) => {
        assert.equal(peeked[0], 22, "a handshake record (RFC 8446, 5.1)");
        await terminate(conn, { certificate: leaf });
      });
      const conn = await visit(door.port, "a.example", [ca.caPem]);
      conn.closeWrite();
      assert.equal(await conn.read(), undefined);
      await Promise.all([conn.closed, ...door.served, door.close()]);
    });
  }

  test(`${name}: a door that peeks chooses the certificate for each visitor anew`, async () => {
    const { ca, leaf, otherLeaf } = await materials();
    let certificate: Certificate = leaf;
    const door = await peekingDoor(5, (conn) => terminate(conn, { certificate }));
    const first = await visit(door.port, "a.example", [ca.caPem]);
    certificate = otherLeaf;
    const second = await visit(door.port, "b.example", [ca.caPem]);
    await assertFails(() => visit(door.port, "a.example", [ca.caPem]), "tls_name_mismatch");
    for (const conn of [first, second]) {
      conn.closeWrite();
      assert.equal(await conn.read(), undefined);
      await conn.closed;
    }
    await Promise.allSettled(door.served);
    await door.close();
  });

  test(`${name}: a ClientHello that trickles in is served all the same`, async () => {
    const { ca, leaf } = await materials();
    const door = await peekingDoor(3, (conn) => terminate(conn, { certificate: leaf }));
    // A relay between visitor and door that sends 7 bytes at a time, each on its own.
    const relayed: Promise<unknown>[] = [];
    const relay = await net.listen({
      onConnection: (front) => {
        relayed.push((async () => {
          const back = await net.connect({ host: "127.0.0.1", port: door.port });
          const reply = (async () => {
            for (;;) {
              const chunk = await back.read();
              if (chunk === undefined) break;
              await front.write(chunk);
            }
            front.closeWrite();
          })();
          for (;;) {
            const chunk = await front.read();
            if (chunk === undefined) break;
            for (let at = 0; at < chunk.length; at += 7) {
              await back.write(chunk.subarray(at, at + 7));
              await new Promise<void>((resolve) => setTimeout(resolve, 0));
            }
          }
          back.closeWrite();
          await Promise.all([reply, front.closed, back.closed]);
        })());
      },
    });
    const conn = await visit(relay.address.port, "a.example", [ca.caPem]);
    conn.closeWrite();
    assert.equal(await conn.read(), undefined);
    await Promise.all([conn.closed, ...door.served, ...relayed, door.close(), relay.close()]);
  });

  test(`${name}: a door peeks, then passes the bytes through`, async () => {
    const { ca, otherLeaf } = await materials();
    const backend = await peekingDoor(1, (conn) => terminate(conn, { certificate: otherLeaf }));
    const door = await peekingDoor(43, async (conn) => {
      const back = await net.connect({ host: "127.0.0.1", port: backend.port });
      const result = await join(conn, back);
      assert.equal(result.error, undefined);
      await Promise.all([conn.closed, back.closed]);
    });
    const conn = await visit(door.port, "b.example", [ca.caPem]);
    const sent = writePattern(conn, MIB, 21);
    assert.deepEqual(await readDigest(conn), { count: MIB, sha256: await sent });
    await Promise.all([conn.closed, ...door.served, ...backend.served]);
    await Promise.all([door.close(), backend.close()]);
  });

  test(`${name}: a door survives a visitor whose first bytes are garbage`, async () => {
    const { ca, leaf } = await materials();
    const door = await peekingDoor(5, (conn) => terminate(conn, { certificate: leaf }));
    const garbage = [
      bytes("GET / HTTP/1.1\r\n\r\n"),
      new Uint8Array(600).fill(0xff),
      // a record header that announces a ClientHello, then nonsense
      Uint8Array.of(22, 3, 1, 0, 64, 1, 0, 0, 60, 3, 3, ...new Uint8Array(58).fill(7)),
    ];
    for (const bad of garbage) {
      const conn = await net.connect({ host: "127.0.0.1", port: door.port });
      await conn.write(bad);
      conn.closeWrite();
      try {
        while (await conn.read()) { /* an alert, perhaps */ }
      } catch { /* or a reset */ }
      conn.abort();
      await conn.closed;
    }
    for (const serving of door.served) {
      await assertFails(() => serving, ["tls_failed", "connection_closed"]);
    }
    const conn = await visit(door.port, "a.example", [ca.caPem]);
    conn.abort();
    await Promise.all([conn.closed, door.close()]);
    await Promise.allSettled(door.served);
  });

  test(`${name}: a door survives a visitor that speaks another protocol by ALPN`, async () => {
    const { ca, leaf } = await materials();
    const door = await peekingDoor(
      5,
      (conn) => terminate(conn, { certificate: leaf, alpn: ["h2"] }),
    );
    await assertFails(
      () =>
        net.connect({
          host: "127.0.0.1",
          port: door.port,
          tls: { serverName: "a.example", roots: [ca.caPem], alpn: ["mqtt"] },
        }),
      ["tls_protocol", "tls_failed", "connection_closed", "connection_reset"],
      /^Cannot connect to "127\.0\.0\.1:\d+": /,
    );
    await assertFails(() => door.served[0], "tls_failed");
    const conn = await visit(door.port, "a.example", [ca.caPem]);
    conn.abort();
    await Promise.all([conn.closed, door.close()]);
    await Promise.allSettled(door.served);
  });

  test(`${name}: a door that peeked asks for a client certificate and verifies it`, async () => {
    const { ca, leaf, client, strangerClient } = await materials();
    const seen: (string | undefined)[] = [];
    const door = await peekingDoor(5, async (conn) => {
      const secure = await net.startTlsServer(conn, {
        certificate: leaf,
        clientAuth: "require_and_verify",
        clientRoots: [ca.caPem],
      });
      seen.push(secure.tls?.peerCertificatePem);
      await echo(secure);
      await secure.closed;
    });
    const tls = { serverName: "a.example", roots: [ca.caPem] };
    const conn = await net.connect({
      host: "127.0.0.1",
      port: door.port,
      tls: { ...tls, certificate: client },
    });
    conn.write(bytes("known"));
    conn.closeWrite();
    assert.equal(await readText(conn), "known");
    assert.equal(seen.length, 1);
    await assertFails(async () => {
      const stranger = await net.connect({
        host: "127.0.0.1",
        port: door.port,
        tls: { ...tls, certificate: strangerClient },
      });
      try {
        assert.equal(await stranger.read(), undefined);
        for (;;) await stranger.write(new Uint8Array(65536));
      } finally {
        stranger.abort();
        await stranger.closed;
      }
    }, ["tls_failed", "connection_closed", "connection_reset"]);
    await assertFails(() => door.served[1], "tls_untrusted");
    await Promise.all([door.served[0], conn.closed, door.close()]);
  });

  test(`${name}: bytes and an end that come before anybody reads wait for the reader`, async () => {
    const { ca, leaf } = await materials();
    const pair = await connected(net);
    const visitor = { host: "192.0.2.7", port: 4711 };
    pair.server.readdress(visitor, pair.server.local);
    const [client, server] = await Promise.all([
      net.startTlsClient(pair.client, { serverName: "a.example", roots: [ca.caPem] }),
      net.startTlsServer(pair.server, { certificate: leaf }),
    ]);
    assert.deepEqual(server.remote, visitor, "TLS keeps the ends of what it is spoken over");
    const sent = writePattern(client, 300_000, 22);
    server.closeWrite();
    assert.equal(await client.read(), undefined);
    assert.deepEqual(await readDigest(server), { count: 300_000, sha256: await sent });
    await Promise.all([client.closed, server.closed, pair.listener.close()]);
  });

  test(`${name}: connect() with TLS verifies the host it dials`, async () => {
    const { ca, otherCa, leaf, otherLeaf } = await materials();
    const door = await peekingDoor(5, (conn) => terminate(conn, { certificate: leaf }));
    const { port } = door;
    for (const host of ["127.0.0.1", "localhost"]) {
      const conn = await net.connect({ host, port, tls: { roots: [ca.caPem], alpn: ["h2"] } });
      assert.equal(conn.tls?.serverName, host === "localhost" ? host : undefined);
      assert.equal(conn.remote.port, port);
      conn.abort();
      await conn.closed;
    }
    const refusals = [
      [{ serverName: "b.example", roots: [ca.caPem] }, "tls_name_mismatch"],
      [{ roots: [otherCa.caPem] }, "tls_untrusted"],
      [{}, "tls_untrusted"],
    ] as const;
    for (const [tls, code] of refusals) {
      await assertFails(
        () => net.connect({ host: "127.0.0.1", port, tls }),
        code,
        new RegExp(`^Cannot connect to "127\\.0\\.0\\.1:${port}": its certificate`),
      );
    }
    await door.close();
    const wrong = await peekingDoor(5, (conn) => terminate(conn, { certificate: otherLeaf }));
    await assertFails(
      () => net.connect({ host: "127.0.0.1", port: wrong.port, tls: { roots: [ca.caPem] } }),
      "tls_name_mismatch",
    );
    await wrong.close();
    await Promise.allSettled([...door.served, ...wrong.served]);
  });

  test(`${name}: connect() says tls_expired of a certificate out of its time`, async () => {
    const { ca, expired, notYet } = await materials();
    for (
      const [certificate, found] of [[expired, /has expired$/], [notYet, /not valid yet$/]] as const
    ) {
      const door = await peekingDoor(5, (conn) => terminate(conn, { certificate }));
      await assertFails(
        () =>
          net.connect({
            host: "127.0.0.1",
            port: door.port,
            tls: { serverName: "a.example", roots: [ca.caPem] },
          }),
        subject.tellsExpiry ? "tls_expired" : "tls_untrusted",
        subject.tellsExpiry ? found : /no trusted issuer$/,
      );
      await Promise.allSettled(door.served);
      await door.close();
    }
  });

  test(`${name}: connect() with TLS gives up on a listener that says nothing`, async () => {
    const held: Conn[] = [];
    const listener = await net.listen({ onConnection: (conn) => held.push(conn) });
    const release = subject.keepAlive();
    const target = { host: "127.0.0.1", port: listener.address.port, tls: {} };
    await assertFails(
      () => net.connect({ ...target, timeoutMs: 40 }),
      "timed_out",
      /^Cannot connect to "127\.0\.0\.1:\d+": no TLS handshake within 40 ms$/,
    );
    const controller = new AbortController();
    const dialling = assertFails(
      () => net.connect({ ...target, signal: controller.signal }),
      "aborted",
    );
    const late = await net.connect({ host: target.host, port: target.port });
    controller.abort();
    await dialling;
    release();
    for (const conn of [late, ...held]) conn.abort();
    await Promise.all([late.closed, ...held.map((conn) => conn.closed), listener.close()]);
  });

  test(`${name}: TLS runs over a unix socket`, async () => {
    const { ca, leaf } = await materials();
    const served: Promise<void>[] = [];
    const path = socketPath();
    const listener = await net.listen({
      path,
      onConnection: (conn) => served.push(terminate(conn, { certificate: leaf })),
    });
    const conn = await net.connect({ path, tls: { serverName: "a.example", roots: [ca.caPem] } });
    const sent = writePattern(conn, MIB, 23);
    assert.deepEqual(await readDigest(conn), { count: MIB, sha256: await sent });
    await Promise.all([conn.closed, ...served, listener.close()]);
  });

  test(`${name}: an end without a close_notify looks like an end: framing must tell`, async () => {
    const { ca, leaf } = await materials();
    // A relay that ends the way to the visitor after the visitor's first word.
    let cutShort!: () => void;
    const door = await peekingDoor(5, async (conn) => {
      const secure = await net.startTlsServer(conn, { certificate: leaf });
      await secure.write(bytes("half a mess"));
      await secure.read();
      secure.abort();
    });
    const relay = await net.listen({
      onConnection: async (front) => {
        const back = await net.connect({ host: "127.0.0.1", port: door.port });
        cutShort = () => {
          front.closeWrite(); // a FIN, and no close_notify
          back.abort();
        };
        void join(front, back);
      },
    });
    const conn = await net.connect({
      host: "127.0.0.1",
      port: relay.address.port,
      tls: { serverName: "a.example", roots: [ca.caPem] },
    });
    assert.equal(text(await readExactly(conn, 11)), "half a mess");
    cutShort();
    try {
      assert.equal(await conn.read(), undefined);
    } catch (thrown) {
      await assertFails(() => Promise.reject(thrown), ["connection_reset", "connection_closed"]);
    }
    conn.abort();
    await conn.closed;
    await Promise.allSettled(door.served);
    await Promise.all([door.close(), relay.close()]);
  });

  test(`${name}: 60 TLS visitors at once are all served and all gone`, async () => {
    const { ca, leaf } = await materials();
    const door = await peekingDoor(5, (conn) => terminate(conn, { certificate: leaf }));
    await Promise.all(Array.from({ length: 60 }, async (_, id) => {
      const conn = await net.connect({
        host: "127.0.0.1",
        port: door.port,
        tls: { serverName: "a.example", roots: [ca.caPem] },
      });
      conn.write(bytes(`visitor ${id}`));
      conn.closeWrite();
      assert.equal(await readText(conn), `visitor ${id}`);
      await conn.closed;
    }));
    await Promise.all(door.served);
    await door.close();
  });
}

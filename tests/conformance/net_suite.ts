/**
 * What every network must do: run by the one in memory and by the adapter of whichever runtime runs
 * the tests.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Clock } from "../../lib/base/clock.ts";
import { join } from "../../lib/base/duplex.ts";
import type { Conn, Net } from "../../lib/runtime/net.ts";
import { test } from "../harness.ts";
import {
  assertFails,
  bytes,
  connected,
  echo,
  readDigest,
  readExactly,
  readText,
  still,
  text,
  writePattern,
} from "./conns.ts";

/** The network under test. */
export interface NetSubject {
  /** What the test names begin with. */
  readonly name: string;
  /** The network. */
  readonly net: Net;
  /** The time it lives in. */
  readonly clock: Clock;
  /** A path where no unix socket is yet. */
  socketPath(): string;
  /** Whether something is at a path. */
  exists(path: string): Promise<boolean>;
}

const MIB = 1024 * 1024;
/** Above what a kernel holds for one loopback connection (about 4.2 MB on Linux, more elsewhere). */
const FULL_BYTES = 48 * MIB;

/** Declares the suite. */
export function netSuite({ name, net, socketPath, exists }: NetSubject): void {
  for (const plain of [false, true]) {
    const door = plain ? "plain door" : "door";
    test(`${name}: readdress() names the visitor that a balancer told, at a ${door}`, async () => {
      const pair = await connected(net, { host: "127.0.0.1", plain });
      const visitor = { host: "2001:db8::7", port: 4711 };
      const entrance = { host: "2001:db8::1", port: 443 };
      pair.server.readdress(visitor, entrance);
      assert.deepEqual(pair.server.remote, visitor);
      assert.deepEqual(pair.server.local, entrance);
      await pair.server.write(bytes("still the same bytes"));
      assert.equal(text(await readExactly(pair.client, 20)), "still the same bytes");
      await pair.close();
    });
  }

  test(`${name}: connect() and listen() carry bytes both ways and name both ends`, async () => {
    const pair = await connected(net, { host: "127.0.0.1" });
    assert.ok(pair.listener.address.port > 0);
    assert.equal(pair.client.remote.port, pair.listener.address.port);
    assert.equal(pair.client.remote.host, "127.0.0.1");
    assert.deepEqual(pair.server.remote, pair.client.local);
    assert.deepEqual(pair.server.local, pair.client.remote);
    assert.equal(pair.client.tls, undefined);
    const echoing = echo(pair.server);
    await pair.client.write(bytes("over"));
    assert.equal(text(await readExactly(pair.client, 4)), "over");
    pair.client.closeWrite();
    assert.equal(await pair.client.read(), undefined);
    assert.equal(await pair.client.read(), undefined, "the end is said again");
    await echoing;
    await Promise.all([pair.client.closed, pair.server.closed]);
    await pair.listener.close();
  });

  test(`${name}: closeWrite() of the dialler leaves the reply flowing`, async () => {
    const pair = await connected(net);
    pair.client.write(bytes("question"));
    pair.client.closeWrite();
    pair.client.closeWrite();
    assert.equal(await readText(pair.server), "question");
    const sent = writePattern(pair.server, 2 * MIB, 1);
    assert.deepEqual(await readDigest(pair.client), {
      count: 2 * MIB,
      sha256: await sent,
    });
    await Promise.all([pair.client.closed, pair.server.closed]);
    await pair.listener.close();
  });

  test(`${name}: closeWrite() of the dialled side leaves the request flowing`, async () => {
    const pair = await connected(net);
    pair.server.write(bytes("banner"));
    pair.server.closeWrite();
    assert.equal(await readText(pair.client), "banner");
    const sent = writePattern(pair.client, 2 * MIB, 2);
    assert.deepEqual(await readDigest(pair.server), {
      count: 2 * MIB,
      sha256: await sent,
    });
    await Promise.all([pair.client.closed, pair.server.closed]);
    await pair.listener.close();
  });

  test(`${name}: write() after closeWrite() is refused`, async () => {
    const pair = await connected(net);
    pair.client.closeWrite();
    await assertFails(
      () => pair.client.write(bytes("late")),
      "connection_closed",
    );
    await pair.close();
  });

  test(`${name}: a reader that stalls stops its writer, towards the dialled side`, async () => {
    const pair = await connected(net);
    await stallAndDrain(net, pair.client, pair.server);
    await pair.close();
  });

  test(`${name}: a reader that stalls stops its writer, towards the dialler`, async () => {
    const pair = await connected(net);
    await stallAndDrain(net, pair.server, pair.client);
    await pair.close();
  });

  test(`${name}: both directions carry 8 MiB at once, unharmed`, async () => {
    const pair = await connected(net);
    const [up, down, atServer, atClient] = await Promise.all([
      writePattern(pair.client, 8 * MIB, 3),
      writePattern(pair.server, 8 * MIB, 4),
      readDigest(pair.server),
      readDigest(pair.client),
    ]);
    assert.deepEqual(atServer, { count: 8 * MIB, sha256: up });
    assert.deepEqual(atClient, { count: 8 * MIB, sha256: down });
    await Promise.all([pair.client.closed, pair.server.closed]);
    await pair.listener.close();
  });

  test(`${name}: bytes sent before anybody reads wait for the reader`, async () => {
    const pair = await connected(net);
    for (const word of ["one ", "two ", "three"]) {
      await pair.client.write(bytes(word));
    }
    pair.client.closeWrite();
    await still(net, () => 0);
    assert.equal(await readText(pair.server), "one two three");
    await pair.close();
  });

  test(`${name}: unread() gives bytes back in front of what follows`, async () => {
    const pair = await connected(net);
    await pair.client.write(bytes("GET / and more"));
    const head = await readExactly(pair.server, 5);
    pair.server.unread(head.subarray(4));
    pair.server.unread(head.subarray(0, 4));
    pair.client.closeWrite();
    assert.equal(await readText(pair.server), "GET / and more");
    await pair.close();
  });

  test(`${name}: readable and writable carry bytes, and closing one keeps the other open`, async () => {
    const pair = await connected(net);
    const echoing = pair.server.readable.pipeTo(pair.server.writable);
    const writer = pair.client.writable.getWriter();
    await writer.write(bytes("streamed"));
    await writer.close();
    let got = "";
    for await (const chunk of pair.client.readable) got += text(chunk);
    assert.equal(got, "streamed");
    await echoing;
    await Promise.all([pair.client.closed, pair.server.closed]);
    await pair.listener.close();
  });

  test(`${name}: abort() is seen by a waiting peer as connection_reset`, async () => {
    const pair = await connected(net);
    await pair.client.write(bytes("x"));
    await readExactly(pair.server, 1);
    const waiting = assertFails(() => pair.server.read(), "connection_reset");
    await still(net, () => 0);
    pair.client.abort();
    pair.client.abort();
    await waiting;
    await assertFails(() => pair.server.read(), "connection_reset");
    await assertFails(() => writeOn(pair.server), [
      "connection_reset",
      "connection_closed",
    ]);
    await pair.client.closed;
    pair.server.abort();
    await pair.server.closed;
    await pair.listener.close();
  });

  test(`${name}: abort() while nobody reads breaks the peer's next reads, and nothing else`, async () => {
    const pair = await connected(net);
    pair.client.abort();
    await pair.client.closed;
    await still(net, () => 0);
    await assertFails(async () => {
      while (
        await pair.server.read()
      ) { /* what came before the cut may still be read */ }
      await writeOn(pair.server); // node may show a reset that came while paused as a plain end
    }, ["connection_reset", "connection_closed"]);
    await pair.close();
  });

  test(`${name}: abort() ends one's own waiting read with its reason`, async () => {
    const pair = await connected(net);
    const waiting = assertFails(() => pair.client.read(), "aborted");
    pair.client.abort(new Error("enough"));
    await waiting;
    await assertFails(() => pair.client.read(), "aborted");
    await assertFails(() => pair.client.write(bytes("x")), "aborted");
    await pair.close();
  });

  test(`${name}: abort() ends one's own waiting write`, async () => {
    const pair = await connected(net);
    const waiting = assertFails(() => writeOn(pair.client), "aborted");
    await still(net, () => 0);
    pair.client.abort();
    await waiting;
    await pair.close();
  });

  test(`${name}: abort() after both ends closed in order changes nothing`, async () => {
    const pair = await connected(net);
    pair.client.closeWrite();
    pair.server.closeWrite();
    assert.equal(await pair.client.read(), undefined);
    assert.equal(await pair.server.read(), undefined);
    await Promise.all([pair.client.closed, pair.server.closed]);
    pair.client.abort();
    pair.server.abort();
    assert.equal(await pair.client.read(), undefined);
    await pair.listener.close();
  });

  test(`${name}: closeWrite() settles although the peer keeps its half open`, async () => {
    const pair = await connected(net);
    await pair.client.closeWrite();
    assert.equal(await pair.server.read(), undefined);
    await pair.server.write(bytes("still here"));
    assert.equal(text(await readExactly(pair.client, 10)), "still here");
    await pair.close();
  });

  test(`${name}: join() passes an end on and keeps the reply of the other side`, async () => {
    const front = await connected(net);
    const back = await connected(net);
    const joined = join(front.server, back.client);
    await front.client.write(bytes("question"));
    front.client.closeWrite();
    assert.equal(await readText(back.server), "question");
    const sent = writePattern(back.server, MIB, 5);
    assert.deepEqual(await readDigest(front.client), {
      count: MIB,
      sha256: await sent,
    });
    const result = await joined;
    assert.deepEqual(
      [result.forwardBytes, result.backwardBytes, result.error],
      [
        8,
        MIB,
        undefined,
      ],
    );
    await Promise.all([front.close(), back.close()]);
  });

  test(`${name}: join() stops a source that its sink does not keep up with`, async () => {
    const front = await connected(net);
    const back = await connected(net);
    const joined = join(front.server, back.client);
    await stallAndDrain(net, front.client, back.server);
    back.server.closeWrite();
    await joined;
    await Promise.all([front.close(), back.close()]);
  });

  test(`${name}: 300 connections come and go`, async () => {
    const ended: Promise<void>[] = [];
    const listener = await net.listen({
      onConnection: (conn) => ended.push(echo(conn)),
    });
    const { host, port } = listener.address;
    async function visitor(first: number) {
      for (let id = first; id < 300; id += 30) {
        const conn = await net.connect({ host, port });
        await conn.write(bytes(`visitor ${id}`));
        conn.closeWrite();
        assert.equal(await readText(conn), `visitor ${id}`);
        await conn.closed;
      }
    }
    await Promise.all(Array.from({ length: 30 }, (_, first) => visitor(first)));
    await Promise.all(ended);
    assert.equal(ended.length, 300);
    await listener.close();
  });

  test(`${name}: connect() to a port without a listener says connection_refused`, async () => {
    const listener = await net.listen({ onConnection: (conn) => conn.abort() });
    const { port } = listener.address;
    await listener.close();
    const error = await assertFails(
      () => net.connect({ host: "127.0.0.1", port }),
      "connection_refused",
    );
    assert.equal(
      error.message,
      `Cannot connect to "127.0.0.1:${port}": connection refused`,
    );
    await assertFails(
      () => net.connect({ host: "localhost", port }),
      "connection_refused",
      /"localhost:\d+": connection refused/,
    );
  });

  test(`${name}: connect() to a name without an address says host_not_found`, async () => {
    // A label of more than 63 octets (RFC 1035, 2.3.4): refused without asking a name server.
    const host = `${"x".repeat(64)}.test`;
    await assertFails(
      () => net.connect({ host, port: 80 }),
      "host_not_found",
      /^Cannot connect to "x+\.test:80": the name/,
    );
  });

  test(`${name}: connect() obeys a signal that has fired already`, async () => {
    const signal = AbortSignal.abort(new Error("changed my mind"));
    await assertFails(
      () => net.connect({ host: "127.0.0.1", port: 1, signal }),
      "aborted",
    );
  });

  test(`${name}: connect() obeys a signal that fires while it dials`, async () => {
    const listener = await net.listen({ onConnection: (conn) => conn.abort() });
    const controller = new AbortController();
    const dialling = assertFails(
      () =>
        net.connect({
          host: "127.0.0.1",
          port: listener.address.port,
          signal: controller.signal,
        }),
      "aborted",
    );
    controller.abort();
    await dialling;
    await listener.close();
  });

  test(`${name}: close() of a listener frees the port and spares what it accepted`, async () => {
    const pair = await connected(net);
    pair.client.closeWrite();
    assert.equal(await pair.server.read(), undefined);
    const { host, port } = pair.listener.address;
    await pair.listener.close();
    await pair.listener.close();
    await assertFails(() => net.connect({ host, port }), "connection_refused");
    const again = await net.listen({
      host,
      port,
      onConnection: (conn) => conn.abort(),
    });
    assert.equal(again.address.port, port);
    await again.close();
    // the half-open connection of before still carries
    await pair.server.write(bytes("half"));
    assert.equal(text(await readExactly(pair.client, 4)), "half");
    await pair.close();
  });

  test(`${name}: listen() at a port that is taken says address_in_use`, async () => {
    const listener = await net.listen({ onConnection: (conn) => conn.abort() });
    const { host, port } = listener.address;
    await assertFails(
      () => net.listen({ host, port, onConnection: (conn) => conn.abort() }),
      "address_in_use",
      new RegExp(
        `^Cannot listen at "127.0.0.1:${port}": address already in use$`,
      ),
    );
    await listener.close();
  });

  test(`${name}: listen() at localhost answers on both loopback addresses`, async () => {
    const conns: Conn[] = [];
    const listener = await net.listen({
      host: "localhost",
      onConnection: (conn) => {
        conns.push(conn);
        void echo(conn);
      },
    });
    const { port } = listener.address;
    for (const host of ["127.0.0.1", "::1", "localhost", "app.localhost"]) {
      const conn = await net.connect({ host, port });
      conn.write(bytes(host));
      conn.closeWrite();
      assert.equal(await readText(conn), host);
      await conn.closed;
    }
    await Promise.all(conns.map((conn) => conn.closed));
    assert.equal(conns[1].remote.host, "::1");
    assert.equal(conns[0].remote.host, "127.0.0.1");
    await listener.close();
  });

  test(`${name}: connect() to localhost finds a listener on the IPv6 loopback alone`, async () => {
    const pair = await connected(net, { host: "::1" }, { host: "localhost" });
    assert.equal(pair.client.remote.host, "::1");
    await pair.close();
  });

  test(`${name}: a listener at every address shows IPv4 visitors as IPv4`, async () => {
    for (const host of ["::", ""]) {
      for (const plain of [true, false]) {
        const pair = await connected(net, { host, plain }, { host: "127.0.0.1" });
        assert.equal(pair.server.remote.host, "127.0.0.1");
        await pair.close();
      }
    }
  });

  test(`${name}: a unix socket carries bytes and half-closes`, async () => {
    const path = socketPath();
    const pair = await connected(net, { path });
    assert.deepEqual(pair.listener.address, { host: "", port: 0, path });
    pair.client.write(bytes("question"));
    pair.client.closeWrite();
    assert.equal(await readText(pair.server), "question");
    const sent = writePattern(pair.server, MIB, 6);
    assert.deepEqual(await readDigest(pair.client), {
      count: MIB,
      sha256: await sent,
    });
    await Promise.all([pair.client.closed, pair.server.closed]);
    await pair.listener.close();
    assert.equal(await exists(path), false);
  });

  test(`${name}: abort() of a unix connection is noticed by the peer`, async () => {
    const pair = await connected(net, { path: socketPath() });
    pair.client.abort();
    // a unix socket has no RST: an end or a reset, then writes fail
    await assertFails(async () => {
      while (await pair.server.read()) { /* nothing was sent */ }
      await writeOn(pair.server);
    }, ["connection_reset", "connection_closed"]);
    await pair.close();
  });

  test(`${name}: listen() at a unix socket in use is refused, connect() to none says not_found`, async () => {
    const path = socketPath();
    await assertFails(() => net.connect({ path }), "not_found");
    const listener = await net.listen({
      path,
      onConnection: (conn) => conn.abort(),
    });
    await assertFails(
      () => net.listen({ path, onConnection: (conn) => conn.abort() }),
      "address_in_use",
    );
    await listener.close();
  });
}

/** Writes until it fails. */
async function writeOn(conn: Conn): Promise<void> {
  for (;;) {
    await conn.write(new Uint8Array(64 * 1024));
    await Promise.resolve();
  }
}

/** Fills a direction nobody reads, looks that the writer stopped, then reads all of it. */
async function stallAndDrain(net: Net, from: Conn, to: Conn): Promise<void> {
  let written = 0;
  const writing = (async () => {
    while (written < FULL_BYTES) {
      const chunk = new Uint8Array(256 * 1024);
      const full = from.write(chunk);
      written += chunk.length;
      if (full) await full;
    }
    await from.closeWrite();
  })();
  await still(net, () => written);
  assert.ok(
    written > 0 && written < FULL_BYTES,
    `the writer went on to ${written} bytes`,
  );
  // a reader that takes a little and stalls again must not open the gates
  const first = await to.read();
  assert.ok(first);
  let read = first.length;
  await still(net, () => written);
  assert.ok(
    written < FULL_BYTES,
    `after one chunk of ${first.length} the writer went on`,
  );
  for (;;) {
    const chunk = await to.read();
    if (chunk === undefined) break;
    read += chunk.length;
  }
  await writing;
  assert.equal(read, FULL_BYTES);
}

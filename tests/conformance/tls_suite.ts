/**
 * What TLS must do on every runtime, over sockets and over other carriers. `carry` says over what.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Duplex } from "../../lib/base/duplex.ts";
import type { Clock } from "../../lib/base/clock.ts";
import type {
  Certificate,
  Conn,
  Net,
  TlsClientOptions,
  TlsServerOptions,
} from "../../lib/runtime/net.ts";
import { makeCa, type TestCa } from "../fakes/certs.ts";
import { test } from "../harness.ts";
import {
  assertFails,
  bytes,
  connected,
  readDigest,
  readExactly,
  readText,
  still,
  text,
  writePattern,
} from "./conns.ts";

/** What is tested. */
export interface TlsSubject {
  /** What the test names begin with. */
  readonly name: string;
  /** Who speaks TLS. */
  readonly net: Net;
  /** The time it lives in. */
  readonly clock: Clock;
  /** Two ends of a fresh carrier, and what frees them in the end. */
  carry(): Promise<readonly [Duplex, Duplex, () => Promise<void>]>;
  /** Whether a close_notify of the peer leaves our direction open: not on Bun over a stream. */
  readonly halfCloses: boolean;
  /** Whether a refused certificate is known to be expired: on Deno only `connect()` finds out. */
  readonly tellsExpiry: boolean;
  /** Keeps the process alive through a test in which nothing but a timer is under way. */
  keepAlive(): () => void;
}

const MIB = 1024 * 1024;
const DAY_MS = 24 * 3600 * 1000;

/** Certificates take milliseconds to make: once for all tests of a process. */
let made: Promise<Materials> | undefined;

interface Materials {
  ca: TestCa;
  otherCa: TestCa;
  leaf: Certificate;
  otherLeaf: Certificate;
  expired: Certificate;
  notYet: Certificate;
  client: Certificate;
  strangerClient: Certificate;
  expiredClient: Certificate;
}

/** The certificates of the suites. */
export function materials(): Promise<Materials> {
  return made ??= (async () => {
    const [ca, otherCa] = await Promise.all([
      makeCa(),
      makeCa("Somebody else"),
    ]);
    const now = Date.now();
    const past = {
      notBefore: new Date(now - 9 * DAY_MS),
      notAfter: new Date(now - DAY_MS),
    };
    const future = {
      notBefore: new Date(now + DAY_MS),
      notAfter: new Date(now + 9 * DAY_MS),
    };
    return {
      ca,
      otherCa,
      leaf: await ca.leaf([
        "a.example",
        "*.wild.example",
        "localhost",
        "127.0.0.1",
        "::1",
      ]),
      otherLeaf: await ca.leaf(["b.example"]),
      expired: await ca.leaf(["a.example"], past),
      notYet: await ca.leaf(["a.example"], future),
      client: await ca.client("visitor"),
      strangerClient: await otherCa.client("stranger"),
      expiredClient: await ca.client("late", past),
    };
  })();
}

/** Declares the suite. */
export function tlsSuite(subject: TlsSubject): void {
  const { name, net, carry, halfCloses, tellsExpiry } = subject;
  /** A handshake; both outcomes. */
  async function handshake(
    server: TlsServerOptions,
    client: TlsClientOptions & { serverName?: string; timeoutMs?: number },
  ): Promise<{
    client: PromiseSettledResult<Conn>;
    server: PromiseSettledResult<Conn>;
    free: () => Promise<void>;
  }> {
    const [near, far, free] = await carry();
    const [clientSide, serverSide] = await Promise.allSettled([
      net.startTlsClient(near, { serverName: "a.example", ...client }),
      net.startTlsServer(far, server),
    ]);
    return { client: clientSide, server: serverSide, free };
  }

  /** A handshake that must succeed. */
  async function secured(
    server: TlsServerOptions,
    client: TlsClientOptions & { serverName?: string },
  ): Promise<{ client: Conn; server: Conn; close: () => Promise<void> }> {
    const ends = await handshake(server, client);
    if (ends.client.status === "rejected") throw ends.client.reason;
    if (ends.server.status === "rejected") throw ends.server.reason;
    const [clientConn, serverConn] = [ends.client.value, ends.server.value];
    return {
      client: clientConn,
      server: serverConn,
      async close() {
        clientConn.abort();
        serverConn.abort();
        await Promise.all([clientConn.closed, serverConn.closed]);
        await ends.free();
      },
    };
  }

  /** A handshake the client must refuse, with this code; the server's end is cleaned up. */
  async function refused(
    server: TlsServerOptions,
    client: TlsClientOptions & { serverName?: string },
    code: Parameters<typeof assertFails>[1],
    message: RegExp,
  ): Promise<void> {
    const ends = await handshake(server, client);
    await assertFails(() => unwrap(ends.client), code, message);
    // TLS 1.3: the server may think it is done before it hears the refusal
    if (ends.server.status === "fulfilled") {
      ends.server.value.abort();
      await ends.server.value.closed;
    }
    await ends.free();
  }

  test(`${name}: a handshake agrees on a version, and carries bytes both ways`, async () => {
    const { ca, leaf } = await materials();
    const pair = await secured({ certificate: leaf }, { roots: [ca.caPem] });
    assert.equal(pair.client.tls?.version, "TLSv1.3");
    assert.equal(pair.server.tls?.version, "TLSv1.3");
    assert.equal(pair.client.tls?.alpn, undefined);
    assert.equal(pair.server.tls?.alpn, undefined);
    assert.equal(pair.client.tls?.serverName, "a.example");
    assert.equal(pair.server.tls?.serverName, "a.example");
    assert.equal(pair.server.tls?.peerCertificatePem, undefined);
    assert.equal(
      onePem(pair.client.tls?.peerCertificatePem),
      onePem(leaf.chainPem),
    );
    await pair.client.write(bytes("question"));
    assert.equal(text(await readExactly(pair.server, 8)), "question");
    await pair.server.write(bytes("answer"));
    assert.equal(text(await readExactly(pair.client, 6)), "answer");
    await pair.close();
  });

  test(`${name}: 4 MiB each way at once arrive unharmed`, async () => {
    const { ca, leaf } = await materials();
    const pair = await secured({ certificate: leaf }, { roots: [ca.caPem] });
    const sizes = halfCloses ? [4 * MIB, 4 * MIB] : [4 * MIB, 0];
    const [up, atServer] = await Promise.all([
      writePattern(pair.client, sizes[0], 7),
      readDigest(pair.server),
    ]);
    assert.deepEqual(atServer, { count: sizes[0], sha256: up });
    if (halfCloses) {
      const [down, atClient] = await Promise.all([
        writePattern(pair.server, sizes[1], 8),
        readDigest(pair.client),
      ]);
      assert.deepEqual(atClient, { count: sizes[1], sha256: down });
      await Promise.all([pair.client.closed, pair.server.closed]);
    }
    await pair.close();
  });

  test(`${name}: a reader that stalls stops its writer`, async () => {
    const { ca, leaf } = await materials();
    const pair = await secured({ certificate: leaf }, { roots: [ca.caPem] });
    const total = 48 * MIB;
    let written = 0;
    const writing = (async () => {
      while (written < total) {
        const full = pair.server.write(new Uint8Array(256 * 1024));
        written += 256 * 1024;
        if (full) await full;
      }
    })();
    await still(net, () => written);
    assert.ok(written < total, `the writer went on to ${written} bytes`);
    let read = 0;
    while (read < total) read += (await pair.client.read())?.length ?? total;
    await writing;
    assert.equal(read, total);
    await pair.close();
  });

  test(`${name}: a name under a wildcard and an IP address are verified`, async () => {
    const { ca, leaf } = await materials();
    for (const serverName of ["x.wild.example", "127.0.0.1", "::1"]) {
      const pair = await secured({ certificate: leaf }, {
        roots: [ca.caPem],
        serverName,
      });
      const sent = serverName === "x.wild.example" ? serverName : undefined;
      assert.equal(
        pair.server.tls?.serverName,
        sent,
        "an address is not sent as SNI",
      );
      await pair.close();
    }
  });

  test(`${name}: a certificate for another name is tls_name_mismatch`, async () => {
    const { ca, leaf } = await materials();
    for (
      const serverName of ["b.example", "x.y.wild.example", "127.0.0.2", "::2"]
    ) {
      await refused(
        { certificate: leaf },
        { roots: [ca.caPem], serverName },
        "tls_name_mismatch",
        /another name/,
      );
    }
  });

  test(`${name}: a certificate of an unknown authority is tls_untrusted`, async () => {
    const { otherCa, leaf } = await materials();
    await refused(
      { certificate: leaf },
      { roots: [otherCa.caPem] },
      "tls_untrusted",
      /^Cannot speak TLS with "a\.example": its certificate/,
    );
    await refused(
      { certificate: leaf },
      { roots: "system" },
      "tls_untrusted",
      /its certificate/,
    );
    await refused(
      { certificate: leaf },
      { roots: [] },
      "tls_untrusted",
      /its certificate/,
    );
  });

  test(`${name}: a certificate out of its time is refused`, async () => {
    const { ca, expired, notYet } = await materials();
    for (const certificate of [expired, notYet]) {
      await refused(
        { certificate },
        { roots: [ca.caPem] },
        tellsExpiry ? "tls_expired" : "tls_untrusted",
        tellsExpiry ? /has expired|not valid yet/ : /has no trusted issuer/,
      );
    }
  });

  test(`${name}: verify: false accepts them all`, async () => {
    const { leaf, expired } = await materials();
    for (const certificate of [leaf, expired]) {
      const pair = await secured({ certificate }, {
        verify: false,
        serverName: "c.example",
      });
      await pair.client.write(bytes("x"));
      assert.equal(text(await readExactly(pair.server, 1)), "x");
      await pair.close();
    }
  });

  test(`${name}: several roots, in one text or in several, are all trusted`, async () => {
    const { ca, otherCa, leaf } = await materials();
    for (
      const roots of [[otherCa.caPem, ca.caPem], [otherCa.caPem + ca.caPem]]
    ) {
      const pair = await secured({ certificate: leaf }, { roots });
      await pair.close();
    }
  });

  test(`${name}: ALPN chooses what the server wants most`, async () => {
    const { ca, leaf } = await materials();
    const pair = await secured(
      { certificate: leaf, alpn: ["h2", "http/1.1"] },
      { roots: [ca.caPem], alpn: ["http/1.1", "h2"] },
    );
    assert.equal(pair.client.tls?.alpn, "h2");
    assert.equal(pair.server.tls?.alpn, "h2");
    await pair.close();
    const silent = await secured({ certificate: leaf, alpn: ["h2"] }, {
      roots: [ca.caPem],
    });
    assert.equal(silent.client.tls?.alpn, undefined);
    assert.equal(silent.server.tls?.alpn, undefined);
    await silent.close();
    const unasked = await secured({ certificate: leaf }, {
      roots: [ca.caPem],
      alpn: ["h2"],
    });
    assert.equal(unasked.client.tls?.alpn, undefined);
    await unasked.close();
  });

  test(`${name}: ALPN with nothing in common is refused`, async () => {
    const { ca, leaf } = await materials();
    const ends = await handshake(
      { certificate: leaf, alpn: ["h2"] },
      { roots: [ca.caPem], alpn: ["mqtt"] },
    );
    await assertFails(
      () => unwrap(ends.server),
      "tls_failed",
      /no application protocol/,
    );
    await assertFails(() => unwrap(ends.client), [
      "tls_protocol",
      "tls_failed",
      "connection_closed",
      "connection_reset",
    ]);
    await ends.free();
  });

  test(`${name}: clientAuth "none" does not ask, "request" takes what comes`, async () => {
    const { ca, leaf, client, strangerClient } = await materials();
    const silent = await secured(
      { certificate: leaf },
      { roots: [ca.caPem], certificate: client },
    );
    assert.equal(silent.server.tls?.peerCertificatePem, undefined);
    await silent.close();
    for (const certificate of [undefined, client, strangerClient]) {
      const pair = await secured(
        { certificate: leaf, clientAuth: "request", clientRoots: [ca.caPem] },
        { roots: [ca.caPem], certificate },
      );
      assert.equal(
        onePem(pair.server.tls?.peerCertificatePem),
        certificate && onePem(certificate.chainPem),
      );
      await pair.client.write(bytes("x"));
      assert.equal(text(await readExactly(pair.server, 1)), "x");
      await pair.close();
    }
  });

  test(`${name}: clientAuth "require_any" wants a certificate, whoever signed it`, async () => {
    const { ca, leaf, client, strangerClient } = await materials();
    for (const certificate of [client, strangerClient]) {
      const pair = await secured(
        { certificate: leaf, clientAuth: "require_any" },
        { roots: [ca.caPem], certificate },
      );
      assert.equal(
        onePem(pair.server.tls?.peerCertificatePem),
        onePem(certificate.chainPem),
      );
      await pair.close();
    }
    const ends = await handshake(
      { certificate: leaf, clientAuth: "require_any" },
      { roots: [ca.caPem] },
    );
    await assertFails(
      () => unwrap(ends.server),
      "tls_failed",
      /presented no certificate/,
    );
    await dropped(ends.client);
    await ends.free();
  });

  test(`${name}: clientAuth "require_and_verify" takes only what its roots signed`, async () => {
    const { ca, otherCa, leaf, client, strangerClient, expiredClient } = await materials();
    const server = {
      certificate: leaf,
      clientAuth: "require_and_verify",
      clientRoots: [ca.caPem],
    } as const;
    const pair = await secured(server, {
      roots: [ca.caPem],
      certificate: client,
    });
    assert.equal(
      onePem(pair.server.tls?.peerCertificatePem),
      onePem(client.chainPem),
    );
    assert.equal(pair.server.tls?.serverName, "a.example");
    await pair.client.write(bytes("x"));
    assert.equal(text(await readExactly(pair.server, 1)), "x");
    await pair.close();
    const bad = [
      [server, undefined, "tls_failed"],
      [server, strangerClient, "tls_untrusted"],
      [server, expiredClient, ["tls_expired", "tls_untrusted"]],
      [{ ...server, clientRoots: [otherCa.caPem] }, client, "tls_untrusted"],
      [{ ...server, clientRoots: [] }, client, "tls_untrusted"],
    ] as const;
    for (const [options, certificate, code] of bad) {
      const ends = await handshake(options, { roots: [ca.caPem], certificate });
      await assertFails(
        () => unwrap(ends.server),
        code,
        /^Cannot serve TLS to a visitor: /,
      );
      await dropped(ends.client);
      await ends.free();
    }
  });

  test(`${name}: clientAuth "require_and_verify" takes a certificate of X.509 version 1`, async () => {
    const { ca, leaf } = await materials();
    const read = (file: string) =>
      readFileSync(new URL(`../vectors/tls/${file}`, import.meta.url), "utf8");
    const keyPem = read("client.key");
    const server = {
      certificate: leaf,
      clientAuth: "require_and_verify",
      clientRoots: [read("ca.pem")],
    } as const;
    const certificate = { chainPem: read("version1.pem"), keyPem };
    const pair = await secured(server, { roots: [ca.caPem], certificate });
    await pair.client.write(bytes("x"));
    assert.equal(text(await readExactly(pair.server, 1)), "x");
    await pair.close();
    const ends = await handshake(
      { ...server, clientRoots: [ca.caPem] },
      { roots: [ca.caPem], certificate },
    );
    await assertFails(() => unwrap(ends.server), "tls_untrusted", /^Cannot serve TLS/);
    await dropped(ends.client);
    await ends.free();
  });

  test(`${name}: keepRefused gives TLS to those whose certificate is not welcome, and says why`, async () => {
    const { ca, leaf, client, strangerClient } = await materials();
    const server = {
      certificate: leaf,
      clientAuth: "require_and_verify",
      clientRoots: [ca.caPem],
      keepRefused: true,
    } as const;
    const cases = [
      [undefined, "tls_failed"],
      [strangerClient, "tls_untrusted"],
      [client, undefined],
    ] as const;
    for (const [certificate, code] of cases) {
      const pair = await secured(server, { roots: [ca.caPem], certificate });
      assert.equal(pair.server.tls?.refusal?.code, code);
      await pair.server.write(bytes("no"));
      assert.equal(text(await readExactly(pair.client, 2)), "no");
      await pair.close();
    }
  });

  test(`${name}: minVersion 1.3 turns nobody away who speaks it`, async () => {
    const { ca, leaf } = await materials();
    const pair = await secured(
      { certificate: leaf, minVersion: "1.3", alpn: ["h2"] },
      { roots: [ca.caPem], alpn: ["h2"] },
    );
    assert.equal(pair.server.tls?.version, "TLSv1.3");
    await pair.close();
  });

  test(`${name}: maxVersion 1.2 holds who could do more, asked for a certificate or not`, async () => {
    const { ca, leaf, client } = await materials();
    for (const clientAuth of ["none", "require_and_verify"] as const) {
      const pair = await secured(
        { certificate: leaf, maxVersion: "1.2", clientAuth, clientRoots: [ca.caPem] },
        { roots: [ca.caPem], certificate: client },
      );
      assert.equal(pair.client.tls?.version, "TLSv1.2");
      assert.equal(pair.server.tls?.version, "TLSv1.2");
      await pair.client.write(bytes("x"));
      assert.equal(text(await readExactly(pair.server, 1)), "x");
      await pair.close();
    }
    // The same certificate serves others with the newest all the while.
    const pair = await secured({ certificate: leaf }, { roots: [ca.caPem] });
    assert.equal(pair.server.tls?.version, "TLSv1.3");
    await pair.close();
  });

  test(`${name}: the certificate is the one chosen at the moment of the handshake`, async () => {
    const { ca, leaf, otherLeaf } = await materials();
    for (
      const [serverName, certificate] of [["a.example", leaf], [
        "b.example",
        otherLeaf,
      ]] as const
    ) {
      const pair = await secured({ certificate }, {
        roots: [ca.caPem],
        serverName,
      });
      assert.equal(
        onePem(pair.client.tls?.peerCertificatePem),
        onePem(certificate.chainPem),
      );
      await pair.close();
    }
  });

  test(`${name}: a certificate whose key is another's is tls_failed, and the carrier is dropped`, async () => {
    const { ca, leaf, otherLeaf } = await materials();
    const certificate = { chainPem: leaf.chainPem, keyPem: otherLeaf.keyPem };
    const ends = await handshake({ certificate }, { roots: [ca.caPem] });
    await assertFails(
      () => unwrap(ends.server),
      "tls_failed",
      /^Cannot present a certificate: the key of our own belongs to another$/,
    );
    await dropped(ends.client);
    await ends.free();
    const garbage = await handshake(
      { certificate: { chainPem: "nonsense", keyPem: "nonsense" } },
      { roots: [ca.caPem] },
    );
    await assertFails(() => unwrap(garbage.server), "tls_failed");
    await dropped(garbage.client);
    await garbage.free();
  });

  test(`${name}: bytes that are no ClientHello are tls_failed`, async () => {
    const { leaf } = await materials();
    const [near, far, free] = await carry();
    const serving = net.startTlsServer(far, { certificate: leaf });
    const failing = assertFails(() => serving, [
      "tls_failed",
      "connection_closed",
    ]);
    await near.write(bytes("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"));
    await failing;
    near.abort();
    await Promise.all([near.closed, far.closed]);
    await free();
  });

  test(`${name}: a visitor that leaves before its ClientHello fails the handshake`, async () => {
    const { leaf } = await materials();
    for (
      const leave of [
        (near: Duplex) => near.closeWrite(),
        (near: Duplex) => near.abort(),
      ]
    ) {
      const [near, far, free] = await carry();
      const failing = assertFails(
        () => net.startTlsServer(far, { certificate: leaf }),
        [
          "connection_closed",
          "connection_reset",
        ],
      );
      await leave(near);
      await failing;
      near.abort();
      await Promise.all([near.closed, far.closed]);
      await free();
    }
  });

  test(`${name}: a handshake has a deadline, on either side`, async () => {
    const { ca, leaf } = await materials();
    const release = subject.keepAlive();
    const [near, far, free] = await carry();
    await assertFails(
      () => net.startTlsServer(far, { certificate: leaf, timeoutMs: 30 }),
      "timed_out",
      /no handshake within 30 ms/,
    );
    await far.closed;
    near.abort();
    await near.closed;
    await free();
    const [silentNear, silentFar, freeSilent] = await carry();
    await assertFails(
      () =>
        net.startTlsClient(silentNear, {
          serverName: "a.example",
          roots: [ca.caPem],
          timeoutMs: 30,
        }),
      "timed_out",
      /no handshake within 30 ms/,
    );
    await silentNear.closed;
    silentFar.abort();
    await silentFar.closed;
    await freeSilent();
    release();
  });

  if (halfCloses) {
    test(`${name}: either direction ends on its own`, async () => {
      const { ca, leaf } = await materials();
      const pair = await secured({ certificate: leaf }, { roots: [ca.caPem] });
      pair.client.write(bytes("question"));
      pair.client.closeWrite();
      assert.equal(await readText(pair.server), "question");
      const sent = writePattern(pair.server, MIB, 9);
      assert.deepEqual(await readDigest(pair.client), {
        count: MIB,
        sha256: await sent,
      });
      await Promise.all([pair.client.closed, pair.server.closed]);
      await pair.close();

      const back = await secured({ certificate: leaf }, { roots: [ca.caPem] });
      back.server.write(bytes("banner"));
      back.server.closeWrite();
      assert.equal(await readText(back.client), "banner");
      const up = writePattern(back.client, MIB, 10);
      assert.deepEqual(await readDigest(back.server), {
        count: MIB,
        sha256: await up,
      });
      await Promise.all([back.client.closed, back.server.closed]);
      await back.close();
    });
  }

  test(`${name}: an end reaches the reader after all bytes, and both ends close`, async () => {
    const { ca, leaf } = await materials();
    const pair = await secured({ certificate: leaf }, { roots: [ca.caPem] });
    const sent = writePattern(pair.server, MIB, 11);
    assert.deepEqual(await readDigest(pair.client), {
      count: MIB,
      sha256: await sent,
    });
    pair.client.closeWrite();
    assert.equal(await pair.server.read(), undefined);
    await Promise.all([pair.client.closed, pair.server.closed]);
    await pair.close();
  });

  test(`${name}: abort() after closeWrite() ends the other direction too`, async () => {
    const { ca, leaf } = await materials();
    const pair = await secured({ certificate: leaf }, { roots: [ca.caPem] });
    pair.client.closeWrite();
    assert.equal(await pair.server.read(), undefined);
    pair.client.abort();
    await pair.client.closed;
    await pair.close();
  });

  test(`${name}: abort() is noticed by the peer`, async () => {
    const { ca, leaf } = await materials();
    const pair = await secured({ certificate: leaf }, { roots: [ca.caPem] });
    // A byte each way first: Node 22 misses a reset that comes while its session tickets leave.
    await pair.client.write(bytes("x"));
    await readExactly(pair.server, 1);
    await pair.server.write(bytes("y"));
    await readExactly(pair.client, 1);
    const waiting = assertFails(async () => {
      while (await pair.server.read()) { /* nothing was sent */ }
      for (;;) await pair.server.write(new Uint8Array(65536));
    }, ["connection_reset", "connection_closed"]);
    pair.client.abort();
    await waiting;
    await pair.close();
  });
}

/** The value of a settled promise, or its error again. */
export function unwrap<T>(result: PromiseSettledResult<T>): T {
  if (result.status === "rejected") throw result.reason;
  return result.value;
}

/** The client of a refused handshake: it failed, or finds out at its first read. */
async function dropped(client: PromiseSettledResult<Conn>): Promise<void> {
  const codes = [
    "tls_failed",
    "connection_closed",
    "connection_reset",
  ] as const;
  if (client.status === "rejected") {
    return void await assertFails(() => unwrap(client), codes);
  }
  const conn = client.value;
  await assertFails(async () => {
    assert.equal(await conn.read(), undefined);
    for (;;) await conn.write(new Uint8Array(65536));
  }, codes);
  conn.abort();
  await conn.closed;
}

/** A PEM text without its line ends: runtimes break lines differently. */
function onePem(pem: string | undefined): string | undefined {
  return pem?.replace(/\s/g, "");
}

/** A carrier of sockets. TLS takes them over, and whoever ends TLS ends them. */
export async function socketCarrier(
  net: Net,
): Promise<readonly [Duplex, Duplex, () => Promise<void>]> {
  const { client, server, listener } = await connected(net);
  return [client, server, async () => {
    await Promise.all([client.closed, server.closed, listener.close()]);
  }];
}

import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { encodeText } from "../../../lib/base/bytes.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { toTunnelError } from "../../../lib/base/errors.ts";
import type { ForwardOptions } from "../../../lib/agent/config.ts";
import { parseUpstream, type UpstreamKind } from "../../../lib/agent/upstream.ts";
import { dialUpstream, upstreamTls } from "../../../lib/agent/upstream_dial.ts";
import { detectRuntime } from "../../../lib/runtime/detect.ts";
import type { Certificate, Conn, Listener, TlsInfo } from "../../../lib/runtime/net.ts";
import { makeCa } from "../../fakes/certs.ts";
import { readAll } from "../../fakes/edge.ts";

const { net, host: machine } = detectRuntime();

/** A service that echoes one connection, behind TLS when it has a certificate. */
async function echo(
  where: { host?: string; path?: string },
  certificate?: Certificate,
): Promise<
  Listener & {
    readonly seen: (TlsInfo | undefined)[];
    readonly heads: string[];
  }
> {
  const seen: (TlsInfo | undefined)[] = [];
  const heads: string[] = [];
  const door = await net.listen({
    ...where,
    onConnection: async (conn) => {
      try {
        const inner = certificate
          ? await net.startTlsServer(await withoutProxyLine(conn, heads), {
            certificate,
            alpn: ["h2", "http/1.1"],
          })
          : conn;
        seen.push(inner.tls);
        await inner.write(encodeText(await readAll(inner)));
        await inner.closeWrite();
      } catch {
        conn.abort(); // the client refused us: what the test is about
      }
    },
  });
  return Object.assign(door, { seen, heads });
}

/** Takes a PROXY line off, as services that expect one do. */
async function withoutProxyLine(conn: Conn, heads: string[]): Promise<Conn> {
  const chunk = await conn.read() ?? new Uint8Array(0);
  const end = chunk[0] === 0x50 ? chunk.indexOf(0x0a) + 1 : 0; // "P": no TLS record begins so
  if (end > 0) heads.push(new TextDecoder().decode(chunk.subarray(0, end)));
  conn.unread(chunk.subarray(end));
  return conn;
}

/** Sends a word through and returns what came back. */
async function talk(
  kind: UpstreamKind,
  address: string,
  options: Partial<ForwardOptions> = {},
  first = "",
): Promise<string> {
  const upstream = parseUpstream(address, kind);
  const all = { addr: address, ...options };
  const tls = await upstreamTls(upstream, all, machine.files);
  const proxyProtocol = options.upstreamProxyProtocol !== undefined;
  const [visitor, edge] = pair();
  await edge.write(encodeText(`${first}word`));
  edge.closeWrite();
  const signal = new AbortController().signal;
  const target = { name: "web", url: "", upstream, tls, proxyProtocol };
  const conn = await dialUpstream(target, visitor, net, signal);
  try {
    await conn.write(encodeText(await readAll(visitor)));
    await conn.closeWrite();
    return await readAll(conn);
  } finally {
    conn.abort();
    await conn.closed;
  }
}

test("dialUpstream() speaks TCP to IPv4", async () => {
  const door = await echo({ host: "127.0.0.1" });
  assert.equal(await talk("http", `127.0.0.1:${door.address.port}`), "word");
  await door.close();
});

test("dialUpstream() speaks TCP to IPv6", async () => {
  let door;
  try {
    door = await echo({ host: "::1" });
  } catch (thrown) {
    // a machine without IPv6 cannot be a test of it
    assert.equal(toTunnelError(thrown).code, "address_not_available");
    return;
  }
  assert.equal(await talk("http", `[::1]:${door.address.port}`), "word");
  assert.equal(await talk("tcp", `tcp://[::1]:${door.address.port}`), "word");
  await door.close();
});

test("dialUpstream() speaks to a unix socket", async () => {
  if (machine.os === "windows") return;
  const path = `/tmp/sallyport-${machine.pid}-${Date.now()}.sock`;
  const door = await echo({ path });
  assert.equal(await talk("http", `unix:${path}`), "word");
  await door.close();
  await assert.rejects(talk("http", `unix:${path}`), /Cannot connect/);
});

test("dialUpstream() accepts a certificate of nobody's on https and tls by default", async () => {
  const ca = await makeCa();
  const door = await echo(
    { host: "127.0.0.1" },
    await ca.leaf(["somewhere.else"]),
  );
  const { port } = door.address;
  assert.equal(await talk("http", `https://127.0.0.1:${port}`), "word");
  assert.equal(await talk("tls", `tls://127.0.0.1:${port}`), "word");
  assert.deepEqual(door.seen.map((tls) => tls?.alpn), ["http/1.1", undefined]);
  assert.equal(
    await talk("http", `https://127.0.0.1:${port}`, {
      upstreamProtocol: "http2",
    }),
    "word",
  );
  assert.equal(door.seen.at(-1)?.alpn, "h2");
  await door.close();
});

test("dialUpstream() checks the certificate when it is told to", async () => {
  const ca = await makeCa();
  const other = await makeCa("Another authority");
  const door = await echo(
    { host: "127.0.0.1" },
    await ca.leaf(["localhost", "127.0.0.1"]),
  );
  const address = `https://127.0.0.1:${door.address.port}`;
  assert.equal(
    await talk("http", address, { upstreamTlsVerifyCas: ca.caPem }),
    "word",
  );
  await assert.rejects(talk("http", address, { upstreamTlsVerify: true }), {
    code: "tls_untrusted",
  });
  await assert.rejects(
    talk("http", address, { upstreamTlsVerifyCas: other.caPem }),
    {
      code: "tls_untrusted",
    },
  );
  assert.equal(
    await talk("http", address, {
      upstreamTlsVerifyCas: other.caPem,
      upstreamTlsVerify: false,
    }),
    "word",
    "what is said explicitly counts",
  );
  await door.close();
});

test("dialUpstream() puts the PROXY header in front of TLS", async () => {
  const ca = await makeCa();
  const door = await echo({ host: "127.0.0.1" }, await ca.leaf(["127.0.0.1"]));
  const address = `https://127.0.0.1:${door.address.port}`;
  const line = "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n";
  assert.equal(
    await talk("http", address, { upstreamProxyProtocol: 1 }, line),
    "word",
  );
  assert.deepEqual(door.heads, [line]);
  assert.equal(
    await talk("http", address, { upstreamProxyProtocol: 1 }),
    "word",
  );
  assert.deepEqual(door.heads, [line], "without one nothing is made up");
  await door.close();
});

test("dialUpstream() leaves a PROXY header to plain services where it is", async () => {
  const door = await echo({ host: "127.0.0.1" });
  const line = "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n";
  const address = `127.0.0.1:${door.address.port}`;
  const answer = await talk(
    "http",
    address,
    { upstreamProxyProtocol: 1 },
    line,
  );
  assert.equal(answer, `${line}word`);
  await door.close();
});

test("dialUpstream() says what is wrong with a service that is not there or not TLS", async () => {
  const door = await net.listen({
    host: "127.0.0.1",
    onConnection: async (conn) => {
      await conn.write(
        encodeText("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
      );
      await conn.closeWrite();
      while (await conn.read() !== undefined);
    },
  });
  const { port } = door.address;
  await assert.rejects(talk("http", `https://127.0.0.1:${port}`), {
    code: "tls_failed",
  });
  await door.close();
  await assert.rejects(talk("http", `127.0.0.1:${port}`), {
    code: "connection_refused",
  });
});

test("upstreamTls() is for https and tls alone", async () => {
  const of = (kind: UpstreamKind, addr: string) =>
    upstreamTls(parseUpstream(addr, kind), { addr }, machine.files);
  assert.equal(await of("http", "http://h"), undefined);
  assert.equal(await of("tcp", "tcp://h:1"), undefined);
  assert.equal(await of("http", "unix:/x"), undefined);
  assert.equal((await of("http", "https://h"))?.serverName, "h");
  assert.equal((await of("http", "https://h"))?.verify, false);
});

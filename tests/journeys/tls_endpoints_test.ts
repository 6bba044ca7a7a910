/**
 * TLS endpoints from visitor to service, over real sockets: where TLS ends, who is let in with which
 * certificate, and what reaches the service.
 *
 * @module
 */
import assert from "node:assert/strict";
import { connect } from "../../lib/agent/agent.ts";
import type { ForwardOptions } from "../../lib/agent/config.ts";
import { encodeText } from "../../lib/base/bytes.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import type { Certificate, Conn, TlsServerOptions } from "../../lib/runtime/net.ts";
import { makeCa, type TestCa } from "../fakes/certs.ts";
import { type EdgeStage, edgeStage, TOKEN } from "../fakes/edge_stage.ts";
import { Peer } from "../fakes/peer.ts";
import { test } from "../harness.ts";

const DAY_MS = 86_400_000;
const NAME = "db.example.com";

interface Materials {
  readonly ca: TestCa;
  readonly leaf: Certificate;
  /** Visitors' certificates, by what is the matter with them. */
  readonly visitors: Readonly<Record<Visitor, Certificate | undefined>>;
}

type Visitor = "none" | "wrong CA" | "expired" | "right";

let made: Promise<Materials> | undefined;

function materials(): Promise<Materials> {
  return made ??= (async () => {
    const [ca, stranger] = [await makeCa("ours"), await makeCa("a stranger")];
    const past = {
      notBefore: new Date(Date.now() - 9 * DAY_MS),
      notAfter: new Date(Date.now() - DAY_MS),
    };
    return {
      ca,
      leaf: await ca.leaf([NAME]),
      visitors: {
        "none": undefined,
        "wrong CA": await stranger.client("visitor"),
        "expired": await ca.client("visitor", past),
        "right": await ca.client("visitor"),
      },
    };
  })();
}

/** A service that answers each connection with what it was told, and "service says: " in front. */
async function startService({ runtime: { net } }: EdgeStage, tls?: TlsServerOptions) {
  const conns = new Set<Conn>();
  const listener = await net.listen({
    host: "127.0.0.1",
    port: 0,
    onConnection: (conn) => {
      conns.add(conn);
      serve(conn).catch((thrown) => conn.abort(thrown));
    },
  });
  async function serve(conn: Conn) {
    const inside = tls ? await net.startTlsServer(conn, tls) : conn;
    conns.add(inside);
    let said = "service says: ";
    for (;;) {
      const chunk = await inside.read();
      if (chunk === undefined) break;
      said += String.fromCharCode(...chunk);
      if (said.endsWith("\n")) {
        await inside.write(Uint8Array.from(said, (char) => char.charCodeAt(0)));
      }
    }
    await inside.closeWrite();
  }
  return {
    port: listener.address.port,
    async close() {
      await listener.close();
      for (const conn of conns) conn.abort();
    },
  };
}

/** An edge, an agent of ours, and one endpoint. */
async function journey(
  forward: Omit<ForwardOptions, "addr">,
  service: TlsServerOptions | undefined,
  visit: (stage: EdgeStage) => Promise<void>,
  scheme = service ? "tls" : "tcp",
) {
  const stage = await edgeStage();
  const upstream = await startService(stage, service);
  const agent = await connect({
    runtime: detectRuntime(),
    dial: () => stage.dial("https", { serverName: "connect.example.com" }),
    authtoken: TOKEN,
  });
  try {
    const addr = `${scheme}://127.0.0.1:${upstream.port}`;
    await agent.forward({ url: `tls://${NAME}`, ...forward, addr });
    await visit(stage);
  } finally {
    await agent.close({ graceMs: 0 });
    await stage.edge.close({ graceMs: 0 });
    await upstream.close();
  }
}

/** What a visitor hears; `undefined` when it is turned away, in the handshake or right after it. */
async function ask(
  { dial }: EdgeStage,
  roots: readonly string[] | undefined,
  certificate?: Certificate,
): Promise<{ said: string; conn: Conn } | undefined> {
  let conn: Conn | undefined;
  try {
    conn = await dial("https", {
      serverName: NAME,
      ...(roots && { roots }),
      ...(certificate && { certificate }),
    });
    await conn.write(encodeText("hello\n"));
    return { said: await new Peer(conn).readTo("\n"), conn };
  } catch {
    return undefined;
  } finally {
    conn?.abort();
  }
}

test("S23 tls: passed through, the service shows its own certificate", async () => {
  const { ca, leaf } = await materials();
  await journey({}, { certificate: leaf }, async (stage) => {
    assert.equal((await ask(stage, [ca.caPem]))?.said, "service says: hello\n");
    assert.equal(await ask(stage, undefined), undefined, "the edge's authority did not sign it");
  }, "tcp");
});

test("S22 tls: ended at the edge with its certificate, and encrypted anew for the service", async () => {
  const { leaf, ca } = await materials();
  const forward = {
    modules: { terminateAtEdge: {} },
    upstreamTlsVerifyCas: ca.caPem,
  };
  // The service is dialled at 127.0.0.1, a name that the certificate must have.
  const local = await ca.leaf(["127.0.0.1"]);
  await journey(forward, { certificate: local }, async (stage) => {
    assert.equal((await ask(stage, undefined))?.said, "service says: hello\n");
  });
  await journey(forward, { certificate: leaf }, async (stage) => {
    assert.equal(await ask(stage, undefined), undefined, "the agent does not trust that service");
  });
});

test("tls: ended at the edge with the certificate that the agent brought", async () => {
  const { ca, leaf } = await materials();
  const terminateAtEdge = { certificate: leaf.chainPem, privateKey: leaf.keyPem };
  await journey({ modules: { terminateAtEdge } }, undefined, async (stage) => {
    assert.equal((await ask(stage, [ca.caPem]))?.said, "service says: hello\n");
  });
});

test("tls: ended in the agent, plain for the service, which learns the visitor's address", async () => {
  const { ca, leaf } = await materials();
  const agentTlsTermination = { serverCertificate: leaf.chainPem, serverPrivateKey: leaf.keyPem };
  await journey({ agentTlsTermination }, undefined, async (stage) => {
    assert.equal((await ask(stage, [ca.caPem]))?.said, "service says: hello\n");
  });
  await journey({ agentTlsTermination, upstreamProxyProtocol: 1 }, undefined, async (stage) => {
    const conn = await stage.dial("https", { serverName: NAME, roots: [ca.caPem] });
    const port = conn.local.port;
    await conn.write(encodeText("hello\n"));
    const door = stage.edge.addresses.https!.port;
    assert.equal(
      await new Peer(conn).readTo("hello\n"),
      `service says: PROXY TCP4 127.0.0.1 127.0.0.1 ${port} ${door}\r\nhello\n`,
    );
    conn.abort();
  });
});

test("tls: ended in the agent, and encrypted anew for the service", async () => {
  const { ca, leaf } = await materials();
  const agentTlsTermination = { serverCertificate: leaf.chainPem, serverPrivateKey: leaf.keyPem };
  const local = await ca.leaf(["127.0.0.1"]);
  const forward = { agentTlsTermination, upstreamTlsVerifyCas: ca.caPem };
  await journey(forward, { certificate: local }, async (stage) => {
    assert.equal((await ask(stage, [ca.caPem]))?.said, "service says: hello\n");
  });
});

test("tls: a version that was asked for holds, in the agent", async () => {
  const { ca, leaf } = await materials();
  const agentTlsTermination = { serverCertificate: leaf.chainPem, serverPrivateKey: leaf.keyPem };
  for (const maxVersion of ["1.2", "1.3"] as const) {
    const forward = { agentTlsTermination: { ...agentTlsTermination, maxVersion } };
    await journey(forward, undefined, async (stage) => {
      const heard = await ask(stage, [ca.caPem]);
      assert.equal(heard?.conn.tls?.version, `TLSv${maxVersion}`);
    });
  }
});

/** Who gets in, by strategy. */
const WELCOME: Readonly<Record<string, readonly Visitor[]>> = {
  "require-and-verify": ["right"],
  "require-any": ["wrong CA", "expired", "right"],
  "request": ["none", "wrong CA", "expired", "right"],
};

/** Tries all visitors. */
async function tryAll(
  stage: EdgeStage,
  roots: readonly string[] | undefined,
  welcome: readonly Visitor[],
) {
  const { visitors } = await materials();
  for (const [who, certificate] of Object.entries(visitors)) {
    const heard = await ask(stage, roots, certificate);
    const expected = welcome.includes(who as Visitor) ? "service says: hello\n" : undefined;
    assert.equal(heard?.said, expected, `a visitor with certificate: ${who}`);
  }
}

for (const [strategy, welcome] of Object.entries(WELCOME)) {
  test(`tls: mutual TLS in the agent, ${strategy}, lets in: ${welcome.join(", ")}`, async () => {
    const { ca, leaf } = await materials();
    const agentTlsTermination = {
      serverCertificate: leaf.chainPem,
      serverPrivateKey: leaf.keyPem,
      mutualTlsCas: [ca.caPem],
      mutualTlsVerification: strategy as "request",
    };
    await journey(
      { agentTlsTermination },
      undefined,
      (stage) => tryAll(stage, [ca.caPem], welcome),
    );
  });
}

test("tls: mutual TLS at the edge, as a bind asks for it, lets in: right", async () => {
  const { ca } = await materials();
  const modules = { terminateAtEdge: {}, mutualTlsCas: ca.caPem };
  await journey({ modules }, undefined, (stage) => tryAll(stage, undefined, ["right"]));
});

test("https: mutual TLS at the edge lets in whom the authorities vouch for", async () => {
  const { ca, visitors } = await materials();
  const stage = await edgeStage();
  const agent = await stage.agent();
  const module = { mutual_tls_ca: btoa(ca.caPem) };
  await agent.bind("https", { Domain: NAME, MutualTLSCA: module });
  await agent.bind("https", { Domain: "open.example.com" });
  for (const [who, certificate] of Object.entries(visitors)) {
    let text: string | undefined;
    const conn = await stage.dial("https", {
      serverName: NAME,
      ...(certificate && { certificate }),
    })
      .catch(() => undefined);
    try {
      await conn?.write(encodeText(`GET / HTTP/1.1\r\nHost: ${NAME}\r\nConnection: close\r\n\r\n`));
      const read = conn && new Peer(conn).readHead();
      if (who === "right") {
        const { stream } = await agent.nextVisitor();
        await stream.read();
        await stream.write(encodeText("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"));
        await stream.closeWrite();
      }
      text = await read;
    } catch {
      text = undefined;
    }
    assert.equal(/^HTTP\/1\.1 204/.test(text ?? ""), who === "right", who);
    conn?.abort();
  }
  // What was not checked for one name is not believed for another.
  const open = await stage.dial("https", { serverName: "open.example.com" });
  await open.write(encodeText(`GET / HTTP/1.1\r\nHost: ${NAME}\r\n\r\n`));
  assert.match(await new Peer(open).readHead(), /^HTTP\/1\.1 421 /);
  open.abort();
  agent.abort();
  await stage.edge.close({ graceMs: 0 });
});

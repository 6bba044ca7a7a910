/** @module */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { systemClock } from "../../../lib/base/clock.ts";
import { decodeText, encodeText } from "../../../lib/base/bytes.ts";
import { type Duplex, join, pair } from "../../../lib/base/duplex.ts";
import type { TunnelError } from "../../../lib/base/errors.ts";
import { launchEdge, startEdge } from "../../../lib/edge/edge.ts";
import type { EdgeOptions } from "../../../lib/edge/config.ts";
import type { Edge } from "../../../lib/edge/edge_handle.ts";
import type { EdgeEvent } from "../../../lib/edge/events.ts";
import type { HostServer } from "../../../lib/edge/mounts.ts";
import { serveFetch } from "../../../lib/http/serve_fetch.ts";
import { detectRuntime } from "../../../lib/runtime/detect.ts";
import type { Host, Runtime } from "../../../lib/runtime/host.ts";
import type { Address, Conn, Net } from "../../../lib/runtime/net.ts";
import { openSqlite } from "../../../lib/runtime/node_sqlite.ts";
import { sqliteDriver } from "../../../lib/store/driver.ts";
import { openStore } from "../../../lib/store/store.ts";
import { tokenKeys } from "../../../lib/store/tokens.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { answerJson, readJson } from "../../../lib/wire/codec.ts";
import { FakeAgent, readToEnd } from "../../fakes/agent.ts";
import { edgeStage } from "../../fakes/edge_stage.ts";
import { MemoryFiles } from "../../fakes/files.ts";
import { memorySqlite } from "../../fakes/sqlite.ts";
import { test } from "../../harness.ts";

const TOKEN = "ownertoken_0123456789";

/** The machine's own sockets and clock, with a data folder in memory. */
function loopback(files = new MemoryFiles()): Runtime {
  const { net, clock, codecs } = detectRuntime();
  return {
    net,
    clock,
    host: { files, keepAlive: () => () => {} } as unknown as Host,
    openSqlite: memorySqlite(files),
    codecs,
  };
}

const DOORS: EdgeOptions = {
  domain: "example.com",
  dataDir: "/data",
  authtoken: TOKEN,
  http: { port: 0 },
  https: { port: 0 },
  agents: { port: 0 },
};

/** Dials as an agent: TLS with the edge's own authority. */
function dial(
  runtime: Runtime,
  edge: Edge,
  address: Address,
  serverName: string,
): Promise<Conn> {
  const tls = { serverName, roots: [edge.caPem!] };
  return runtime.net.connect({ host: "127.0.0.1", port: address.port, tls });
}

async function connectAgent(runtime: Runtime, edge: Edge): Promise<FakeAgent> {
  const conn = await dial(
    runtime,
    edge,
    edge.addresses.agents!,
    "connect.example.com",
  );
  const agent = new FakeAgent(conn, { clock: runtime.clock });
  assert.equal((await agent.auth({ AuthToken: TOKEN }))["Error"], "");
  return agent;
}

/** Answers one HTTP visitor, as a service that closes when its client does; gives what it sent. */
async function answerHttp(agent: FakeAgent, body: string): Promise<string> {
  const { stream } = await agent.nextVisitor();
  let head = "";
  while (!head.includes("\r\n\r\n")) head += decodeText((await stream.read())!);
  await stream.write(
    encodeText(
      `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    ),
  );
  void readToEnd(stream).then(() => stream.closeWrite(), () => {});
  return head;
}

/** Sends one request and reads everything until the edge closes. */
async function fetchText(conn: Duplex, host: string): Promise<string> {
  await conn.write(
    encodeText(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
  );
  const text = await readToEnd(conn);
  await conn.closeWrite();
  return text;
}

test("startEdge() carries visitors of every protocol over real sockets and TLS", async () => {
  const runtime = loopback();
  const { net } = runtime;
  const edge = await startEdge({
    ...DOORS,
    httpPublicPort: 80,
    httpsPublicPort: 443,
  }, runtime);
  const { http, https } = edge.addresses;
  const agent = await connectAgent(runtime, edge);
  const Domain = "shop.example.com";
  assert.equal(
    (await agent.bind("http", { Domain })).URL,
    "http://shop.example.com",
  );
  assert.equal(
    (await agent.bind("https", { Domain })).URL,
    "https://shop.example.com",
  );
  const tls = await agent.bind("tls", { Domain: "raw.example.com" });
  const tcp = await agent.bind("tcp", { ProxyProto: 1 });

  const plain = await net.connect({ host: "127.0.0.1", port: http!.port });
  const [httpText, httpHead] = await Promise.all([
    fetchText(plain, Domain),
    answerHttp(agent, "over http"),
  ]);
  assert.match(httpText, /^HTTP\/1\.1 200 OK\r\n[^]*over http$/);
  assert.match(httpHead, /X-Forwarded-Proto: http\r\n/i);

  const secure = await dial(runtime, edge, https!, Domain);
  const [httpsText, httpsHead] = await Promise.all([
    fetchText(secure, Domain),
    answerHttp(agent, "over https"),
  ]);
  assert.match(httpsText, /over https$/);
  assert.match(httpsHead, /X-Forwarded-Proto: https\r\n/i);

  const tcpPort = Number(tcp.URL.split(":").pop());
  const raw = await net.connect({ host: "127.0.0.1", port: tcpPort });
  await raw.write(encodeText("hello"));
  await raw.closeWrite();
  const visitor = await agent.nextVisitor();
  assert.equal(visitor.header.Proto, "tcp");
  const sent = await readToEnd(visitor.stream);
  assert.match(sent, /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\nhello$/);
  await visitor.stream.write(encodeText("bye"));
  await visitor.stream.closeWrite();
  assert.equal(await readToEnd(raw), "bye");

  // Pass-through: the handshake is with the agent, whose certificate nobody trusts here.
  const passed = net.connect({
    host: "127.0.0.1",
    port: https!.port,
    tls: { serverName: "raw.example.com", roots: [edge.caPem!] },
  });
  const through = await agent.nextVisitor();
  assert.equal(through.header.Id, tls.Id);
  assert.equal(through.header.PassthroughTLS, true);
  const [hello] = (await through.stream.read())!;
  assert.equal(hello, 22);
  through.stream.reset(6);
  await assert.rejects(passed);

  // Termination: the handshake is with the edge, the agent gets what was said inside.
  await agent.bind("tls", { Domain: "ended.example.com", TLSTermination: {} });
  const ended = await dial(runtime, edge, https!, "ended.example.com");
  await ended.write(encodeText("secret"));
  const inside = await agent.nextVisitor();
  assert.equal(inside.header.PassthroughTLS, false);
  assert.equal(decodeText((await inside.stream.read())!), "secret");
  inside.stream.reset(6);
  ended.abort();

  await edge.close();
  await agent.closed;
});

test("startEdge() lets agents in through the https door by the name they ask for", async () => {
  const runtime = loopback();
  const { agents: _, ...doors } = DOORS;
  const edge = await startEdge(doors, runtime);
  const https = edge.addresses.https!;
  assert.equal(edge.connectAddress, `127.0.0.1:${https.port}`);
  for (const serverName of ["connect.example.com", "localhost", "127.0.0.1"]) {
    const conn = await dial(runtime, edge, https, serverName);
    const agent = new FakeAgent(conn, { clock: runtime.clock });
    assert.equal(
      (await agent.auth({ AuthToken: TOKEN }))["Error"],
      "",
      serverName,
    );
    agent.abort();
    await agent.closed;
  }
  await edge.close();
});

test("startEdge() lets no agent in without the owner's token", async () => {
  const runtime = loopback();
  const edge = await startEdge(DOORS, runtime);
  for (
    const [AuthToken, code] of [["", "4018"], ["bad", "105"], [
      "stranger_0123456789",
      "107",
    ]]
  ) {
    const conn = await dial(runtime, edge, edge.addresses.agents!, "localhost");
    const agent = new FakeAgent(conn, { clock: runtime.clock });
    const answer = await agent.auth({ AuthToken });
    assert.match(
      String(answer["Error"]),
      new RegExp(`ERR_NGROK_${code}\\r\\n$`),
    );
    await agent.closed;
  }
  assert.deepEqual(edge.sessions(), []);
  await edge.close();
});

test("startEdge() keeps names, ports and sessions over a restart with the same data", async () => {
  const files = new MemoryFiles();
  const runtime = loopback(files);
  const first = await startEdge({ ...DOORS, authtoken: undefined }, runtime);
  const token = first.newAuthtoken!;
  const agent = await connectWith(runtime, first, token);
  const bound = await agent.bind("https");
  const tcp = await agent.bind("tcp");
  await first.close();

  const second = await startEdge({
    ...DOORS,
    authtoken: undefined,
    https: first.addresses.https!,
  }, runtime);
  assert.equal(second.newAuthtoken, undefined);
  assert.equal(second.caPem, first.caPem);
  const again = await connectWith(runtime, second, token);
  assert.equal((await again.rebind(bound)).URL, bound.URL);
  assert.equal((await again.rebind(tcp)).URL, tcp.URL);
  assert.ok(!files.everything().includes(token));
  await second.close();
});

async function connectWith(
  runtime: Runtime,
  edge: Edge,
  AuthToken: string,
): Promise<FakeAgent> {
  const conn = await dial(runtime, edge, edge.addresses.agents!, "localhost");
  const agent = new FakeAgent(conn, { clock: runtime.clock });
  assert.equal((await agent.auth({ AuthToken }))["Error"], "");
  return agent;
}

test("startEdge() leaves no door open when it cannot open all", async () => {
  const openSqlite = memorySqlite();
  const runtime = memoryRuntime({ openSqlite });
  const taken = await runtime.net.listen({
    port: 8443,
    onConnection: (conn) => conn.abort(),
  });
  const options = {
    domain: "example.com",
    dataDir: "/data",
    http: { port: 8080 },
    agents: { port: 8443 },
  };
  await assert.rejects(
    startEdge(options, runtime),
    (error: TunnelError) => error.code === "address_in_use",
  );
  await taken.close();
  const edge = await startEdge(options, runtime);
  assert.equal(edge.addresses.http?.port, 8080);
  // The start that failed told no token, so it must not have made one.
  assert.ok(edge.newAuthtoken && edge.newApiKey);
  await edge.close();
});

/** An embedded edge in memory, and its agent. */
async function embedded(
  options: EdgeOptions = {},
): Promise<{ edge: Edge; agent: FakeAgent; runtime: Runtime }> {
  const runtime = memoryRuntime();
  const edge = await startEdge({
    http: { port: 8080 },
    embedded: true,
    ...options,
  }, runtime);
  const [near, far] = pair();
  edge.acceptAgent(near);
  const agent = new FakeAgent(far, { clock: runtime.clock });
  assert.equal((await agent.auth())["Error"], "");
  return { edge, agent, runtime };
}

test("startEdge() embeds an edge that needs no token, no certificate and no data", async () => {
  const { edge, agent, runtime } = await embedded();
  assert.equal(edge.connectAddress, undefined);
  assert.equal(edge.caPem, undefined);
  assert.equal(edge.newAuthtoken, undefined);
  // What agents ask for by default is https; here it is what there is.
  const bound = await agent.bind("https");
  assert.match(bound.URL, /^http:\/\/[a-z0-9-]+\.localhost:8080$/);
  const visitor = await runtime.net.connect({ host: "127.0.0.1", port: 8080 });
  const host = bound.URL.slice("http://".length);
  const [text] = await Promise.all([
    fetchText(visitor, host),
    answerHttp(agent, "hello"),
  ]);
  assert.match(text, /hello$/);
  await edge.close();
});

test("startEdge() tells what happens, whatever the listener does", async () => {
  const events: EdgeEvent[] = [];
  const { edge, agent, runtime } = await embedded({
    onEvent: (event) => {
      events.push(event);
      throw new Error("the listener is broken");
    },
  });
  const bound = await agent.bind("http");
  const tcp = await agent.bind("tcp");
  const host = bound.URL.slice("http://".length);
  const visitor = await runtime.net.connect({ host: "127.0.0.1", port: 8080 });
  await Promise.all([fetchText(visitor, host), answerHttp(agent, "hello")]);
  const port = Number(tcp.URL.split(":").pop());
  const raw = await runtime.net.connect({ host: "127.0.0.1", port });
  const { stream } = await agent.nextVisitor();
  const joined = join(stream, pair()[0]);
  raw.abort();
  await joined.catch(() => {});
  await agent.unbind(tcp.Id);
  await edge.close();
  const types = events.map((event) => event.type);
  for (
    const type of [
      "session_started",
      "endpoint_started",
      "exchange_ended",
      "connection_ended",
      "endpoint_ended",
      "session_ended",
    ]
  ) {
    assert.ok(types.includes(type as EdgeEvent["type"]), `${type} in ${types}`);
  }
  const exchange = events.find((event) => event.type === "exchange_ended")!;
  assert.equal(exchange.endpointId, bound.Id);
  assert.equal(exchange.status, 200);
});

test("Edge tells who is there and takes endpoints down", async () => {
  const { edge, agent } = await embedded();
  const bound = await agent.bind("http", {}, {
    Extra: { Name: "web", Metadata: "m" },
  });
  const [endpoint] = edge.endpoints();
  const [session] = edge.sessions();
  assert.equal(endpoint.id, bound.Id);
  assert.equal(endpoint.url, bound.URL);
  assert.equal(endpoint.name, "web");
  assert.deepEqual(endpoint.sessionIds, [session.id]);
  assert.deepEqual(session.endpointIds, [bound.Id]);
  assert.equal(session.userAgent, "ngrok-javascript/1.7.0 ngrok-rust/0.18.0");
  assert.equal(session.remote, "127.0.0.1:0");

  edge.stopEndpoint(bound.Id, "stopped by the operator", 9999);
  assert.deepEqual(edge.endpoints(), []);
  const stream = await nextCommand(agent);
  assert.deepEqual(await readJson(stream), {
    Id: bound.Id,
    Message: "stopped by the operator",
    ErrorCode: "ERR_NGROK_9999",
  });
  stream.closeWrite();
  assert.throws(
    () => edge.stopEndpoint(bound.Id, "again"),
    (error: TunnelError) => error.code === "not_found",
  );
  await edge.close();
});

test("Edge gives commands to sessions", async () => {
  const { edge, agent } = await embedded();
  const [{ id }] = edge.sessions();
  for (
    const run of [
      () => edge.commandSession(id, "stop"),
      () => edge.updateSession(id),
    ]
  ) {
    const done = run();
    const stream = await nextCommand(agent);
    await readJson(stream);
    await answerJson(stream, {});
    await done;
  }
  await assert.rejects(
    edge.commandSession("ts_unknown", "stop"),
    (error: TunnelError) => error.code === "not_found",
  );
  await edge.closeSession(id);
  await agent.closed;
  assert.deepEqual(edge.sessions(), []);
  await edge.close();
});

/** The next command that reaches the agent. */
async function nextCommand(
  agent: FakeAgent,
): Promise<FakeAgent["commands"][number]> {
  for (;;) {
    const stream = agent.commands.shift();
    if (stream) return stream;
    await agent.mux.ping(1_000);
  }
}

test("S121 Edge lets visitors wait for an agent whose connection broke, not for one that said goodbye", async () => {
  const ended = Promise.withResolvers<void>();
  const stage = await edgeStage({
    limits: { reconnectMs: 60_000 },
    onEvent: (event) => event.type === "endpoint_ended" && ended.resolve(),
  });
  const agent = await stage.agent();
  const bound = await agent.bind("http");
  const { host } = new URL(bound.URL);
  agent.abort();
  await ended.promise;
  const visit = stage.dial("http").then((conn) => fetchText(conn, host));
  const again = await stage.agent();
  assert.equal((await again.rebind(bound)).URL, bound.URL);
  await answerHttp(again, "back");
  assert.match(await visit, /^HTTP\/1\.1 200 [^]*back$/);
  await again.unbind(bound.Id);
  assert.match(await fetchText(await stage.dial("http"), host), /^HTTP\/1\.1 404 /);
  await stage.edge.close();
});

test("Edge.close() lets a request under way finish and lets nobody else in", async () => {
  const { edge, agent, runtime } = await embedded();
  const bound = await agent.bind("http");
  const visitor = await runtime.net.connect({ host: "127.0.0.1", port: 8080 });
  const text = fetchText(visitor, bound.URL.slice("http://".length));
  const { stream } = await agent.nextVisitor();
  const closed = edge.close({ graceMs: 60_000 });
  await assert.rejects(runtime.net.connect({ host: "127.0.0.1", port: 8080 }));
  await stream.write(
    encodeText("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate"),
  );
  void readToEnd(stream).then(() => stream.closeWrite(), () => {});
  assert.match(await text, /late$/);
  await closed;
  assert.equal((await agent.closed).goAway?.code, 0);
  // Again, and with agents that come too late.
  await edge.close();
  const [near, far] = pair();
  edge.acceptAgent(near);
  await assert.rejects(async () => await far.read());
});

test("Edge.close() cuts what does not finish within the grace", async () => {
  const { edge, agent, runtime } = await embedded();
  const bound = await agent.bind("tcp");
  const port = Number(bound.URL.split(":").pop());
  const visitor = await runtime.net.connect({ host: "127.0.0.1", port });
  await agent.nextVisitor();
  await edge.close({ graceMs: 10 });
  await assert.rejects(async () => await visitor.read());
});

/** Serves the API as a test does: says who asks for what. */
const SELF: HostServer = (conn, scheme) =>
  serveFetch(
    conn,
    (request) => Response.json({ scheme, path: new URL(request.url).pathname }),
    { clock: systemClock, scheme },
  );

test("launchEdge() lets somebody serve the API, by its name on every door and at one of its own", async () => {
  const runtime = loopback();
  const edge = await launchEdge({ ...DOORS, api: { port: 0 } }, runtime);
  const { http, https, api } = edge.addresses;
  const ask = async (conn: Conn, host: string) =>
    (await fetchText(conn, host)).split("\r\n\r\n")[1];
  const dialPlain = (port: number) => runtime.net.connect({ host: "127.0.0.1", port });

  // Until somebody does, there is nobody.
  assert.match(await fetchText(await dialPlain(http!.port), "api.example.com"), /ERR_NGROK_3200/);
  await assert.rejects(async () => await fetchText(await dialPlain(api!.port), "localhost"));

  edge.mountApi(SELF);
  const plain = { scheme: "http", path: "/" };
  assert.deepEqual(JSON.parse(await ask(await dialPlain(http!.port), "api.example.com")), plain);
  assert.deepEqual(JSON.parse(await ask(await dialPlain(api!.port), "localhost")), plain);
  const secure = await dial(runtime, edge, https!, "api.example.com");
  assert.deepEqual(JSON.parse(await ask(secure, "api.example.com")), {
    scheme: "https",
    path: "/",
  });
  assert.equal(edge.apiUrl, `https://api.example.com:${https!.port}`);

  // The name is the edge's: no endpoint gets it, not even by a wildcard.
  const agent = await connectAgent(runtime, edge);
  const refused = await agent.bind("https", { Domain: "api.example.com" });
  assert.match(refused.Error ?? "", /ERR_NGROK_320/);
  assert.equal((await agent.bind("https", { Domain: "*.example.com" })).Error, "");
  const still = await dial(runtime, edge, https!, "api.example.com");
  assert.equal(JSON.parse(await ask(still, "api.example.com")).scheme, "https");
  await edge.close();
});

test("launchEdge() says where the API is, with the ports that people see", async () => {
  const table: [EdgeOptions, string | undefined][] = [
    [{ ...DOORS, httpsPublicPort: 443 }, "https://api.example.com"],
    [
      { domain: "example.com", http: { port: 0 }, httpPublicPort: 8080 },
      "http://api.example.com:8080",
    ],
    [{ http: { port: 0 }, embedded: true }, undefined],
  ];
  for (const [options, url] of table) {
    const edge = await launchEdge(options, loopback());
    assert.equal(edge.apiUrl, url);
    assert.equal(edge.store === undefined, options.embedded === true);
    await edge.close();
  }
});

test("launchEdge() tells a new token and a new key once; presets take their places", async () => {
  const files = new MemoryFiles();
  const options: EdgeOptions = { domain: "example.com", dataDir: "/data", agents: { port: 0 } };
  const codes = async (edge: Edge, tokens: string[]) => {
    const found: string[] = [];
    for (const AuthToken of tokens) {
      const conn = await dial(runtime, edge, edge.addresses.agents!, "localhost");
      const agent = new FakeAgent(conn, { clock: runtime.clock });
      const answer = String((await agent.auth({ AuthToken }))["Error"]);
      found.push(/ERR_NGROK_(\d+)/.exec(answer)?.[1] ?? "in");
      agent.abort();
      await agent.closed;
    }
    return found;
  };
  const runtime = loopback(files);
  const first = await launchEdge(options, runtime);
  const made = first.newAuthtoken!;
  assert.ok(first.newApiKey);
  assert.deepEqual(await codes(first, [made]), ["in"]);
  await first.close();
  const second = await launchEdge({ ...options, authtoken: "preset-token", apiKey: "k" }, runtime);
  assert.deepEqual([second.newAuthtoken, second.newApiKey], [undefined, undefined]);
  assert.equal(second.ownerAccountId, first.ownerAccountId);
  assert.deepEqual(await codes(second, [made, "preset-token"]), ["300", "in"]);
  await second.close();
  assert.ok(!files.everything().includes(made));
});

test("launchEdge() remembers who was connected", async () => {
  const runtime = loopback();
  const edge = await launchEdge(DOORS, runtime);
  const store = edge.store!;
  const agent = await connectAgent(runtime, edge);
  const [{ id, tokenId }] = edge.sessions();
  await edge.closeSession(id);
  await agent.closed;
  // What is written before the edge ends is found after it.
  const rows = Promise.withResolvers<unknown[]>();
  const close = store.close.bind(store);
  store.close = async () => {
    rows.resolve(await store.agent_sessions.list(edge.ownerAccountId!));
    await close();
  };
  await edge.close();
  const [row] = await rows.promise as { id: string; credential_id: string; ended_at: number }[];
  assert.deepEqual([row.id, row.credential_id], [id, tokenId]);
  assert.ok(row.ended_at > 0);
});

test("launchEdge() notices what another process writes, and cuts at once", async () => {
  const dataDir = await mkdtemp(joinPath(tmpdir(), "sallyport-edge-"));
  const runtime = detectRuntime();
  const edge = await launchEdge({ ...DOORS, dataDir, limits: { storeWatchMs: 20 } }, runtime);
  try {
    const agent = await connectAgent(runtime, edge);
    const other = await openStore(sqliteDriver(await openSqlite(`${dataDir}/sallyport.db`)));
    const accountId = edge.ownerAccountId!;
    const [token] = await other.authtokens.list(accountId);
    await other.authtokens.update(accountId, token.id, { revoked_at: 1 });
    await other.close();
    const { goAway } = await agent.closed;
    assert.match(goAway?.text ?? "", /revoked/);
  } finally {
    await edge.close();
    await rm(dataDir, { recursive: true });
  }
});

test("launchEdge() lets agents who are early wait until their token is known", async () => {
  const { sha256 } = await tokenKeys(TOKEN);
  const arrived = Promise.withResolvers<void>();
  /** The last step of a start from an older data folder waits for the agent. */
  class SlowFiles extends MemoryFiles {
    override async remove(path: string): Promise<void> {
      await arrived.promise;
      await super.remove(path);
    }
  }
  const files = new SlowFiles();
  const legacy = { accountId: "ac_old", tokenId: "cr_old", tokenSha256: sha256 };
  await files.write("/data/owner.json", JSON.stringify(legacy));
  const runtime = loopback(files);
  const listening = Promise.withResolvers<Address>();
  const { net } = runtime;
  const edgeNet: Net = {
    connect: (options) => net.connect(options),
    startTlsClient: (carrier, options) => net.startTlsClient(carrier, options),
    startTlsServer: (carrier, options) => net.startTlsServer(carrier, options),
    lookUp: (name, options) => net.lookUp(name, options),
    listen: async (options) => {
      const listener = await net.listen(options);
      listening.resolve(listener.address);
      return listener;
    },
  };
  const launched = launchEdge(
    { domain: "example.com", dataDir: "/data", tcpPorts: "any", agents: { port: 0 } },
    { ...runtime, net: edgeNet },
  );
  const { port } = await listening.promise;
  const roots = [await files.readText("/data/certs/ca.pem")];
  const conn = await net.connect({
    host: "127.0.0.1",
    port,
    tls: { serverName: "localhost", roots },
  });
  const agent = new FakeAgent(conn, { clock: runtime.clock });
  const answer = agent.auth({ AuthToken: TOKEN });
  arrived.resolve();
  assert.equal((await answer)["Error"], "");
  await (await launched).close();
});

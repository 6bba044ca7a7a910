/**
 * What can be behind a URL, from a visitor's curl through a real edge to it: directories, unix
 * sockets, IPv6, services that speak TLS or HTTP/2 or want a PROXY header, and those that are not
 * what the agent was told.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Agent, connect } from "../../lib/agent/agent.ts";
import type { AgentEndpoint } from "../../lib/agent/endpoint.ts";
import type { ForwardOptions } from "../../lib/agent/config.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { findTool, toolAdvice } from "../../scripts/debian.mjs";
import { makeCa } from "../fakes/certs.ts";
import { test } from "../harness.ts";
import { expectedBytes, pattern, sha256, startWeb, visit } from "./kit.ts";
import { AUTHTOKEN, eventually, startTestEdge, type TestEdge } from "./tunnel_suite.ts";

interface Stage {
  readonly edge: TestEdge;
  readonly agent: Agent;
  /** A folder of one's own. */
  readonly folder: string;
  /** Puts something on `https://a.tunnel.test`. */
  forward(options: ForwardOptions): Promise<AgentEndpoint>;
  /** curl, as a visitor of that URL. */
  curl(path: string, ...more: string[]): Promise<Answer>;
  /** Closes with the stage. */
  use<T extends { close(): Promise<void> }>(thing: T): T;
}

interface Answer {
  readonly code: number | null;
  readonly status: number;
  /** Lines of the head, as they came. */
  readonly head: string;
  header(name: string): string | undefined;
  readonly body: Uint8Array;
  readonly text: string;
}

async function onStage(run: (stage: Stage) => Promise<void>): Promise<void> {
  const edge = await startTestEdge({ tcpPorts: "none" });
  const folder = await realpath(await mkdtemp(join(tmpdir(), "sallyport-upstreams-")));
  const agent = await connect({
    connectUrl: edge.agents,
    connectCas: edge.caPath,
    authtoken: AUTHTOKEN,
    inspectBytes: 0,
    runtime: detectRuntime(),
  });
  const things: { close(): Promise<void> }[] = [];
  try {
    const url = "https://a.tunnel.test";
    let public_ = "";
    await run({
      edge,
      agent,
      folder,
      async forward(options) {
        const endpoint = await agent.forward({ url, ...options });
        public_ = endpoint.url;
        return endpoint;
      },
      curl: (path, ...more) => curl(edge, `${public_}${path}`, more),
      use(thing) {
        things.push(thing);
        return thing;
      },
    });
  } finally {
    await agent.close({ graceMs: 0 });
    for (const thing of things) await thing.close();
    await edge.close();
    await rm(folder, { recursive: true });
  }
}

/** What curl got; the path is sent as it is written here. */
function curl(edge: TestEdge, url: string, more: string[]): Promise<Answer> {
  const program = findTool("curl");
  assert.ok(program, toolAdvice("curl"));
  const args = ["-sS", "-i", "--path-as-is", "--max-time", "50", "--http1.1"];
  const { host, port } = new URL(url);
  args.push("--cacert", edge.caPath, "--resolve", `a.tunnel.test:${port}:127.0.0.1`);
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args, ...more, url], { stdio: ["ignore", "pipe", "pipe"] });
    const chunks: Uint8Array[] = [];
    let trouble = "";
    child.stdout.on("data", (data) => chunks.push(data));
    child.stderr.on("data", (data) => trouble += data);
    child.on("error", reject);
    child.on("close", (code) => {
      const all = Buffer.concat(chunks);
      const end = all.indexOf("\r\n\r\n");
      assert.ok(end > 0, `curl ${host}: ${trouble}`);
      const head = all.subarray(0, end).toString("latin1");
      const body = new Uint8Array(all.subarray(end + 4));
      resolve({
        code,
        status: Number(head.split(" ")[1]),
        head,
        header: (name) => new RegExp(`^${name}: (.*)$`, "im").exec(head)?.[1].trim(),
        body,
        text: new TextDecoder().decode(body),
      });
    });
  });
}

/** What the service saw, of `/headers` of the kit. */
function seenBy(answer: Answer | { text: string }): Map<string, string> {
  const { raw } = JSON.parse(answer.text) as { raw: string[] };
  const headers = new Map<string, string>();
  for (let at = 0; at < raw.length; at += 2) headers.set(raw[at].toLowerCase(), raw[at + 1]);
  return headers;
}

// Directories

test("a directory: index, files, lists, conditions and ranges, with curl", () =>
  onStage(async ({ folder, forward, curl }) => {
    const root = join(folder, "my site");
    await mkdir(join(root, "films", ".cache"), { recursive: true });
    await writeFile(join(root, "index.html"), "<h1>Welcome</h1>");
    const film = pattern(3_000_000);
    await writeFile(join(root, "films", "a b.mp4"), film);
    const { upstream } = await forward({ addr: `file://${root}` });
    assert.equal(upstream, `file://${root}`);

    const index = await curl("/");
    assert.deepEqual([index.status, index.text], [200, "<h1>Welcome</h1>"]);
    assert.equal(index.header("content-type"), "text/html; charset=utf-8");
    const etag = index.header("etag")!;
    assert.equal((await curl("/", "-H", `If-None-Match: ${etag}`)).status, 304);

    const list = await curl("/films", "-L", "-o", "-");
    assert.match(list.text, /a b\.mp4/);
    assert.doesNotMatch(list.text, /\.cache/);

    const whole = await curl("/films/a%20b.mp4");
    assert.equal(whole.header("content-type"), "video/mp4");
    assert.equal(sha256(whole.body), sha256(film));
    const part = await curl("/films/a%20b.mp4", "-r", "2999990-");
    assert.equal(part.status, 206);
    assert.equal(part.header("content-range"), "bytes 2999990-2999999/3000000");
    assert.deepEqual(part.body, film.slice(2_999_990));
    const parts = await curl("/films/a%20b.mp4", "-r", "0-1,5-6");
    assert.match(parts.header("content-type") ?? "", /^multipart\/byteranges; boundary=/);
    const head = await curl("/films/a%20b.mp4", "-I");
    assert.equal(head.header("content-length"), "3000000");
    const h2 = await curl("/films/a%20b.mp4", "--http2");
    assert.match(h2.head, /^HTTP\/2 200/);
    assert.equal(sha256(h2.body), sha256(film));
  }));

test("a directory: nothing outside and nothing hidden, however it is asked for", () =>
  onStage(async ({ folder, forward, curl }) => {
    const root = join(folder, "www");
    await mkdir(join(root, ".git"), { recursive: true });
    await writeFile(join(folder, "secret.txt"), "the secret");
    await writeFile(join(root, ".git", "config"), "the secret");
    await writeFile(join(root, "a.txt"), "fine");
    await symlink("../secret.txt", join(root, "link.txt"));
    await symlink("a.txt", join(root, "good.txt"));
    await forward({ addr: `file://${root}` });
    const paths = [
      "/../secret.txt",
      "/%2e%2e/secret.txt",
      "/..%2fsecret.txt",
      "/..%5csecret.txt",
      "/%252e%252e/secret.txt",
      "/link.txt",
      "/.git/config",
      "/%2egit/config",
      "/a.txt%00.html",
      "/a.txt/",
      "/a.txt/../../secret.txt",
      "//secret.txt",
      `${root}/../secret.txt`,
    ];
    for (const path of paths) {
      const { status, text } = await curl(path);
      assert.ok(status === 404 || status === 400, `${path}: ${status}`);
      assert.doesNotMatch(text, /the secret/, path);
    }
    assert.equal((await curl("/good.txt")).text, "fine");
    const post = await curl("/a.txt", "-d", "x");
    assert.deepEqual([post.status, post.header("allow")], [405, "GET, HEAD"]);
  }));

test("a directory: a visitor that stops reading stops the disk, and gets all of it later", () =>
  onStage(async ({ edge, folder, forward }) => {
    const size = 60_000_000;
    const data = expectedBytes(size);
    await writeFile(join(folder, "large.bin"), data);
    const { url } = await forward({ addr: `file://${folder}`, url: "http://slow.tunnel.test" });
    const { host } = new URL(url);
    const socket = net.connect(Number(edge.door.http!.split(":")[1]), "127.0.0.1");
    socket.write(`GET /large.bin HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    await new Promise<void>((resolve) => socket.once("readable", () => resolve()));
    const endpoint = (await visit(edge.door, `${url}/none`)).status;
    assert.equal(endpoint, 404, "others are served meanwhile");
    const chunks: Uint8Array[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    const all = Buffer.concat(chunks);
    const body = all.subarray(all.indexOf("\r\n\r\n") + 4);
    assert.equal(sha256(body), sha256(data));
  }));

test("a directory: it is inspected and counted like any other upstream", () =>
  onStage(async ({ agent, folder, forward, curl }) => {
    await writeFile(join(folder, "a.txt"), "fine");
    const endpoint = await forward({ addr: `file://${folder}` });
    await curl("/a.txt");
    assert.equal(endpoint.totalConnections, 1);
    const [exchange] = agent.exchanges!.list();
    assert.deepEqual([exchange.request.target, exchange.response?.status], ["/a.txt", 200]);
  }));

test("a directory that is none is refused at once, with what to do", () =>
  onStage(async ({ folder, forward }) => {
    await writeFile(join(folder, "a.txt"), "fine");
    await assert.rejects(forward({ addr: `file://${folder}/none` }), {
      code: "config_invalid",
      message: `Cannot serve the directory "${folder}/none": it does not exist; ` +
        "create it or correct the path",
    });
    await assert.rejects(forward({ addr: `file://${folder}/a.txt` }), /it is a file/);
  }));

// Ways to a service

test("S18 a service at an IPv6 literal is reached", () =>
  onStage(async ({ use, forward, curl }) => {
    const web = use(await startWeb({ host: "::1" }));
    const { upstream } = await forward({ addr: `[::1]:${web.port}` });
    assert.equal(upstream, `http://[::1]:${web.port}`);
    assert.equal((await curl("/hello")).text, "hello from the service");
  }));

test("S19 a service that speaks TLS at an IPv6 literal with a dotted quad is reached", () =>
  onStage(async ({ use, forward, curl }) => {
    const leaf = await (await makeCa()).leaf(["localhost"]);
    const web = use(
      await startWeb({ host: "::", tls: { cert: leaf.chainPem, key: leaf.keyPem } }),
    );
    await forward({ addr: `https://[::ffff:127.0.0.1]:${web.port}` });
    assert.equal((await curl("/hello")).text, "hello from the service");
  }));

test("S17 --upstream-tls-verify says why a certificate will not do, and a CA makes it do", () =>
  onStage(async ({ use, forward, curl }) => {
    const ca = await makeCa();
    const leaf = await ca.leaf(["localhost"]);
    const web = use(await startWeb({ tls: { cert: leaf.chainPem, key: leaf.keyPem } }));
    const addr = `https://localhost:${web.port}`;
    const strict = await forward({ addr, upstreamTlsVerify: true });
    const refused = await curl("/hello");
    assert.equal(refused.status, 502);
    assert.match(refused.text, /not signed by a trusted authority[^]*ERR_NGROK_8012/);
    await strict.close();
    const trusting = await forward({ addr, upstreamTlsVerifyCas: ca.caPem });
    assert.equal((await curl("/hello")).text, "hello from the service");
    await trusting.close();
    await forward({ addr: `https://127.0.0.1:${web.port}`, upstreamTlsVerifyCas: ca.caPem });
    assert.match((await curl("/hello")).text, /certificate is for another name/);
  }));

/** A service that says what it was asked, and echoes after an upgrade. */
async function startEchoing(use: Stage["use"], at: net.ListenOptions) {
  const server = http.createServer((request, response) => {
    request.setEncoding("utf8");
    let got = "";
    request.on("data", (data) => got += data);
    request.on("end", () => response.end(`${request.headers.host} ${got}`));
  });
  const upgraded = new Set<{ destroy(): void }>();
  server.on("upgrade", (request, socket) => {
    upgraded.add(socket);
    socket.on("error", () => {});
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\nX-Host: ${request.headers.host}\r\n\r\n`,
    );
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(at, resolve));
  use({
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of upgraded) socket.destroy();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  });
  return server.address();
}

/** Two requests and an upgrade over one connection of a visitor. @returns all it got */
async function talk(edge: TestEdge, url: string): Promise<string> {
  const { host } = new URL(url);
  const socket = net.connect(Number(edge.door.http!.split(":")[1]), "127.0.0.1");
  let got = "";
  const until = (end: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!got.endsWith(end)) return;
        socket.off("data", look);
        resolve();
      };
      socket.on("data", look);
      socket.once("error", reject);
      socket.once("close", () => reject(new Error(`closed after ${got}`)));
    });
  socket.setEncoding("utf8");
  socket.on("data", (data) => got += data);
  for (const body of ["one", "two"]) {
    const seen = until(body);
    socket.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 3\r\n\r\n${body}`);
    await seen;
  }
  const switched = until("over and out");
  socket.write(
    `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nover and out`,
  );
  await switched;
  socket.destroy();
  return got;
}

test("a service at a unix socket is reached: keep-alive, uploads and upgrades", () =>
  onStage(async ({ edge, folder, use, forward }) => {
    const path = join(folder, "app.sock");
    await startEchoing(use, { path });
    const { url } = await forward({ addr: `unix:${path}`, url: "http://u.tunnel.test" });
    const got = await talk(edge, url);
    const { host } = new URL(url);
    assert.ok(got.includes(`\r\n\r\n${host} one`) && got.includes(`\r\n\r\n${host} two`), got);
    assert.match(got, /HTTP\/1\.1 101 /);
  }));

test("--host-header rewrites each request of a connection, and the upgrade that ends it", () =>
  onStage(async ({ edge, use, forward }) => {
    const address = await startEchoing(use, { host: "127.0.0.1", port: 0 });
    const { port } = address as net.AddressInfo;
    const { url } = await forward({
      addr: port,
      url: "http://u.tunnel.test",
      modules: { hostHeader: "rewrite" },
    });
    const got = await talk(edge, url);
    const host = `localhost:${port}`;
    assert.ok(got.includes(`\r\n\r\n${host} one`) && got.includes(`\r\n\r\n${host} two`), got);
    assert.ok(got.includes(`\r\nX-Host: ${host}\r\n`), got);
  }));

test("a directory takes over an endpoint that is listened on, with those who wait", () =>
  onStage(async ({ edge, agent, folder }) => {
    await writeFile(join(folder, "a.txt"), "fine");
    const endpoint = await agent.listen({ url: "http://l.tunnel.test" });
    const early = visit(edge.door, `${endpoint.url}/a.txt`);
    await eventually(() => Promise.resolve().then(() => assert.equal(endpoint.openConnections, 1)));
    await endpoint.forwardTo(`file://${folder}`);
    assert.equal((await early).text, "fine");
    assert.equal((await visit(edge.door, `${endpoint.url}/a.txt`)).text, "fine");
    await assert.rejects(endpoint.forwardTo(`file://${folder}/none`), /it does not exist/);
  }));

test("a service gets a PROXY header, as text or binary, ahead of the request", () =>
  onStage(async ({ use, forward, curl }) => {
    for (const version of [1, 2] as const) {
      const first: Uint8Array[] = [];
      const server = net.createServer((socket) => {
        socket.once("data", (data) => {
          first.push(data);
          socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        });
        socket.on("error", () => {});
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      use({ close: () => new Promise<void>((resolve) => server.close(() => resolve())) });
      const { port } = server.address() as net.AddressInfo;
      const endpoint = await forward({ addr: port, upstreamProxyProtocol: version });
      assert.equal((await curl("/")).text, "ok");
      const text = new TextDecoder("latin1").decode(first[0]);
      if (version === 1) assert.match(text, /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\n/);
      else assert.ok(text.startsWith("\r\n\r\n\0\r\nQUIT\n\x21\x11"));
      await endpoint.close();
    }
  }));

// Host rewriting

/** A service that redirects in every way. */
async function startRedirects(use: Stage["use"]): Promise<number> {
  const server = http.createServer((request, response) => {
    const { host } = request.headers;
    const { port } = server.address() as net.AddressInfo;
    const places: Record<string, string> = {
      "/same": `http://${host}/there?a=b#c`,
      "/https": `https://${host}/there`,
      "/upper": `HTTP://${host!.toUpperCase()}/there`,
      "/short": `//${host}/there`,
      "/bare": `http://${host}`,
      "/path": "/there",
      "/away": "https://elsewhere.test/there",
      "/longer": `http://${host}.evil.test/there`,
      "/own": `http://127.0.0.1:${port}/there`,
    };
    const place = places[request.url!];
    if (place) response.writeHead(302, { Location: place, "X-Mixed-Case": "Kept" });
    else response.setHeader("content-type", "application/json");
    response.end(place ? "" : JSON.stringify({ raw: request.rawHeaders }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  use({
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  });
  return (server.address() as net.AddressInfo).port;
}

test("--host-header preserve leaves the visitor's host and the service's redirects alone", () =>
  onStage(async ({ use, forward, curl }) => {
    const port = await startRedirects(use);
    const { url } = await forward({ addr: `127.0.0.1:${port}` });
    const { host } = new URL(url);
    const seen = seenBy(await curl("/"));
    assert.deepEqual([seen.get("host"), seen.get("x-forwarded-host")], [host, host]);
    assert.equal((await curl("/same")).header("location"), `http://${host}/there?a=b#c`);
  }));

for (const hostHeader of ["rewrite", "app.local", "app.local:8080"]) {
  test(`--host-header ${hostHeader} asks for that host, and redirects lead back`, () =>
    onStage(async ({ use, forward, curl }) => {
      const port = await startRedirects(use);
      const endpoint = await forward({ addr: `127.0.0.1:${port}`, modules: { hostHeader } });
      const { host, origin } = new URL(endpoint.url);
      const seen = seenBy(await curl("/", "-H", "X-Mixed-Case: Kept"));
      const wanted = hostHeader === "rewrite" ? `127.0.0.1:${port}` : hostHeader;
      assert.equal(seen.get("host"), wanted);
      assert.equal(seen.get("x-forwarded-host"), host);
      const locations: [path: string, location: string][] = [
        ["/same", `${origin}/there?a=b#c`],
        ["/https", `${origin}/there`],
        ["/upper", `${origin}/there`],
        ["/short", `${origin}/there`],
        ["/bare", origin],
        ["/path", "/there"],
        ["/away", "https://elsewhere.test/there"],
        ["/longer", `http://${wanted}.evil.test/there`],
      ];
      for (const [path, location] of locations) {
        const answer = await curl(path);
        assert.equal(answer.header("location"), location, path);
        assert.match(answer.head, /^X-Mixed-Case: Kept$/m);
      }
      const own = (await curl("/own")).header("location");
      if (hostHeader === "rewrite") assert.equal(own, `${origin}/there`);
      // HTTP/2 visitors have an :authority, which goes the same way.
      const h2 = seenBy(await curl("/", "--http2"));
      assert.deepEqual([h2.get("host"), h2.get("x-forwarded-host")], [wanted, host]);
    }));
}

// Failures, each with its own words

test("a service that cannot be reached is a 502 that says why, as a page and as text", () =>
  onStage(async ({ folder, use, forward, curl }) => {
    const closed = net.createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port } = closed.address() as net.AddressInfo;
    await new Promise<void>((resolve) => closed.close(() => resolve()));
    const web = use(await startWeb());
    const cases: [addr: string, reason: RegExp, advice: RegExp][] = [
      [`127.0.0.1:${port}`, /nothing listens at that address/, /Start the service/],
      ["nowhere.invalid:80", /the host name does not resolve/, /Correct the host name/],
      [`https://127.0.0.1:${web.port}`, /the TLS handshake failed/, /use http:\/\//],
      [`unix:${folder}/none.sock`, /there is no such file/, /correct the path of its socket/],
    ];
    for (const [addr, reason, advice] of cases) {
      const endpoint = await forward({ addr });
      for (const accept of ["*/*", "text/html"]) {
        const answer = await curl("/", "-H", `Accept: ${accept}`);
        assert.equal(answer.status, 502, addr);
        assert.match(answer.text, reason);
        assert.match(answer.text, advice);
        assert.ok(answer.text.includes(addr.replace(/^unix:/, "")), "the address is named");
        assert.match(answer.text, /ERR_NGROK_8012/);
        assert.match(answer.header("content-type") ?? "", accept === "*/*" ? /plain/ : /html/);
      }
      await endpoint.close();
    }
  }));

test("a service that does not speak the HTTP it is asked in: the answer says how to ask", () =>
  onStage(async ({ use, forward, curl }) => {
    const leaf = await (await makeCa()).leaf(["localhost"]);
    const secrets = { cert: leaf.chainPem, key: leaf.keyPem };
    const hello = (_: unknown, response: { end(text: string): void }) => response.end("hello");
    const start = async (server: net.Server) => {
      const sockets = new Set<net.Socket>();
      server.on("connection", (socket: net.Socket) => {
        sockets.add(socket);
        socket.on("error", () => {});
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      use({
        close: () =>
          new Promise<void>((resolve) => {
            for (const socket of sockets) socket.destroy();
            server.close(() => resolve());
          }),
      });
      return `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
    };
    const one = await start(http.createServer(hello));
    const oneTls = await start(https.createServer(secrets, hello));
    const two = await start(http2.createServer(hello));
    const twoTls = await start(http2.createSecureServer(secrets, hello));
    const wrong: [addr: string, upstreamProtocol: "http1" | "http2", says: RegExp][] = [
      [`http://${one}`, "http2", /HTTP\/2 was asked for: leave --upstream-protocol http2 out/],
      // Servers without ALPN let anybody in, and answer in what they know.
      [`https://${oneTls}`, "http2", /(?:inside TLS|was asked for)[^]*--upstream-protocol/],
      [`http://${two}`, "http1", /begins like HTTP\/2[^]*--upstream-protocol http2/],
      [`https://${twoTls}`, "http1", /another protocol inside TLS[^]*--upstream-protocol/],
    ];
    for (const [addr, upstreamProtocol, says] of wrong) {
      const endpoint = await forward({ addr, upstreamProtocol });
      const answer = await curl("/", "-H", "Accept: text/plain");
      assert.equal(answer.status, 502, addr);
      assert.match(answer.text, says);
      await endpoint.close();
    }
    for (const [addr, wrongly] of wrong) {
      const endpoint = await forward({
        addr,
        upstreamProtocol: wrongly === "http1" ? "http2" : "http1",
      });
      assert.equal((await curl("/")).text, "hello", addr);
      await endpoint.close();
    }
  }));

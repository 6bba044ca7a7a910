/**
 * What the edge does with traffic on the way, asked for by the official SDK and by our own agent,
 * seen by visitors.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import http from "node:http";
import net from "node:net";
import type { AddressInfo } from "node:net";
import tls from "node:tls";
import { gunzipSync } from "node:zlib";
import { type Agent, connect } from "../../lib/agent/agent.ts";
import type { ForwardOptions } from "../../lib/agent/config.ts";
import type { EndpointModules } from "../../lib/agent/modules.ts";
import { test } from "../harness.ts";
import { type Running, splitAddress, startEcho, startWeb, visit } from "./kit.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { Sdk } from "./sdk.ts";
import { AUTHTOKEN, startTestEdge, type TestEdge } from "./tunnel_suite.ts";

/** One module, as each kind of agent asks for it. */
interface Wish {
  /** Methods of the SDK's builder. */
  readonly sdk: readonly (readonly unknown[])[];
  /** Options of our agent. */
  readonly own: EndpointModules & Pick<ForwardOptions, "trafficPolicy">;
}

/** Puts a service online with a wish. */
type Online = (kind: "http" | "tcp" | "tls", port: number, wish: Wish) => Promise<string>;

/** A stage for one kind of agent. */
type OnStage = (run: (edge: TestEdge, online: Online) => Promise<void>) => Promise<void>;

async function withSdk(run: (edge: TestEdge, online: Online) => Promise<void>): Promise<void> {
  const edge = await startTestEdge();
  const sdk = await Sdk.start();
  try {
    await sdk.must("connect", {
      serverAddr: edge.agents,
      rootCas: edge.caPath,
      authtoken: AUTHTOKEN,
    });
    await run(edge, async (kind, port, wish) => {
      const calls = [...wish.sdk];
      if (wish.own.trafficPolicy) calls.push(["trafficPolicy", wish.own.trafficPolicy]);
      const converts = calls.some(([method]) => method === "websocketTcpConversion");
      const scheme = kind === "http" && !converts ? "http" : "tcp";
      return (await sdk.listen(kind, `${scheme}://127.0.0.1:${port}`, { calls })).url;
    });
  } finally {
    await sdk.stop();
    await edge.close();
  }
}

async function withOwnAgent(
  run: (edge: TestEdge, online: Online) => Promise<void>,
): Promise<void> {
  const edge = await startTestEdge();
  let agent: Agent | undefined;
  try {
    agent = await connect({
      connectUrl: edge.agents,
      connectCas: edge.caPath,
      authtoken: AUTHTOKEN,
      runtime: detectRuntime(),
    });
    await run(edge, async (kind, port, { own: { trafficPolicy, ...modules } }) => {
      const endpoint = await agent!.forward({
        addr: String(port),
        proto: kind,
        modules,
        ...(trafficPolicy !== undefined && { trafficPolicy }),
      });
      return endpoint.url;
    });
  } finally {
    await agent?.close({ graceMs: 0 });
    await edge.close();
  }
}

/** A service that answers every request with this status. */
async function startStatus(status: number): Promise<Running> {
  const server = http.createServer((_request, response) => {
    response.statusCode = status;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function codeOf(headers: http.IncomingHttpHeaders): string | undefined {
  return headers["ngrok-error-code"] as string | undefined;
}

function basic(pair: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}

/** Sends one binary message, and gives the first one that comes back. */
async function webSocketTurn(edge: TestEdge, url: string, text: string): Promise<string> {
  const { hostname, host } = new URL(url);
  const [address, port] = splitAddress(edge.door.https!);
  const socket = tls.connect({ host: address, port, servername: hostname, ca: edge.caPem });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("secureConnect", resolve);
      socket.once("error", reject);
    });
    let seen = Buffer.alloc(0);
    const changed: (() => void)[] = [];
    socket.on("data", (data: Uint8Array) => {
      seen = Buffer.concat([seen, data]);
      for (const resolve of changed.splice(0)) resolve();
    });
    const until = async (enough: () => boolean) => {
      while (!enough()) await new Promise<void>((resolve) => changed.push(resolve));
    };
    socket.write(
      `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    await until(() => seen.includes("\r\n\r\n"));
    const end = seen.indexOf("\r\n\r\n");
    const head = seen.subarray(0, end).toString("latin1");
    assert.match(head, /^HTTP\/1\.1 101 /);
    assert.match(head, /sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i);
    const payload = Buffer.from(text);
    const mask = [1, 2, 3, 4];
    const masked = payload.map((byte, at) => byte ^ mask[at % 4]);
    socket.write(Buffer.concat([Buffer.from([0x82, 0x80 | payload.length, ...mask]), masked]));
    const from = end + 4;
    await until(() => seen.length >= from + 2 && seen.length >= from + 2 + (seen[from + 1] & 0x7f));
    return seen.subarray(from + 2, from + 2 + seen[from + 1]).toString();
  } finally {
    socket.destroy();
  }
}

/** Whether a raw connection is closed before a byte comes back. */
async function isTurnedAway(url: string): Promise<boolean> {
  const port = Number(url.slice(url.lastIndexOf(":") + 1));
  const socket = net.connect(port, "127.0.0.1");
  try {
    return await new Promise((resolve) => {
      socket.on("data", () => resolve(false));
      socket.on("close", () => resolve(true));
      socket.on("error", () => {});
      socket.write("hello");
    });
  } finally {
    socket.destroy();
  }
}

/** What a TLS endpoint echoes, and in which version; throws when there is no handshake. */
async function tlsTurn(
  edge: TestEdge,
  url: string,
  options: tls.ConnectionOptions,
): Promise<[text: string, version: string | null]> {
  const [host, port] = splitAddress(edge.door.https!);
  const servername = new URL(url.replace("tls:", "https:")).hostname;
  const socket = tls.connect({ host, port, servername, ca: edge.caPem, ...options });
  try {
    return await new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("closed")));
      socket.once("secureConnect", () => socket.write("hello"));
      socket.once(
        "data",
        (data: Uint8Array) => resolve([new TextDecoder().decode(data), socket.getProtocol()]),
      );
    });
  } finally {
    socket.destroy();
  }
}

/** Declares the journeys for one kind of agent. */
function declare(name: string, onStage: OnStage): void {
  test(`S12 S13 S14 S15 ${name}: basic auth lets in who knows the password`, () =>
    onStage(async (edge, online) => {
      const web = await startWeb();
      try {
        const url = await online("http", web.port, {
          sdk: [["basicAuth", "alice", "correct horse"], ["basicAuth", "bob", "battery staple"]],
          own: { basicAuth: ["alice:correct horse", "bob:battery staple"] },
        });
        const refused = await visit(edge.door, `${url}/hello`);
        assert.equal(refused.status, 401);
        assert.match(refused.headers["www-authenticate"]!, /^Basic realm="ngrok"/);
        assert.ok(codeOf(refused.headers));
        for (const pair of ["alice:correct horse", "bob:battery staple"]) {
          const got = await visit(edge.door, `${url}/hello`, { headers: basic(pair) });
          assert.deepEqual([got.status, got.text], [200, "hello from the service"]);
        }
        const before = web.requests();
        for (const pair of ["alice:wrong", "eve:correct horse", "alice:battery staple"]) {
          const wrong = await visit(edge.door, `${url}/hello`, { headers: basic(pair) });
          assert.equal(wrong.status, 401, pair);
        }
        assert.equal(web.requests(), before, "the service is not asked");
      } finally {
        await web.close();
      }
    }));

  test(`${name}: headers are added and removed both ways, and answers compressed`, () =>
    onStage(async (edge, online) => {
      const web = await startWeb();
      try {
        const url = await online("http", web.port, {
          sdk: [
            ["requestHeader", "x-added", "by the edge: yes"],
            ["removeRequestHeader", "x-secret"],
            ["responseHeader", "x-back", "2"],
            ["removeResponseHeader", "x-service"],
            ["compression"],
          ],
          own: {
            requestHeaders: { add: ["x-added: by the edge: yes"], remove: ["x-secret"] },
            responseHeaders: { add: ["x-back: 2"], remove: ["x-service"] },
            compression: true,
          },
        });
        const seen = await visit(edge.door, `${url}/headers`, {
          headers: { "x-secret": "s", "accept-encoding": "gzip" },
        });
        assert.equal(seen.headers["content-encoding"], "gzip");
        const { raw } = JSON.parse(gunzipSync(seen.body).toString()) as { raw: string[] };
        const names = raw.filter((_, at) => at % 2 === 0).map((one) => one.toLowerCase());
        assert.equal(raw[2 * names.indexOf("x-added") + 1].trim(), "by the edge: yes");
        assert.ok(!names.includes("x-secret"));
        const hello = await visit(edge.door, `${url}/hello`);
        assert.equal(String(hello.headers["x-back"]).trim(), "2");
        assert.equal(hello.headers["x-service"], undefined);
        assert.equal(hello.text, "hello from the service");
      } finally {
        await web.close();
      }
    }));

  test(`${name}: addresses and programs are kept out`, () =>
    onStage(async (edge, online) => {
      const web = await startWeb();
      const echo = await startEcho();
      try {
        const far = await online("http", web.port, {
          sdk: [["allowCidr", "10.0.0.0/8"]],
          own: { cidrs: { allow: ["10.0.0.0/8"] } },
        });
        const refused = await visit(edge.door, `${far}/hello`);
        assert.deepEqual([refused.status, codeOf(refused.headers)], [403, "ERR_NGROK_3205"]);
        const near = await online("http", web.port, {
          sdk: [["allowCidr", "127.0.0.0/8"], ["denyCidr", "127.0.0.2/32"]],
          own: { cidrs: { allow: ["127.0.0.0/8"], deny: ["127.0.0.2/32"] } },
        });
        assert.equal((await visit(edge.door, `${near}/hello`)).status, 200);
        const raw = await online("tcp", echo.port, {
          sdk: [["allowCidr", "10.0.0.0/8"]],
          own: { cidrs: { allow: ["10.0.0.0/8"] } },
        });
        assert.equal(await isTurnedAway(raw), true);
        const picky = await online("http", web.port, {
          sdk: [["denyUserAgent", "(?i)bot"]],
          own: { userAgents: { deny: ["(?i)bot"] } },
        });
        const bot = await visit(edge.door, `${picky}/hello`, {
          headers: { "user-agent": "GoodBot/1" },
        });
        assert.deepEqual([bot.status, codeOf(bot.headers)], [403, "ERR_NGROK_3211"]);
        const person = await visit(edge.door, `${picky}/hello`, {
          headers: { "user-agent": "Mozilla/5.0" },
        });
        assert.equal(person.status, 200);
      } finally {
        await echo.close();
        await web.close();
      }
    }));

  test(`${name}: a circuit breaker spares a service that fails`, () =>
    onStage(async (edge, online) => {
      const failing = await startStatus(500);
      try {
        const url = await online("http", failing.port, {
          sdk: [["circuitBreaker", 0.5]],
          own: { circuitBreaker: 0.5 },
        });
        const codes: (string | undefined)[] = [];
        for (let turn = 0; turn < 40 && codes.at(-1) === undefined; turn++) {
          const got = await visit(edge.door, url);
          assert.ok(got.status === 500 || got.status === 503, String(got.status));
          codes.push(codeOf(got.headers));
        }
        assert.equal(codes.at(-1), "ERR_NGROK_3202");
      } finally {
        await failing.close();
      }
    }));

  test(`${name}: only what the webhook's provider signed gets through, byte for byte`, () =>
    onStage(async (edge, online) => {
      const web = await startWeb();
      try {
        const url = await online("http", web.port, {
          sdk: [["webhookVerification", "github", "it's a secret"]],
          own: { verifyWebhook: { provider: "github", secret: "it's a secret" } },
        });
        const body = JSON.stringify({ action: "opened", text: "żółw" });
        const signature = createHmac("sha256", "it's a secret").update(body).digest("hex");
        const good = await visit(edge.door, `${url}/echo`, {
          method: "POST",
          body,
          headers: { "x-hub-signature-256": `sha256=${signature}` },
        });
        assert.deepEqual([good.status, good.text], [200, body]);
        const bad = await visit(edge.door, `${url}/echo`, {
          method: "POST",
          body: body + " ",
          headers: { "x-hub-signature-256": `sha256=${signature}` },
        });
        assert.deepEqual([bad.status, codeOf(bad.headers)], [403, "ERR_NGROK_3204"]);
      } finally {
        await web.close();
      }
    }));

  test(`${name}: WebSocket messages reach a TCP service as bytes`, () =>
    onStage(async (edge, online) => {
      const echo = await startEcho();
      try {
        const url = await online("http", echo.port, {
          sdk: [["websocketTcpConversion"]],
          own: { websocketTcpConverter: true },
        });
        assert.equal(await webSocketTurn(edge, url, "over and out"), "over and out");
        const plain = await visit(edge.door, url);
        assert.deepEqual([plain.status, codeOf(plain.headers)], [400, "ERR_NGROK_3206"]);
      } finally {
        await echo.close();
      }
    }));

  test(`${name}: a traffic policy ends TLS at the edge, in the versions it names`, () =>
    onStage(async (edge, online) => {
      const echo = await startEcho();
      try {
        const url = await online("tls", echo.port, {
          sdk: [],
          own: {
            trafficPolicy: JSON.stringify({
              on_tcp_connect: [{
                actions: [
                  { type: "restrict-ips", config: { allow: ["127.0.0.0/8"] } },
                  { type: "terminate-tls", config: { max_version: "1.2" } },
                ],
              }],
            }),
          },
        });
        assert.deepEqual(await tlsTurn(edge, url, {}), ["hello", "TLSv1.2"]);
        await assert.rejects(tlsTurn(edge, url, { minVersion: "TLSv1.3" }));
      } finally {
        await echo.close();
      }
    }));

  test(`${name}: a traffic policy in YAML rewrites, redirects and answers`, () =>
    onStage(async (edge, online) => {
      const web = await startWeb();
      try {
        const url = await online("http", web.port, {
          sdk: [],
          own: {
            trafficPolicy: `
on_http_request:
  - actions:
      - type: redirect
        config: { from: /old, to: /hello, status_code: 301 }
      - type: url-rewrite
        config: { from: /greet, to: /hello }
on_http_response:
  - actions:
      - type: add-headers
        config: { headers: { x-policy: "yes" } }
`,
          },
        });
        const moved = await visit(edge.door, `${url}/old?a=b`);
        assert.deepEqual([moved.status, moved.headers.location], [301, `${url}/hello?a=b`]);
        const greeted = await visit(edge.door, `${url}/greet`);
        assert.deepEqual(
          [greeted.status, greeted.text, greeted.headers["x-policy"]],
          [200, "hello from the service", "yes"],
        );
      } finally {
        await web.close();
      }
    }));
}

declare("official SDK", withSdk);
declare("our agent", withOwnAgent);

test("our agent: the service is asked for its own host, and its redirects lead back to the public one", () =>
  withOwnAgent(async (edge, online) => {
    const server = http.createServer((request, response) => {
      response.writeHead(302, { location: `http://${request.headers.host}/there` });
      response.end(JSON.stringify(request.headers));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const url = await online("http", port, { sdk: [], own: { hostHeader: "rewrite" } });
      const moved = await visit(edge.door, url);
      assert.deepEqual([moved.status, moved.headers.location], [302, `${url}/there`]);
      const seen = JSON.parse(moved.text) as Record<string, string>;
      assert.equal(seen["host"], `localhost:${port}`);
      assert.equal(seen["x-forwarded-host"], new URL(url).host);
    } finally {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  }));

test("official SDK: a policy that cannot be used is refused with its number, and the session goes on", () =>
  withSdk(async (_edge, online) => {
    const wrong: [string, RegExp][] = [
      ["on_http_request: [", /9026|cannot|traffic policy/i],
      ["on_http_request: [{ actions: [{ type: oauth, config: { provider: google } }] }]", /oauth/],
      ["on_http_request: [{ expressions: ['true'], actions: [{ type: deny }] }]", /expression/],
    ];
    for (const [trafficPolicy, words] of wrong) {
      await assert.rejects(online("http", 9, { sdk: [], own: { trafficPolicy } }), words);
    }
    await assert.rejects(online("http", 9, { sdk: [["basicAuth", "u", "short"]], own: {} }), /360/);
    const url = await online("http", 9, { sdk: [], own: {} });
    assert.match(url, /^https:/);
  }));

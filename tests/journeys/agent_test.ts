/**
 * Our own agent through our edge: what the official SDK can do, and more.
 */
import assert from "node:assert/strict";
import net from "node:net";
import { connect } from "../../lib/agent/agent.ts";
import type { TunnelError } from "../../lib/base/errors.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { test } from "../harness.ts";
import {
  dial,
  pattern,
  readToEnd,
  sha256,
  startAfterEnd,
  startEcho,
  startWeb,
  visit,
  writeAll,
} from "./kit.ts";
import {
  AUTHTOKEN,
  declareTunnelJourneys,
  DOMAIN,
  onStage,
  type StartAgent,
  startTestEdge,
} from "./tunnel_suite.ts";

const startOwn: StartAgent = async (edge, connectTo) => {
  const agent = await connect({
    connectUrl: connectTo,
    connectCas: edge.caPath,
    authtoken: AUTHTOKEN,
    runtime: detectRuntime(),
  });
  return {
    async forward(kind, to, more = {}) {
      const scheme = kind === "http" ? more.scheme ?? "https" : kind;
      const url = more.domain ? `${scheme}://${more.domain}` : `${scheme}://`;
      return await agent.forward({ addr: to, proto: kind, url });
    },
    close: () => agent.close({ graceMs: 0 }),
  };
};

declareTunnelJourneys("own agent", startOwn);

test("S21 own agent: a tcp service may answer after the visitor has ended its direction", () =>
  onStage(startOwn, async ({ agent, use }) => {
    const service = use(await startAfterEnd());
    const { url } = await agent.forward("tcp", `127.0.0.1:${service.port}`);
    const socket = await dial(Number(new URL(url).port));
    const data = pattern(3 << 20);
    const got = readToEnd(socket);
    await writeAll(socket, data);
    socket.end();
    assert.equal(
      new TextDecoder().decode(await got),
      `${data.length} ${sha256(data)}`,
    );
    socket.destroy();
  }));

test("own agent: a tcp visitor may send on after the service has ended its direction", () =>
  onStage(startOwn, async ({ agent, use }) => {
    let received: (text: string) => void;
    const all = new Promise<string>((resolve) => received = resolve);
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.end("that is all from me");
      let text = "";
      socket.on("data", (data) => text += data);
      socket.on("end", () => received(text));
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    use({
      close: () => new Promise<void>((resolve) => server.close(() => resolve())),
    });
    const { url } = await agent.forward(
      "tcp",
      `127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    );
    const socket = await dial(Number(new URL(url).port));
    const got = readToEnd(socket);
    assert.equal(new TextDecoder().decode(await got), "that is all from me");
    socket.write("but I ");
    socket.end("go on");
    assert.equal(await all, "but I go on");
    socket.destroy();
  }));

test("own agent: a service on IPv6 is reached", () =>
  onStage(startOwn, async ({ edge, agent, use }) => {
    const web = use(await startWeb({ host: "::1" }));
    const { url } = await agent.forward("http", `http://[::1]:${web.port}`);
    assert.equal(
      (await visit(edge.door, `${url}/hello`)).text,
      "hello from the service",
    );
    const echo = use(await startEcho("::1"));
    const tcp = await agent.forward("tcp", `[::1]:${echo.port}`);
    const socket = await dial(Number(new URL(tcp.url).port));
    const got = readToEnd(socket);
    socket.end("over six");
    assert.equal(new TextDecoder().decode(await got), "over six");
    socket.destroy();
  }));

test("own agent: a service that speaks https with a certificate of its own is reached", () =>
  onStage(startOwn, async ({ edge, agent, ca, use }) => {
    const leaf = await ca.leaf(["localhost"]);
    const web = use(
      await startWeb({ tls: { cert: leaf.chainPem, key: leaf.keyPem } }),
    );
    const { url } = await agent.forward(
      "http",
      `https://127.0.0.1:${web.port}`,
    );
    assert.equal(
      (await visit(edge.door, `${url}/hello`)).text,
      "hello from the service",
    );
  }));

test("own agent: a dead service is a 502 page with code 8012, and the tunnel lives on", () =>
  onStage(startOwn, async ({ edge, agent, use }) => {
    const gone = await startWeb();
    await gone.close();
    const { url } = await agent.forward(
      "http",
      `http://127.0.0.1:${gone.port}`,
    );
    const plain = await visit(edge.door, `${url}/`);
    assert.equal(plain.status, 502);
    assert.equal(plain.headers["ngrok-error-code"], "ERR_NGROK_8012");
    assert.match(plain.text, /ERR_NGROK_8012/);
    assert.match(plain.text, new RegExp(String(gone.port)));
    const page = await visit(edge.door, `${url}/`, {
      headers: { accept: "text/html" },
    });
    assert.match(String(page.headers["content-type"]), /text\/html/);
    assert.match(page.text, /<html/i);
    const upload = await visit(edge.door, `${url}/`, {
      method: "POST",
      body: pattern(1 << 20),
    });
    assert.equal(upload.status, 502);
    const web = use(await startWeb());
    const other = await agent.forward("http", `http://127.0.0.1:${web.port}`);
    assert.equal((await visit(edge.door, `${other.url}/hello`)).status, 200);
  }));

test("own agent: a dead tcp service closes the visitor's connection at once", () =>
  onStage(startOwn, async ({ agent }) => {
    const gone = await startEcho();
    await gone.close();
    const { url } = await agent.forward("tcp", `127.0.0.1:${gone.port}`);
    const socket = await dial(Number(new URL(url).port));
    const got = await readToEnd(socket).catch(() => new Uint8Array(0));
    assert.equal(got.length, 0);
    socket.destroy();
  }));

test("S124 own agent: connect() rejects for good with the edge's words and code", async () => {
  const edge = await startTestEdge();
  try {
    const options = {
      connectUrl: edge.agents,
      connectCas: edge.caPath,
      runtime: detectRuntime(),
    };
    const codes: [string | undefined, number][] = [
      [undefined, 4018],
      ["nonsense", 105],
      ["2wrong000000000000000000tokn_3Z9x8Y7w6V5u4T3s2R1q0P", 107],
    ];
    for (const [authtoken, code] of codes) {
      await assert.rejects(
        connect({ ...options, authtoken }),
        (error: TunnelError) => {
          assert.equal(error.code, "refused");
          assert.equal(error.ngrokCode, code);
          return true;
        },
      );
    }
    await assert.rejects(
      connect({ ...options, connectCas: "host", authtoken: AUTHTOKEN }),
      (error: TunnelError) => error.code === "tls_untrusted",
    );
  } finally {
    await edge.close();
  }
});

test("own agent: forward() rejects with the edge's code, and the session goes on", () =>
  onStage(startOwn, async ({ edge, agent, use }) => {
    const web = use(await startWeb());
    const to = `http://127.0.0.1:${web.port}`;
    const { url } = await agent.forward("http", to, {
      domain: `taken.${DOMAIN}`,
    });
    const refusals: [string, number][] = [[`taken.${DOMAIN}`, 334], [
      `under_score.${DOMAIN}`,
      355,
    ]];
    for (const [domain, code] of refusals) {
      await assert.rejects(
        agent.forward("http", to, { domain }),
        (error: TunnelError) => error.ngrokCode === code,
      );
    }
    assert.equal((await visit(edge.door, `${url}/hello`)).status, 200);
  }));

test("own agent: a name whose holder is frozen goes to the next session of the same account", () =>
  onStage(startOwn, async ({ edge, relay, agent, use }) => {
    const web = use(await startWeb());
    const to = `http://127.0.0.1:${web.port}`;
    const { url } = await agent.forward("http", to, {
      domain: `mine.${DOMAIN}`,
    });
    relay.freeze();
    const next = await startOwn(edge, edge.agents);
    use(next);
    assert.equal(
      (await next.forward("http", to, { domain: `mine.${DOMAIN}` })).url,
      url,
    );
    assert.equal(
      (await visit(edge.door, `${url}/hello`)).text,
      "hello from the service",
    );
  }));

/**
 * The official SDK, unchanged, through our edge.
 */
import assert from "node:assert/strict";
import { decodeText, encodeText } from "../../lib/base/bytes.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { makeCa } from "../fakes/certs.ts";
import { test } from "../harness.ts";
import { splitAddress, startEcho, startWeb, visit } from "./kit.ts";
import { Sdk } from "./sdk.ts";
import {
  AUTHTOKEN,
  declareTunnelJourneys,
  DOMAIN,
  eventually,
  onStage,
  startTestEdge,
  type TestAgent,
  type TestEdge,
} from "./tunnel_suite.ts";

interface SdkAgent extends TestAgent {
  readonly sdk: Sdk;
}

async function startSdk(
  edge: TestEdge,
  connectTo: string,
  more: Record<string, unknown> = {},
): Promise<SdkAgent> {
  const sdk = await Sdk.start();
  try {
    await sdk.must("connect", {
      serverAddr: connectTo,
      rootCas: edge.caPath,
      authtoken: AUTHTOKEN,
      ...more,
    });
  } catch (thrown) {
    await sdk.stop();
    throw thrown;
  }
  return {
    sdk,
    forward: (kind, to, options) => sdk.listen(kind, kind === "http" ? to : `tcp://${to}`, options),
    close: () => sdk.stop(),
  };
}

declareTunnelJourneys("official SDK", startSdk);

/** A stage whose agent shows its SDK. */
function onSdkStage(
  run: (
    stage: {
      edge: TestEdge;
      agent: SdkAgent;
      use: <T extends { close(): Promise<void> }>(thing: T) => T;
    },
  ) => Promise<void>,
  more: Record<string, unknown> = {},
): Promise<void> {
  let agent: SdkAgent;
  const start = async (edge: TestEdge, connectTo: string) =>
    agent = await startSdk(edge, connectTo, more);
  return onStage(start, ({ edge, use }) => run({ edge, agent, use }));
}

test("official SDK: refusals arrive as errorCode", async () => {
  const edge = await startTestEdge();
  try {
    const cases: [string, string][] = [
      ["", "ERR_NGROK_4018"],
      ["nonsense", "ERR_NGROK_105"],
      ["2wrong000000000000000000tokn_3Z9x8Y7w6V5u4T3s2R1q0P", "ERR_NGROK_107"],
    ];
    for (const [authtoken, code] of cases) {
      const sdk = await Sdk.start();
      try {
        const answer = await sdk.ask("connect", {
          serverAddr: edge.agents,
          rootCas: edge.caPath,
          authtoken,
        });
        assert.equal(answer.errorCode, code, JSON.stringify(answer));
      } finally {
        await sdk.stop();
      }
    }
  } finally {
    await edge.close();
  }
});

test("official SDK: TLS ends at the edge with its certificate, for visitors it vouches for", () =>
  onSdkStage(async ({ edge, agent: { sdk }, use }) => {
    const [clients, strangers] = [await makeCa("clients"), await makeCa("strangers")];
    const host = `ended.${DOMAIN}`;
    const leaf = await clients.leaf([host]);
    const echo = use(await startEcho());
    await sdk.listen("tls", `tcp://127.0.0.1:${echo.port}`, {
      domain: host,
      calls: [["termination", leaf.chainPem, leaf.keyPem], ["mutualTlsca", clients.caPem]],
    });
    const [address, port] = splitAddress(edge.door.https!);
    const { net } = detectRuntime();
    const visitors = [
      [await clients.client("known"), true],
      [await strangers.client("unknown"), false],
      [undefined, false],
    ] as const;
    for (const [certificate, isWelcome] of visitors) {
      let said: string | undefined;
      try {
        const tls = { serverName: host, roots: [clients.caPem], certificate };
        const conn = await net.connect({ host: address, port, tls });
        try {
          await conn.write(encodeText("hello"));
          const chunk = await conn.read();
          said = chunk && decodeText(chunk);
        } finally {
          conn.abort();
          await conn.closed;
        }
      } catch {
        said = undefined; // turned away, in the handshake or after it
      }
      assert.equal(said, isWelcome ? "hello" : undefined);
    }
  }));

test("official SDK: a bind that is refused says why, and the session goes on", () =>
  onSdkStage(async ({ edge, agent: { sdk }, use }) => {
    const web = use(await startWeb());
    const to = `http://127.0.0.1:${web.port}`;
    const { url } = await sdk.listen("http", to, { domain: `taken.${DOMAIN}` });
    const cases: [Record<string, unknown>, string][] = [
      [{ domain: `taken.${DOMAIN}` }, "ERR_NGROK_334"],
      [{ domain: `under_score.${DOMAIN}` }, "ERR_NGROK_355"],
      [{ domain: `-x.${DOMAIN}` }, "ERR_NGROK_328"],
    ];
    for (const [options, code] of cases) {
      const answer = await sdk.ask("listen", { kind: "http", to, ...options });
      assert.equal(answer.errorCode, code, JSON.stringify(answer));
    }
    assert.equal((await visit(edge.door, `${url}/hello`)).status, 200);
  }));

test("S154 S82 S83 S84 official SDK: Stop, Restart and Update reach its handlers", () =>
  onSdkStage(async ({ edge, agent: { sdk } }) => {
    const [session] = edge.edge.sessions();
    const from = sdk.lines.length;
    await edge.edge.commandSession(session.id, "stop");
    await sdk.waitFor((line) => line.event === "stop", from);
    await edge.edge.commandSession(session.id, "restart");
    await sdk.waitFor((line) => line.event === "restart", from);
    await edge.edge.updateSession(session.id, { version: "9.9.9" });
    const update = await sdk.waitFor((line) => line.event === "update", from);
    assert.equal(update.version, "9.9.9");
  }, { handlers: ["stop", "restart", "update"] }));

test("official SDK: StopTunnel ends one listener with our message and code, and no other", () =>
  onSdkStage(async ({ edge, agent: { sdk }, use }) => {
    const web = use(await startWeb());
    const to = `http://127.0.0.1:${web.port}`;
    const first = await sdk.listen("http", to);
    const second = await sdk.listen("http", to);
    const from = sdk.lines.length;
    edge.edge.stopEndpoint(
      first.id,
      "The operator took this endpoint down",
      699,
    );
    const ended = await sdk.waitFor(
      (line) => line.event === "forward ended" && line.id === first.id,
      from,
    );
    assert.match(String(ended.error), /operator took this endpoint down/);
    assert.match(String(ended.error), /error_code: Some\("ERR_NGROK_699"\)/);
    assert.equal((await visit(edge.door, `${first.url}/hello`)).status, 404);
    assert.equal((await visit(edge.door, `${second.url}/hello`)).status, 200);
  }));

test("official SDK: listener.close() takes the URL down", () =>
  onSdkStage(async ({ edge, agent: { sdk }, use }) => {
    const web = use(await startWeb());
    const { id, url } = await sdk.listen(
      "http",
      `http://127.0.0.1:${web.port}`,
    );
    await sdk.must("close", { id });
    await eventually(async () =>
      assert.equal((await visit(edge.door, `${url}/hello`)).status, 404)
    );
  }));

test("official SDK: a session that is closed without a word is found dead and its names are free again", () =>
  onSdkStage(async ({ edge, agent: { sdk }, use }) => {
    const web = use(await startWeb());
    await sdk.listen("http", `http://127.0.0.1:${web.port}`);
    await sdk.must("disconnect");
    await eventually(async () => {
      await Promise.resolve();
      assert.equal(edge.edge.sessions().length, 0);
      assert.equal(edge.edge.endpoints().length, 0);
    });
  }, { heartbeatMs: 1_000, toleranceMs: 1_000 }));

test("official SDK: 600 visitors at a time do not kill the session", () =>
  onSdkStage(async ({ edge, agent: { sdk }, use }) => {
    const web = use(await startWeb());
    const { url } = await sdk.listen("http", `http://127.0.0.1:${web.port}`, {
      scheme: "http",
    });
    const answers = await Promise.all(
      Array.from(
        { length: 600 },
        (_, i) => visit(edge.door, `${url}/slow?ms=100&i=${i}`),
      ),
    );
    assert.equal(answers.filter((answer) => answer.status === 200).length, 600);
    assert.equal(
      sdk.lines.some((line) => line.event === "disconnected"),
      false,
    );
  }));

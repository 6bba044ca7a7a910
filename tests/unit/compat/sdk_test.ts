import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { encodeText } from "../../../lib/base/bytes.ts";
import { refusalText } from "../../fakes/edge.ts";
import { CompatStage } from "./kit.ts";

test("Sdk.forward() shares one session, and ends it with its last listener", async () => {
  const { sdk, stage, wanted } = new CompatStage();
  const one = await sdk.forward({ addr: 80, authtoken: "t", metadata: "m" });
  const two = await sdk.connect({ addr: 81, authtoken: "t" });
  assert.equal(wanted.length, 1);
  assert.equal(one.forwardsTo(), "http://localhost:80");
  assert.equal(one.metadata(), "m");
  assert.deepEqual((await sdk.listeners()).map((listener) => listener.id()), [one.id(), two.id()]);
  assert.equal(await sdk.getListener(two.id()), two);
  assert.equal(await sdk.getListener("other"), null);
  assert.equal(await sdk.getListenerByUrl(one.url()!), one);
  assert.equal(await sdk.getListenerByUrl("https://other.test"), null);
  const closing = sdk.disconnect(one.url());
  await stage.clock.advance(1_000);
  await closing;
  assert.deepEqual(await sdk.listeners(), [two]);
  const last = sdk.disconnect();
  await stage.clock.advance(1_000);
  await last;
  await stage.until(() => stage.edge.session.end !== undefined);
  await stage.clock.advance(1_000);
  assert.equal(stage.clock.pending, 0);
});

test("Sdk.forward() opens another session for other credentials, or when told to", async () => {
  const compat = new CompatStage();
  const { sdk, env } = compat;
  env.NGROK_AUTHTOKEN = "from-the-environment";
  await sdk.forward({ authtoken_from_env: true });
  await sdk.authtoken("usual");
  await sdk.forward(80);
  await sdk.forward({ force_new_session: true });
  assert.deepEqual(compat.wanted.map((one) => one.authtoken), [
    "from-the-environment",
    "usual",
    "usual",
  ]);
  await compat.end();
  assert.deepEqual(await sdk.listeners(), []);
});

test("Sdk.forward() gives refusals the errorCode that scripts look at, and leaves nothing", async () => {
  const compat = new CompatStage();
  compat.stage.edge.onBind = () => refusalText("Taken.", 334);
  await assert.rejects(compat.sdk.forward(80), { errorCode: "ERR_NGROK_334" });
  await compat.stage.clock.advance(1_000);
  await assert.rejects(compat.sdk.forward({ proto: "udp" }), { code: "config_invalid" });
  await compat.end();
  assert.equal(compat.stage.clock.pending, 0);
});

test("Sdk tells status and log lines to whoever asks", async () => {
  const compat = new CompatStage();
  const { sdk, stage, printed } = compat;
  const statuses: string[] = [];
  const lines: string[] = [];
  sdk.consoleLog("INFO");
  await sdk.forward({
    region: "eu",
    onStatusChange: (status: string) => void statuses.push(status),
    onLogEvent: (line: string) => void lines.push(line),
  } as never);
  assert.match(printed[0], /^WARN config - unused: region$/);
  assert.ok(lines.some((line) => /^INFO \w+ - /.test(line)), lines.join("\n"));
  assert.ok(!printed.some((line) => line.startsWith("DEBUG")));
  stage.edge.session.mux.abort();
  await stage.until(() => statuses.length >= 2);
  assert.deepEqual(statuses.slice(0, 2), ["connected", "closed"]);
  await compat.end();
});

test("Sdk.listen() gives visitors to a server of the program", async () => {
  const compat = new CompatStage();
  const { sdk, stage } = compat;
  let heard = "";
  const door = await stage.runtime.net.listen({
    host: "127.0.0.1",
    port: 7_000,
    onConnection: async (conn) => {
      heard = new TextDecoder().decode(await conn.read());
      conn.abort();
    },
  });
  let listening = false;
  const server = {
    address: () => listening ? { address: "127.0.0.1", port: 7_000 } : null,
    listen: (_port: number, _host: string, done: () => void) => {
      listening = true;
      done();
    },
    once: () => {},
  };
  const listener = await sdk.listen(server);
  assert.equal(listener.forwardsTo(), "http://127.0.0.1:7000");
  stage.edge.session.visit({ Id: listener.id() }, encodeText("hello"));
  await stage.until(() => heard !== "");
  await door.close();
  await compat.end();
});

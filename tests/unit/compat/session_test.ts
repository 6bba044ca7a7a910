import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { encodeText } from "../../../lib/base/bytes.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { envAuthtoken, withErrorCode } from "../../../lib/compat/session.ts";
import { STREAM } from "../../../lib/wire/messages.ts";
import type { Json } from "../../fakes/edge.ts";
import { CompatStage } from "./kit.ts";

test("SessionBuilder says to the agent what was said to it", async () => {
  const compat = new CompatStage();
  compat.env.SALLYPORT_AUTHTOKEN = "secret";
  const session = await new compat.sdk.SessionBuilder()
    .authtokenFromEnv()
    .serverAddr("h:1")
    .rootCas("host")
    .caCert(encodeText("PEM"))
    .metadata("m")
    .clientInfo("app", "1.2", "test")
    .heartbeatInterval(2)
    .heartbeatTolerance(3)
    .connect();
  const [{ commands: _, onEvent: __, logger: ___, ...wanted }] = compat.wanted;
  assert.deepEqual(wanted, {
    authtoken: "secret",
    connectUrl: "h:1",
    connectCas: "PEM",
    metadata: "m",
    userAgent: "app/1.2 (test)",
    heartbeatIntervalMs: 2_000,
    heartbeatToleranceMs: 3_000,
  });
  await compat.settle(session.close());
  await session.closed;
});

test("SessionBuilder has handlers for what the edge asks", async () => {
  const compat = new CompatStage();
  const heard: string[] = [];
  const session = await new compat.sdk.SessionBuilder()
    .handleStopCommand(() => void heard.push("stop"))
    .handleRestartCommand(() => void heard.push("restart"))
    .handleUpdateCommand(({ version, permitMajorVersion }) =>
      void heard.push(`update ${version} ${permitMajorVersion}`)
    )
    .handleHeartbeat((latency) => void heard.push(`beat ${typeof latency}`))
    .connect();
  const { session: edge } = compat.stage.edge;
  await compat.stage.clock.advance(11_000);
  await edge.ask(STREAM.update, { Version: "9", PermitMajorVersion: true });
  assert.equal(heard[0], "beat number");
  assert.equal(heard.at(-1), "update 9 true");
  await edge.ask(STREAM.stop, {});
  assert.equal(heard.at(-1), "stop");
  await compat.settle(session.closed);
});

test("SessionBuilder gives a session up when its handler says so", async () => {
  const compat = new CompatStage();
  const lost: string[] = [];
  const session = await new compat.sdk.SessionBuilder()
    .serverAddr("edge.test:443")
    .handleDisconnection((addr, error) => {
      lost.push(`${addr} ${error.length > 0}`);
      return false;
    }).connect();
  compat.stage.edge.session.mux.abort();
  await compat.settle(session.closed);
  assert.deepEqual(lost, ["edge.test:443 true"]);
});

test("Session makes listeners of every kind, and closes one of them", async () => {
  const compat = new CompatStage();
  const session = await new compat.sdk.SessionBuilder().connect();
  const web = await session.httpEndpoint().domain("a.test").listen();
  const raw = await session.tcpEndpoint().remoteAddr("1.tcp.test:7").listen();
  const tls = await session.tlsEndpoint().domain("b.test").forwardsTo("mine").listen();
  await assert.rejects(session.labeledListener().label("edge", "x").listen(), {
    code: "config_invalid",
  });
  assert.deepEqual(compat.binds.map((bind) => [bind.Proto, (bind.Opts as Json).URL]), [
    ["https", "https://a.test"],
    ["tcp", "tcp://1.tcp.test:7"],
    ["tls", "tls://b.test"],
  ]);
  assert.equal(tls.forwardsTo(), "mine");
  await compat.settle(session.closeListener(raw.id()));
  assert.deepEqual(await session.listeners(), [web, tls]);
  await compat.end();
});

test("envAuthtoken() prefers our own variable", () => {
  const env = { SALLYPORT_AUTHTOKEN: "ours", NGROK_AUTHTOKEN: "theirs" } as Record<string, string>;
  assert.equal(envAuthtoken((name) => env[name]), "ours");
  assert.equal(envAuthtoken((name) => name === "NGROK_AUTHTOKEN" ? "theirs" : ""), "theirs");
});

test("withErrorCode() adds the number where there is one", () => {
  const error = new TunnelError("refused", "No", { ngrokCode: 105 });
  assert.equal((withErrorCode(error) as { errorCode: string }).errorCode, "ERR_NGROK_105");
  assert.equal(withErrorCode("x"), "x");
});

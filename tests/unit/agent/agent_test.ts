import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { type Duplex, pair } from "../../../lib/base/duplex.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { connect, prepareAgent } from "../../../lib/agent/agent.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { STREAM } from "../../../lib/wire/messages.ts";
import { Stage } from "../../fakes/agent_stage.ts";
import { type FakeSession, type Json, readAll, refusalText } from "../../fakes/edge.ts";

const REFUSED_DIAL = new TunnelError(
  "connection_refused",
  "Cannot connect: connection refused",
);

/** The Auth and Bind requests a session saw, without what never changes. */
function continued(session: FakeSession): Json {
  const [auth] = session.of(STREAM.auth);
  const extra = auth.json.Extra as Json;
  return {
    ClientId: auth.json.ClientId,
    Cookie: extra.Cookie,
    binds: session.of(STREAM.bind).map(({ json }) => ({
      Id: json.Id,
      Token: (json.Extra as Json).Token,
      Hostname: (json.Opts as Json).Hostname,
    })),
  };
}

test("connect() authenticates, forward() binds, close() says goodbye", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  assert.equal(agent.state, "online");
  assert.equal(agent.session.accountName, "Owner");
  assert.equal(stage.runtime.host.kept, 1, "the program stays alive");
  const endpoint = await agent.forward({ addr: 8080, name: "web" });
  assert.equal(endpoint.url, "https://name-1.tunnel.test");
  assert.equal(endpoint.upstream, "http://localhost:8080");
  assert.equal(endpoint.online, true);
  assert.deepEqual(agent.endpoints, [endpoint]);
  await stage.stop();
  assert.equal(agent.state, "closed");
  assert.deepEqual(await agent.closed, { reason: "closed", error: undefined });
  assert.deepEqual(await endpoint.closed, { error: undefined });
  assert.equal(
    stage.edge.session.of(STREAM.unbind).length,
    0,
    "agents never unbind at exit",
  );
  assert.deepEqual(stage.edge.session.end?.goAway, {
    code: 0,
    text: "no error",
  });
  assert.equal(stage.clock.pending, 0, "no timer is left");
  assert.equal(stage.runtime.host.kept, 0);
});

test("forward() of an agent writes the lines scripts wait for", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  await agent.forward({ addr: "[::1]:80", name: "v6" });
  assert.deepEqual(stage.lines.slice(0, 4), [
    'info client session established {"obj":"tunnels.session","id":"client-1"}',
    'info tunnel session started {"obj":"tunnels.session"}',
    'debug decoded response {"obj":"csess","resp":"&{ClientId:v6 ' +
    'URL:https://name-1.tunnel.test Proto:https Error:}","err":null}',
    'info started tunnel {"obj":"tunnels","name":"v6","addr":"http://[::1]:80",' +
    '"url":"https://name-1.tunnel.test"}',
  ]);
  await stage.stop();
});

test("prepareAgent() gives an agent that is empty until it is started, and can be closed before", async () => {
  const { agent, start } = await prepareAgent({
    connectUrl: "connect.test",
    runtime: memoryRuntime(),
  });
  assert.deepEqual([agent.state, agent.session.region], ["connecting", ""]);
  assert.deepEqual([agent.latencyMs, agent.endpoints.length], [undefined, 0]);
  await agent.close();
  assert.equal(agent.state, "closed");
  await assert.rejects(start(), { code: "aborted" });
});

const LOSSES: Readonly<Record<string, (session: FakeSession) => void>> = {
  "a RST": (session) => session.cut(),
  "a FIN": (session) => session.finish(),
  "a GOAWAY": (session) => void session.goAway(),
};

for (const [name, lose] of Object.entries(LOSSES)) {
  test(`an agent reconnects at once after ${name} and brings each endpoint back as it was`, async () => {
    const stage = new Stage();
    const agent = await stage.connect();
    const web = await agent.forward({ addr: 8080 });
    const api = await agent.forward({ addr: 8081 });
    const urls = [web.url, api.url];
    const startedMs = stage.clock.now();
    lose(stage.edge.session);
    await stage.until(() => stage.edge.sessions.length === 2 && web.online && api.online);
    assert.equal(stage.clock.now(), startedMs, "no time passed");
    assert.deepEqual(continued(stage.edge.session), {
      ClientId: "client-1",
      Cookie: "cookie-1",
      binds: [
        { Id: "bind-1", Token: "token-1", Hostname: "name-1.tunnel.test" },
        { Id: "bind-2", Token: "token-2", Hostname: "name-2.tunnel.test" },
      ],
    });
    assert.deepEqual([web.url, api.url], urls);
    assert.deepEqual(
      stage.events.map((event) => event.type).filter((type) => type !== "heartbeat_received"),
      [
        ...[
          "session_established",
          "endpoint_online",
          "endpoint_online",
          "session_lost",
        ],
        ...[
          "reconnect_scheduled",
          "session_established",
          "endpoint_online",
          "endpoint_online",
        ],
      ],
    );
    assert.deepEqual(
      stage.of("session_established").map((event) => event.reconnected),
      [
        false,
        true,
      ],
    );
    assert.deepEqual(
      stage.of("endpoint_online").map((event) => event.rebound),
      [
        ...[false, false, true, true],
      ],
    );
    await stage.stop();
  });
}

test("an agent notices a silent edge after interval and tolerance and reconnects", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const web = await agent.forward({ addr: 8080 });
  await stage.clock.advance(60_000);
  assert.equal(stage.edge.sessions.length, 1, "a living session stays");
  assert.equal(agent.latencyMs, 0);
  stage.edge.session.silence();
  await stage.clock.advance(24_000);
  assert.equal(stage.edge.sessions.length, 1);
  await stage.clock.advance(11_000);
  await stage.until(() => stage.edge.sessions.length === 2 && web.online);
  assert.equal(stage.of("session_lost")[0].code, "heartbeat_lost");
  await stage.stop();
});

test("an agent whose options say so notices a silent edge sooner", async () => {
  const stage = new Stage();
  await stage.connect({
    heartbeatIntervalMs: 2_000,
    heartbeatToleranceMs: 3_000,
  });
  stage.edge.session.silence();
  await stage.clock.advance(7_000);
  await stage.until(() => stage.edge.sessions.length === 2);
  await stage.stop();
});

test("an agent tries for ever, a few times each 0.5 s, then doubling to 30 s", async () => {
  const stage = new Stage();
  await stage.connect();
  await stage.clock.advance(6_000);
  stage.edge.down = REFUSED_DIAL;
  stage.edge.session.cut();
  await stage.clock.advance(0);
  const times: number[] = [];
  let dials = stage.edge.dials;
  assert.equal(dials, 2, "the first attempt is immediate");
  const startMs = stage.clock.now();
  while (times.length < 12) {
    await stage.clock.advance(100);
    if (stage.edge.dials > dials) {
      times.push((stage.clock.now() - startMs) / 1000);
    }
    dials = stage.edge.dials;
  }
  const waits = times.map((time, at) => Math.round((time - (times[at - 1] ?? 0)) * 10) / 10);
  assert.deepEqual(waits, [0.5, 0.5, 0.5, 0.5, 0.5, 1, 2, 4, 8, 16, 30, 30]);
  assert.equal(stage.agent.state, "reconnecting");
  assert.deepEqual(
    stage.of("session_failed").map((event) => event.attempt).slice(0, 4),
    [
      ...[1, 2, 3, 4],
    ],
  );
  assert.match(
    stage.lines.join("\n"),
    /error failed to reconnect session {"obj":"csess","err":"Cannot connect: connection refused"}/,
  );
  assert.match(
    stage.lines.join("\n"),
    /debug sleep before reconnect {"obj":"csess","secs":30}/,
  );
  stage.edge.down = undefined;
  await stage.clock.advance(30_000);
  await stage.until(() => stage.agent.state === "online");
  await stage.stop();
});

test("an agent does not hammer an edge that accepts sessions only to drop them", async () => {
  const stage = new Stage();
  await stage.connect();
  for (let session = 1; session <= 4; session++) {
    await stage.until(() => stage.edge.sessions.length === session);
    await stage.until(() => stage.agent.state === "online");
    stage.edge.session.cut();
    await stage.until(() => stage.of("session_lost").length === session);
    if (session > 1) {
      const waitMs = 500 * 2 ** (session - 2);
      await stage.clock.advance(waitMs - 1);
      assert.equal(stage.edge.sessions.length, session);
      await stage.clock.advance(1);
    }
  }
  assert.deepEqual(
    stage.of("reconnect_scheduled").map((event) => event.delayMs),
    [
      ...[0, 500, 1_000, 2_000],
    ],
  );
  await stage.until(() => stage.agent.state === "online");
  await stage.clock.advance(5_000);
  stage.edge.session.cut();
  await stage.until(() => stage.edge.sessions.length === 6);
  await stage.stop();
});

for (
  const code of [
    ...([
      "connection_refused",
      "host_not_found",
      "timed_out",
      "network_unreachable",
    ] as const),
    ...(["connection_reset", "tls_failed", "connection_closed"] as const),
  ]
) {
  test(`connect() keeps trying when the first attempt fails with ${code}`, async () => {
    const stage = new Stage();
    stage.edge.dialErrors.push(
      new TunnelError(code, `Cannot connect: ${code}`),
    );
    const connecting = stage.connect();
    await stage.until(() => stage.of("session_failed").length === 1);
    assert.deepEqual(stage.of("session_failed")[0], {
      type: "session_failed",
      attempt: 1,
      code,
      ngrokCode: undefined,
      message: `Cannot connect: ${code}`,
      atMs: stage.clock.now(),
    });
    await stage.clock.advance(500);
    await connecting;
    await stage.stop();
  });
}

test("connect() keeps trying when the dialler throws what it likes", async () => {
  const stage = new Stage();
  stage.edge.dialErrors.push(new Error("odd"));
  const connecting = stage.connect();
  await stage.clock.advance(500);
  await connecting;
  assert.equal(stage.of("session_failed")[0].code, "connection_closed");
  await stage.stop();
});

test("connect() keeps trying when the edge does not answer Auth", async () => {
  const stage = new Stage();
  stage.edge.onAuth = () => undefined;
  const connecting = stage.connect();
  await stage.clock.advance(10_000);
  assert.equal(stage.of("session_failed")[0].code, "timed_out");
  stage.edge.onAuth = () => stage.edge.defaultAuth();
  await stage.clock.advance(500);
  await connecting;
  await stage.stop();
});

for (const code of [105, 107, 108, 300, 4018, 12345]) {
  test(`connect() rejects when the edge refuses it with ${code}`, async () => {
    const stage = new Stage();
    const text = "Your authtoken is not valid.";
    stage.edge.onAuth = () => refusalText(text, code);
    await assert.rejects(stage.connect(), (thrown) => {
      assert.ok(thrown instanceof TunnelError);
      assert.equal(thrown.code, "refused");
      assert.equal(thrown.ngrokCode, code);
      assert.equal(thrown.message, text);
      return true;
    });
    await stage.clock.advance(60_000);
    assert.equal(stage.edge.dials, 1);
    assert.equal(stage.clock.pending, 0);
    assert.equal(stage.runtime.host.kept, 0);
    assert.deepEqual(stage.of("agent_closed")[0].reason, "refused");
  });
}

test("connect() rejects a refusal without a number too", async () => {
  const stage = new Stage();
  stage.edge.onAuth = () => ({ Error: "go away" });
  await assert.rejects(stage.connect(), {
    code: "refused",
    message: "go away",
  });
});

test("connect() waits while the edge speaks of its own trouble", async () => {
  const stage = new Stage();
  stage.edge.onAuth = () => refusalText("The edge is draining.", 742);
  const connecting = stage.connect();
  await stage.until(() => stage.of("session_failed").length === 1);
  stage.edge.onAuth = () => stage.edge.defaultAuth();
  await stage.clock.advance(500);
  await connecting;
  await stage.stop();
});

for (
  const code of ["tls_untrusted", "tls_name_mismatch", "tls_expired"] as const
) {
  test(`connect() rejects ${code}, a connected agent keeps trying`, async () => {
    const error = new TunnelError(code, `Cannot connect: ${code}`);
    const first = new Stage();
    first.edge.down = error;
    await assert.rejects(first.connect(), { code });
    assert.equal(first.edge.dials, 1);
    const later = new Stage();
    await later.connect();
    later.edge.dialErrors.push(error);
    later.edge.session.cut();
    await later.clock.advance(500);
    await later.until(() => later.edge.sessions.length === 2);
    await later.stop();
  });
}

test("an agent ends when the edge refuses its token on a reconnect", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const web = await agent.forward({ addr: 8080 });
  stage.edge.onAuth = () => refusalText("The authtoken was revoked.", 300);
  stage.edge.session.cut();
  await stage.until(() => agent.state === "closed");
  const end = await agent.closed;
  assert.equal(end.reason, "refused");
  assert.equal(end.error?.ngrokCode, 300);
  assert.equal((await web.closed).error, end.error);
  assert.deepEqual(agent.endpoints, []);
  await stage.clock.advance(120_000);
  assert.equal(stage.edge.dials, 2, "it does not come back");
  assert.equal(stage.clock.pending, 0);
});

test("an agent asks for a new session when the edge does not continue the old one", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const web = await agent.forward({ addr: 8080 });
  let refusals = 0;
  stage.edge.onAuth = (request) => {
    if (request.ClientId === "") return stage.edge.defaultAuth();
    refusals++;
    return refusalText("What is that?", 12345);
  };
  stage.edge.session.cut();
  await stage.clock.advance(500);
  await stage.until(() => web.online);
  assert.equal(refusals, 1);
  assert.equal(
    (stage.edge.session.of(STREAM.bind)[0].json.Extra as Json).Token,
    "token-1",
  );
  await stage.stop();
});

test("an agent with a cookie the edge cannot read asks for a new session at once", async () => {
  const stage = new Stage();
  await stage.connect();
  stage.edge.onAuth = (request) =>
    request.ClientId === "" ? stage.edge.defaultAuth() : refusalText("Bad cookie.", 110);
  stage.edge.session.cut();
  await stage.until(() => stage.agent.state === "online" && stage.edge.sessions.length === 3);
  await stage.stop();
});

test("an agent keeps its session id and takes a new cookie", async () => {
  const stage = new Stage();
  await stage.connect();
  stage.edge.onAuth = () => stage.edge.defaultAuth({ Cookie: "cookie-2" });
  stage.edge.session.cut();
  await stage.until(() => stage.agent.state === "online");
  await stage.clock.advance(5_000);
  stage.edge.session.cut();
  await stage.until(() => stage.edge.sessions.length === 3 && stage.agent.state === "online");
  assert.deepEqual(continued(stage.edge.session), {
    ClientId: "client-1",
    Cookie: "cookie-2",
    binds: [],
  });
  await stage.stop();
});

test("forward() while the edge is away waits for the next session", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  stage.edge.down = REFUSED_DIAL;
  stage.edge.session.cut();
  await stage.until(() => agent.state === "reconnecting");
  let url = "";
  const forwarding = agent.forward({ addr: 22, proto: "tcp" }).then((made) => url = made.url);
  await stage.clock.advance(400);
  assert.equal(url, "");
  stage.edge.down = undefined;
  await stage.clock.advance(500);
  await forwarding;
  assert.equal(url, "tcp://tunnel.test:20001");
  await stage.stop();
});

test("forward() refuses bad options before the edge is asked", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  await assert.rejects(agent.forward({ addr: "ftp://x" }), {
    code: "address_invalid",
  });
  await assert.rejects(agent.forward({ addr: 1, url: "https://h/" }), {
    ngrokCode: 9038,
  });
  await assert.rejects(
    agent.forward({ addr: 1, adr: 2 } as never),
    /unknown key "adr"/,
  );
  await assert.rejects(
    agent.forward({ addr: "tls://h:1", upstreamTlsVerifyCas: "/nowhere.pem" }),
    { code: "not_found" },
  );
  assert.equal(stage.edge.session.of(STREAM.bind).length, 0);
  assert.deepEqual(agent.endpoints, []);
  await stage.stop();
  await assert.rejects(agent.forward({ addr: 1 }), { code: "session_closed" });
});

test("forward() takes the protocol from what is there", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const protos: Json[] = [];
  for (
    const options of [
      { addr: 80 },
      { addr: 80, url: "http://h.test" },
      { addr: "tcp://h:1" },
      { addr: "tls://h:1" },
      { addr: 1, url: "tls://h.test" },
      { addr: 1, proto: "tcp" as const },
    ]
  ) await agent.forward(options);
  for (const { json } of stage.edge.session.of(STREAM.bind)) {
    protos.push({ Proto: json.Proto, URL: (json.Opts as Json).URL });
  }
  assert.deepEqual(protos, [
    { Proto: "https", URL: "" },
    { Proto: "http", URL: "http://h.test" },
    { Proto: "tcp", URL: "tcp://" },
    { Proto: "tls", URL: "tls://" },
    { Proto: "tls", URL: "tls://h.test" },
    { Proto: "tcp", URL: "tcp://" },
  ]);
  await stage.stop();
});

test("S124 an agent stops when the edge asks and its handler agrees", async () => {
  const stage = new Stage();
  let asked = 0;
  const agent = await stage.connect({ commands: { stop: () => void asked++ } });
  const answer = await stage.edge.session.ask(STREAM.stop, {});
  assert.equal(answer, '{"Error":""}');
  assert.equal(asked, 1);
  await stage.clock.advance(1_000);
  assert.deepEqual(await agent.closed, { reason: "stopped", error: undefined });
  await stage.clock.advance(120_000);
  assert.equal(stage.edge.dials, 1, "it does not come back");
  assert.match(
    stage.lines.join("\n"),
    /info received stop request {"obj":"app","stopReq":"{err:<nil> restart:false}"}/,
  );
});

test("an agent restarts when the edge asks, and says so at its end", async () => {
  const stage = new Stage();
  const agent = await stage.connect({ commands: { restart: async () => {} } });
  assert.equal(
    await stage.edge.session.ask(STREAM.restart, {}),
    '{"Error":""}',
  );
  await stage.clock.advance(1_000);
  assert.equal((await agent.closed).reason, "restarted");
});

test("an agent without a handler refuses commands and goes on", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  for (const type of [STREAM.stop, STREAM.restart, STREAM.update]) {
    assert.equal(
      await stage.edge.session.ask(type, {}),
      '{"Error":"the agent has not defined a callback for this operation"}',
    );
  }
  await stage.clock.advance(0);
  assert.equal(agent.state, "online");
  assert.equal(stage.of("command_received").length, 3);
  await stage.stop();
});

test("an agent drops an endpoint the edge stopped, and does not ask for it again", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const web = await agent.forward({ addr: 8080, name: "web" });
  const api = await agent.forward({ addr: 8081, name: "api" });
  const request = {
    Id: web.id,
    Message: "Stopped by an admin",
    ErrorCode: "ERR_NGROK_1234",
  };
  assert.equal(
    await stage.edge.session.ask(STREAM.stopTunnel, request),
    "",
    "no answer, only FIN",
  );
  const { error } = await web.closed;
  assert.equal(error?.message, "Stopped by an admin");
  assert.equal(error?.ngrokCode, 1234);
  assert.equal(web.online, false);
  assert.deepEqual(agent.endpoints, [api]);
  assert.equal(stage.edge.session.of(STREAM.unbind).length, 0);
  const [stopped] = stage.of("endpoint_stopped");
  assert.deepEqual([stopped.name, stopped.by, stopped.ngrokCode], [
    "web",
    "server",
    1234,
  ]);
  stage.edge.session.cut();
  await stage.until(() => stage.edge.sessions.length === 2 && api.online);
  assert.deepEqual(
    stage.edge.session.of(STREAM.bind).map(({ json }) => json.Id),
    [api.id],
  );
  await stage.stop();
});

test("an agent stands a stop for an endpoint it does not know, and odd streams", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  await stage.edge.session.ask(STREAM.stopTunnel, {
    Id: "nope",
    Message: "bye",
  });
  await assert.rejects(stage.edge.session.ask(42, {}), {
    code: "stream_reset",
  });
  await assert.rejects(stage.edge.session.ask(STREAM.stop, [] as never));
  assert.equal(agent.state, "online");
  await stage.stop();
});

/** A clock whose wall time can leap, as it does when a machine wakes up. */
class SleepyClock extends FakeClock {
  leapMs = 0;

  override now(): number {
    return super.now() + this.leapMs;
  }
}

test("an agent that wakes up asks the edge at once whether it is still there", async () => {
  const clock = new SleepyClock();
  const stage = new Stage(clock);
  await stage.connect();
  clock.leapMs += 3_600_000;
  await stage.clock.advance(5_000);
  assert.equal(stage.edge.sessions.length, 1, "an edge that answers stays");
  stage.edge.session.silence();
  await stage.clock.advance(1_000);
  clock.leapMs += 3_600_000;
  await stage.clock.advance(5_000);
  assert.equal(stage.edge.sessions.length, 1);
  await stage.clock.advance(3_000);
  await stage.until(() => stage.edge.sessions.length === 2);
  assert.equal(stage.of("session_lost")[0].code, "heartbeat_lost");
  await stage.stop();
});

test("an agent that wakes up while it waits tries again at once", async () => {
  const clock = new SleepyClock();
  const stage = new Stage(clock);
  await stage.connect({ backoff: { firstMs: 30_000, random: () => 1 } });
  await stage.clock.advance(6_000);
  stage.edge.dialErrors.push(REFUSED_DIAL);
  stage.edge.session.cut();
  await stage.until(() => stage.edge.dials === 2);
  await stage.clock.advance(1_000);
  clock.leapMs += 3_600_000;
  await stage.clock.advance(5_000);
  assert.equal(stage.edge.dials, 3);
  await stage.until(() => stage.agent.state === "online");
  await stage.stop();
});

test("S119 an agent whose machine moves to another network asks the edge at once", async () => {
  const stage = new Stage();
  await stage.connect();
  stage.runtime.host.links = { wlan0: ["198.51.100.1"] };
  await stage.clock.advance(9_000);
  assert.equal(stage.edge.sessions.length, 1, "an edge that answers stays");
  stage.edge.session.silence();
  stage.runtime.host.links = { wlan0: ["198.51.100.2"] };
  await stage.clock.advance(9_000);
  await stage.until(() => stage.edge.sessions.length === 2);
  assert.equal(stage.of("session_lost")[0].code, "heartbeat_lost");
  await stage.stop();
});

test("connect() is ended by its signal, whatever it waits for", async () => {
  const waits: Record<string, (stage: Stage) => void> = {
    "the next attempt": (stage) => stage.edge.down = REFUSED_DIAL,
    "the answer to Auth": (stage) => stage.edge.onAuth = () => undefined,
  };
  for (const [what, prepare] of Object.entries(waits)) {
    const stage = new Stage();
    prepare(stage);
    const abort = new AbortController();
    const connecting = stage.connect({ signal: abort.signal });
    await stage.clock.advance(100);
    abort.abort();
    await assert.rejects(connecting, { code: "aborted" }, what);
    assert.equal(stage.clock.pending, 0, what);
    assert.equal(stage.runtime.host.kept, 0, what);
  }
});

test("connect() is ended by its signal while the dialler hangs", async () => {
  const stage = new Stage();
  const abort = new AbortController();
  const connecting = stage.connect({
    signal: abort.signal,
    dial: () => new Promise<Duplex>(() => {}),
  });
  await stage.clock.advance(100);
  abort.abort();
  await assert.rejects(connecting, { code: "aborted" });
  const gone = new AbortController();
  gone.abort();
  await assert.rejects(stage.connect({ signal: gone.signal }), {
    code: "aborted",
  });
  assert.equal(stage.clock.pending, 0);
});

test("a connected agent is closed by its signal", async () => {
  const stage = new Stage();
  const abort = new AbortController();
  const agent = await stage.connect({ signal: abort.signal });
  abort.abort();
  await stage.clock.advance(1_000);
  assert.equal((await agent.closed).reason, "closed");
});

test("connect() gives up a carrier that arrives after its time", async () => {
  const stage = new Stage();
  const [late, far] = pair();
  const arrivals: ((carrier: Duplex) => void)[] = [];
  const connecting = stage.connect({
    connectTimeoutMs: 1_000,
    dial: () => new Promise<Duplex>((resolve) => arrivals.push(resolve)),
  });
  await stage.clock.advance(1_000);
  assert.equal(stage.of("session_failed")[0].code, "timed_out");
  arrivals[0](late);
  await stage.clock.advance(0);
  await assert.rejects(async () => await far.read(), {
    code: "connection_reset",
  });
  await stage.clock.advance(500);
  arrivals[1](await stage.edge.dial());
  await stage.until(() => stage.agent !== undefined);
  await connecting;
  await stage.stop();
});

test("connect() refuses options it cannot use", async () => {
  const runtime = memoryRuntime();
  await assert.rejects(connect({ runtime }), /"connectUrl" is missing/);
  await assert.rejects(connect({ runtime, connectUrl: "https://h" }), {
    code: "address_invalid",
  });
  await assert.rejects(
    connect({ runtime, connectUrl: "h", connectCas: "/nowhere.pem" }),
    { code: "not_found" },
  );
});

test("an agent goes on when a listener throws", async () => {
  const stage = new Stage();
  const agent = await stage.connect({
    onEvent: () => {
      throw new Error("a bug of the caller");
    },
  });
  await agent.forward({ addr: 1 });
  assert.match(stage.lines.join("\n"), /error event listener failed/);
  await stage.stop();
});

test("subscribe() of an agent hears events until it is ended", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const heard: string[] = [];
  const end = agent.subscribe((event) => heard.push(event.type));
  await agent.forward({ addr: 1 });
  end();
  await agent.forward({ addr: 2 });
  assert.deepEqual(heard, ["endpoint_online"]);
  await stage.stop();
});

test("an agent passes on what the edge has to say to the user", async () => {
  const stage = new Stage();
  stage.edge.onAuth = () =>
    stage.edge.defaultAuth({
      Banner: "Maintenance at noon",
      DeprecationWarning: {
        NextMin: "9",
        NextDate: "2030-01-01T00:00:00Z",
        Msg: "Update soon",
      },
    });
  await stage.connect();
  assert.deepEqual(
    stage.of("notice_received").map((event) => [event.notice, event.text]),
    [
      ["banner", "Maintenance at noon"],
      ["deprecation", "Update soon"],
    ],
  );
  await stage.stop();
});

test("an agent carries a visitor to the service and back, end by end", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const door = await stage.runtime.net.listen({
    host: "localhost",
    port: 8080,
    onConnection: async (conn) => {
      const request = await readAll(conn);
      await conn.write(new TextEncoder().encode(`you said ${request}`));
      await conn.closeWrite();
    },
  });
  const web = await agent.forward({ addr: 8080, name: "web" });
  const visitor = stage.edge.session.visit(
    { Id: web.id },
    new TextEncoder().encode("hel"),
  );
  await visitor.write(new TextEncoder().encode("lo"));
  await stage.clock.advance(0);
  assert.equal(web.openConnections, 1);
  await visitor.closeWrite();
  assert.equal(await readAll(visitor), "you said hello");
  await stage.until(() => web.openConnections === 0);
  assert.equal(web.totalConnections, 1);
  const [opened] = stage.of("connection_opened");
  const [closed] = stage.of("connection_closed");
  assert.equal(opened.clientAddr, "192.0.2.7:50000");
  assert.equal(opened.connectionId, closed.connectionId);
  assert.deepEqual([closed.name, closed.inBytes, closed.outBytes], [
    "web",
    5,
    14,
  ]);
  assert.match(
    stage.lines.join("\n"),
    /info join connections {"obj":"join","id":"[0-9a-f]{12}","l":"[^"]+:8080","r":"192.0.2.7:50000"}/,
  );
  await door.close();
  await stage.stop();
});

test("close() of an agent lets a connection in use finish and takes no new one", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const services: Duplex[] = [];
  const door = await stage.runtime.net.listen({
    host: "localhost",
    port: 8080,
    onConnection: (conn) => services.push(conn),
  });
  const web = await agent.forward({ addr: 8080 });
  const { session } = stage.edge;
  const visitor = session.visit(
    { Id: web.id },
    new TextEncoder().encode("GET"),
  );
  await stage.until(() => services.length === 1);
  const closing = agent.close({ graceMs: 30_000 });
  await stage.clock.advance(5_000);
  assert.equal(agent.state, "closing");
  await assert.rejects(
    async () => await session.visit({ Id: web.id }).read(),
    { code: "stream_refused" },
  );
  await services[0].write(new TextEncoder().encode("done"));
  await services[0].closeWrite();
  await visitor.closeWrite();
  assert.equal(await readAll(visitor), "done");
  await stage.clock.advance(1_100);
  await closing;
  assert.equal(agent.state, "closed");
  await door.close();
});

test("close() of an agent gives up URLs that others serve too before it drains, and no other", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const shared = await agent.forward({ addr: 8080, name: "shared", poolingEnabled: true });
  await agent.forward({ addr: 8081, name: "alone" });
  const { session } = stage.edge;
  const closing = agent.close({ graceMs: 5_000 });
  await stage.until(() => session.of(STREAM.unbind).length > 0);
  await stage.clock.advance(1_000);
  await closing;
  assert.deepEqual(session.of(STREAM.unbind).map(({ json }) => json.Id), [shared.id]);
  assert.equal(stage.clock.pending, 0);
});

import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { STREAM } from "../../../lib/wire/messages.ts";
import { Stage } from "../../fakes/agent_stage.ts";
import { type Json, readAll, refusalText } from "../../fakes/edge.ts";

test("Endpoints: the first bind's refusal is the caller's, with the server's text", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  stage.edge.onBind = () => refusalText("The endpoint is online elsewhere.", 334);
  await assert.rejects(agent.forward({ addr: 1, name: "web" }), {
    code: "refused",
    ngrokCode: 334,
    message: "The endpoint is online elsewhere.",
  });
  assert.equal(agent.state, "online", "the session stays");
  assert.deepEqual(agent.endpoints, []);
  stage.edge.onBind = (request) => stage.edge.defaultBind(request);
  await agent.forward({ addr: 1, name: "web" });
  await stage.stop();
});

test("Endpoints: an answer that cannot be read is the caller's too", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  stage.edge.onBind = () => ({ Id: 7 });
  await assert.rejects(agent.forward({ addr: 1 }), { code: "message_invalid" });
  await stage.stop();
});

test("Endpoints: names are unique, and found when none is given", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  await agent.forward({ addr: 1, name: "endpoint-1" });
  const second = await agent.forward({ addr: 1 });
  assert.equal(second.name, "endpoint-2");
  await assert.rejects(agent.forward({ addr: 1, name: "endpoint-2" }), {
    code: "config_invalid",
    message: 'Cannot add the endpoint "endpoint-2": the name is taken',
  });
  await stage.stop();
});

test("Endpoints: one that is refused on a rebind is asked for again, the others are not held up", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const web = await agent.forward({ addr: 1, name: "web" });
  const api = await agent.forward({ addr: 2, name: "api" });
  stage.edge.onBind = (request) =>
    request.Id === web.id ? refusalText("Taken.", 334) : stage.edge.defaultBind(request);
  stage.edge.session.cut();
  await stage.until(() => stage.edge.sessions.length === 2 && api.online);
  assert.equal(web.online, false);
  await stage.clock.advance(3_600);
  const failures = stage.of("endpoint_failed");
  assert.deepEqual(
    failures.map((
      { name, retryInMs, ngrokCode },
    ) => [name, retryInMs, ngrokCode]),
    [
      ["web", 500, 334],
      ["web", 1_000, 334],
      ["web", 2_000, 334],
      ["web", 4_000, 334],
    ],
  );
  stage.edge.onBind = (request) => stage.edge.defaultBind(request);
  await stage.clock.advance(4_000);
  assert.equal(web.online, true);
  assert.equal(web.url, "https://name-1.tunnel.test");
  assert.equal(stage.edge.sessions.length, 2);
  await stage.stop();
  assert.equal(stage.clock.pending, 0);
});

test("Endpoints: a binding the server has forgotten is asked for afresh, with its URL", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const web = await agent.forward({ addr: 1 });
  const { url } = web;
  stage.edge.onBind = (request) =>
    request.Id !== "" ? refusalText("The bind token is malformed.", 335) : {
      ...stage.edge.defaultBind(request),
      Id: "fresh",
    };
  stage.edge.session.cut();
  await stage.until(() => web.online && stage.edge.sessions.length === 2);
  assert.equal(web.url, url);
  assert.equal(web.id, "fresh");
  const [, second] = stage.edge.session.of(STREAM.bind);
  assert.equal((second.json.Opts as Json).URL, url);
  assert.equal(stage.of("endpoint_failed").length, 0, "that is no failure");
  await stage.stop();
});

test("Endpoints: another URL after a reconnect is told", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const web = await agent.forward({ addr: 1, name: "web" });
  stage.edge.onBind = (request) => ({
    ...stage.edge.defaultBind(request),
    URL: "https://other.tunnel.test",
  });
  stage.edge.session.cut();
  await stage.until(() => web.online && stage.edge.sessions.length === 2);
  const [changed] = stage.of("endpoint_url_changed");
  assert.deepEqual([changed.name, changed.previousUrl, changed.url], [
    ...["web", "https://name-1.tunnel.test", "https://other.tunnel.test"],
  ]);
  await stage.stop();
});

test("Endpoints: a bind whose answer is lost is repeated, even past its own shadow", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  stage.edge.onBind = () => undefined;
  const forwarding = agent.forward({ addr: 1 });
  await stage.until(() => stage.edge.session.of(STREAM.bind).length === 1);
  stage.edge.onBind = () => refusalText("Already online.", 334);
  stage.edge.session.cut();
  await stage.until(() => stage.edge.sessions.length === 2 && agent.state === "online");
  await stage.until(() => stage.of("endpoint_failed").length === 1);
  stage.edge.onBind = (request) => stage.edge.defaultBind(request);
  await stage.clock.advance(500);
  assert.equal((await forwarding).online, true);
  await stage.stop();
});

test("Endpoints: a bind that is not answered is repeated on the same session", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  stage.edge.onBind = () => undefined;
  const forwarding = agent.forward({ addr: 1 });
  await stage.clock.advance(10_000);
  assert.equal(stage.of("endpoint_failed")[0].code, "timed_out");
  stage.edge.onBind = (request) => stage.edge.defaultBind(request);
  await stage.clock.advance(500);
  await forwarding;
  assert.equal(stage.edge.sessions.length, 1);
  await stage.stop();
});

test("Endpoints: close() of one unbinds it and leaves the rest", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const web = await agent.forward({ addr: 1 });
  const api = await agent.forward({ addr: 2 });
  await web.close();
  await web.close();
  assert.deepEqual(
    stage.edge.session.of(STREAM.unbind).map(({ json }) => json.Id),
    [web.id],
  );
  assert.deepEqual(await web.closed, { error: undefined });
  assert.deepEqual(agent.endpoints, [api]);
  stage.edge.session.cut();
  await stage.until(() => api.online && stage.edge.sessions.length === 2);
  assert.deepEqual(
    stage.edge.session.of(STREAM.bind).map(({ json }) => json.Id),
    [api.id],
  );
  await stage.stop();
});

test("Endpoints: close() of one that the edge does not unbind is still over here", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const web = await agent.forward({ addr: 1 });
  stage.edge.answer = () => refusalText("Never.", 1);
  await web.close();
  assert.match(stage.lines.join("\n"), /warn failed to unbind .*Never/);
  assert.deepEqual(agent.endpoints, []);
  await stage.stop();
});

test("Endpoints: one that ends while its bind is under way is unbound when the answer comes", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  stage.edge.onBind = () => undefined;
  const forwarding = agent.forward({ addr: 1 });
  const failed = assert.rejects(forwarding, { code: "session_closed" });
  await stage.until(() => stage.edge.session.of(STREAM.bind).length === 1);
  await agent.endpoints[0].close();
  await failed;
  assert.equal(
    stage.edge.session.of(STREAM.unbind).length,
    0,
    "there is no id to unbind yet",
  );
  await stage.stop();
  assert.equal(stage.clock.pending, 0);
});

test("Endpoints: a visitor that overtakes the answer to its Bind is served", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const door = await stage.runtime.net.listen({
    host: "localhost",
    port: 8080,
    onConnection: async (conn) => {
      await conn.write(new TextEncoder().encode("hi"));
      await conn.closeWrite();
    },
  });
  const visits: Promise<string>[] = [];
  stage.edge.onBind = (request, session) => {
    const visitor = session.visit({ Id: "bind-1" });
    void visitor.closeWrite();
    visits.push(readAll(visitor));
    return stage.edge.defaultBind(request);
  };
  await agent.forward({ addr: 8080 });
  assert.equal(await visits[0], "hi");
  await door.close();
  await stage.stop();
});

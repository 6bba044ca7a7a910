import assert from "node:assert/strict";
import { TunnelError } from "../../../../lib/base/errors.ts";
import { test } from "../../../harness.ts";
import { ApiScene, latin1, sample } from "./kit.ts";

// deno-lint-ignore no-explicit-any -- whatever a sample says
type Any = any;

/** Numbers and ids differ from run to run: only that they are there matters. */
function shape(value: Any): Any {
  if (Array.isArray(value)) return value.map(shape);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "ID")
      .map((
        [key, one],
      ) => [key, typeof one === "number" && key !== "status_code" ? 0 : shape(one)]),
  );
}

async function golden(
  scene: ApiScene,
  name: string,
  [method, path, body]: readonly [string, string, unknown?],
  headers: Record<string, string> = {},
): Promise<void> {
  const expected = sample(name);
  const answer = await scene.ask(method, path, body, headers);
  assert.equal(answer.status, expected.status, name);
  assert.equal(answer.headers.get("content-type"), expected.type, name);
  const text = await answer.text();
  assert.equal(text.slice(-1), expected.body.slice(-1));
  assert.equal(
    JSON.stringify(shape(JSON.parse(text))),
    JSON.stringify(shape(JSON.parse(expected.body))),
    name,
  );
}

test("S149 createAgentApi() answers as the ngrok agent does, field for field", async () => {
  const scene = new ApiScene();
  await scene.agent.forward({ addr: 8081, name: "command_line" });
  await golden(scene, "api_tunnel_one", ["GET", "/api/tunnels/command_line"]);
  await scene.agent.forward({
    addr: 8081,
    name: "command_line (http)",
    url: "http://664638b5.tunnel.test",
  });
  await golden(scene, "api_tunnels", ["GET", "/api/tunnels"]);
  await golden(scene, "api_tunnel_missing", ["GET", "/api/tunnels/nope"]);
  await golden(scene, "api_unknown", ["GET", "/api/zzz"]);
  await golden(scene, "api_request_missing", ["GET", "/api/requests/http/nope"]);
  await golden(scene, "api_replay_bad", ["POST", "/api/requests/http", { id: "nope" }]);
  await golden(scene, "api_create_bad", ["POST", "/api/tunnels", { name: "x", proto: "zzz" }]);
  await golden(scene, "api_create_badjson", ["POST", "/api/tunnels", '{"name":']);
  await golden(scene, "api_create_http_bindtls", ["POST", "/api/tunnels", {
    ...{ name: "myhttp", proto: "http", addr: 8081, bind_tls: true, inspect: false },
    hostname: "foo.tunnel.test",
  }]);
  await golden(scene, "api_create_tcp", ["POST", "/api/tunnels", {
    ...{ name: "mytcp", proto: "tcp", addr: "8082" },
  }]);
  await golden(scene, "api_create_noct", ["POST", "/api/tunnels", "a=b"], {
    "content-type": "application/x-www-form-urlencoded",
  });
  const root = await scene.json("GET", "/api");
  for (const [key, value] of Object.entries(JSON.parse(sample("api_root").body))) {
    assert.equal(root[key], value);
  }
  assert.deepEqual(await scene.json("GET", "/api/"), root);
});

test("createAgentApi() gives a captured request as the ngrok agent does", async () => {
  const scene = new ApiScene();
  const expected = JSON.parse(sample("api_request_one").body);
  const cut = (raw: string) => String.fromCharCode(...latin1(atob(raw)));
  const exchange = scene.agent.capture(cut(expected.request.raw), cut(expected.response.raw));
  assert.equal(exchange.state, "complete", exchange.error);
  const answer = await scene.json("GET", `/api/requests/http/${exchange.id}`);
  const id = exchange.id;
  assert.deepEqual(shape(answer), shape({ ...expected, id, uri: `/api/requests/http/${id}` }));
  assert.deepEqual(Object.keys(answer), Object.keys(expected));
  const list = await scene.json("GET", "/api/requests/http?limit=10&tunnel_name=command_line");
  assert.deepEqual(list, { uri: "/api/requests/http", requests: [answer] });
});

test("createAgentApi() refuses a name that leads here by chance, in the words of the ngrok agent", async () => {
  const scene = new ApiScene();
  const answer = await scene.api.fetch(new Request("http://evil.com/api/tunnels"));
  const expected = sample("bad_host");
  assert.equal(answer.status, expected.status);
  assert.equal(answer.headers.get("content-type"), expected.type);
  assert.equal(await answer.text(), expected.body);
});

test("createAgentApi() names the methods of a path, leads to the page, and hides its mistakes", async () => {
  const scene = new ApiScene();
  const wrong = await scene.ask("PUT", "/api/tunnels", {});
  assert.equal(wrong.status, 405);
  assert.equal(wrong.headers.get("allow"), "GET, POST");
  const home = await scene.ask("GET", "/");
  assert.deepEqual([home.status, home.headers.get("location")], [302, "/inspect/http"]);
  await scene.agent.forward({ addr: 1, name: "a" });
  Object.defineProperty(scene.agent, "endpoints", {
    get() {
      throw new Error("secret");
    },
  });
  const broken = await scene.ask("GET", "/api/tunnels");
  assert.equal(broken.status, 500);
  assert.doesNotMatch(await broken.text(), /secret/);
});

test("createAgentApi() serves the inspector's page, under its rules", async () => {
  const scene = new ApiScene();
  for (const path of ["/inspect/http", "/status"]) {
    const answer = await scene.ask("GET", path);
    assert.match(await answer.text(), /^<!doctype html>/i);
    assert.match(answer.headers.get("content-security-policy") ?? "", /trusted-types 'none'/);
  }
  assert.equal((await scene.ask("GET", "/_sallyport/assets/b.js")).status, 404);
});

test("createAgentApi() remembers what went wrong with the session, until it is well", async () => {
  const scene = new ApiScene();
  const tell = (event: Any) => scene.agent.listeners.forEach((listener) => listener(event));
  tell({ type: "session_lost", message: "gone" });
  assert.equal((await scene.json("GET", "/api/inspect/status")).session.error, "gone");
  tell({ type: "session_established" });
  assert.equal((await scene.json("GET", "/api/inspect/status")).session.error, null);
  scene.api.close();
  assert.equal(scene.agent.listeners.size, 0);
});

test("createAgentApi() says which refusal is whose", async () => {
  const scene = new ApiScene();
  const tunnel = { name: "a", proto: "http", addr: 80 };
  scene.agent.refusal = new TunnelError("refused", "The name is reserved by somebody");
  const refused = await scene.json("POST", "/api/tunnels", tunnel);
  assert.deepEqual([refused.error_code, refused.status_code, refused.details.err], [
    ...[103, 502, "The name is reserved by somebody"],
  ]);
  scene.agent.state = "reconnecting";
  assert.equal((await scene.json("POST", "/api/tunnels", tunnel)).error_code, 104);
  scene.agent.state = "online";
  assert.equal((await scene.ask("POST", "/api/tunnels", tunnel)).status, 201);
  const twice = await scene.json("POST", "/api/tunnels", tunnel);
  assert.deepEqual([twice.error_code, twice.details.err], [102, 'the name "a" is taken']);
  const form = await scene.ask("POST", "/api/tunnels", "a=b", {
    "content-type": "application/x-www-form-urlencoded",
  });
  assert.equal(form.status, 415);
});

test("S149 createAgentApi() answers in XML to those who ask for it, in the ngrok agent's words", async () => {
  const scene = new ApiScene();
  await scene.agent.forward({ addr: 80, name: "command_line" });
  const ask = async (path: string, accept: string) => {
    const answer = await scene.ask("GET", path, undefined, { accept });
    return { type: answer.headers.get("content-type"), text: await answer.text(), answer };
  };
  const { type, text } = await ask("/api/tunnels", "application/xml");
  assert.equal(type, "application/xml");
  const conns = "<Count>0</Count><Gauge>0</Gauge>";
  const rest = ["Rate1", "Rate5", "Rate15", "P50", "P90", "P95", "P99"]
    .map((name) => `<${name}>0</${name}>`).join("");
  assert.equal(
    text,
    "<tunnelListResource><Tunnels><Name>command_line</Name><ID>b1</ID>" +
      "<URI>/api/tunnels/command_line</URI>" +
      "<PublicURL>https://664638b5.tunnel.test</PublicURL><Proto>https</Proto>" +
      "<Config><Addr>http://localhost:80</Addr><Inspect>true</Inspect></Config>" +
      `<Metrics><Conns>${conns}${rest}</Conns><HTTP><Count>0</Count>${rest}</HTTP></Metrics>` +
      "</Tunnels><URI>/api/tunnels</URI></tunnelListResource>\n",
  );
  const { text: one } = await ask("/api/tunnels/command_line", "text/xml");
  assert.match(one, /^<tunnelResource><Name>/);
  const missing = await ask("/api/tunnels/nope", "application/xml");
  assert.equal(missing.answer.status, 404);
  assert.equal(
    missing.text,
    "<errorResource><ErrorCode>100</ErrorCode><StatusCode>404</StatusCode>" +
      "<Msg>tunnel not found</Msg><Details><Name>nope</Name></Details></errorResource>\n",
  );
  const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
  assert.equal((await ask("/api/tunnels", browser)).type, "application/xml");
  // What is ours is JSON for everybody.
  assert.match((await ask("/api/inspect/status", browser)).type ?? "", /json/);
});

test("S150 createAgentApi() takes a tunnel in XML", async () => {
  const scene = new ApiScene();
  const body = "<tunnel><Name>x</Name><Proto>http</Proto><Addr>80</Addr><BindTLS>true</BindTLS>" +
    "<Inspect>false</Inspect></tunnel>";
  const headers = { "content-type": "application/xml; charset=utf-8" };
  const answer = await scene.ask("POST", "/api/tunnels", body, headers);
  assert.equal(answer.status, 201);
  assert.deepEqual((await answer.json()).config, { addr: "http://localhost:80", inspect: false });
  const cut = await scene.ask("POST", "/api/tunnels", "<tunnel><Name>", headers);
  assert.equal(cut.status, 400);
  assert.equal((await cut.json()).details.err, "unexpected EOF");
});

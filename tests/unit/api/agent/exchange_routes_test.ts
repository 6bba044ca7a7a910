import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { test } from "../../../harness.ts";
import { ApiScene } from "./kit.ts";

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`;
const ok = (body: string, lines = "") =>
  `HTTP/1.1 200 OK\r\n${lines}Content-Length: ${body.length}\r\n\r\n${body}`;

test("addExchangeRoutes() lists by pages and by what stands anywhere in an exchange", async () => {
  const scene = new ApiScene();
  const ids = ["/a", "/b", "/c"].map((path) => scene.agent.capture(get(path), ok(`saw ${path}`)).id)
    .reverse();
  const list = async (query: string) => {
    const { exchanges } = await scene.json("GET", `/api/inspect/exchanges${query}`);
    return exchanges.map(({ id }: { id: string }) => id);
  };
  assert.deepEqual(await list(""), ids);
  assert.deepEqual(await list("?limit=2"), ids.slice(0, 2));
  assert.deepEqual(await list(`?before=${ids[1]}`), ids.slice(2));
  assert.deepEqual(await list("?q=SAW%20/b"), [ids[1]]);
  assert.deepEqual(await list("?q=a.test&limit=1"), [ids[0]]);
  assert.deepEqual(await list("?endpoint_name=other"), []);
  assert.deepEqual(await list("?filter=header%20host%20==%20a.test&limit=1"), [ids[0]]);
  assert.deepEqual(await list("?filter=header%20host%20!=%20a.test"), []);
  assert.equal((await scene.ask("GET", "/api/inspect/exchanges?filter=x")).status, 400);
  assert.equal((await scene.ask("GET", "/api/inspect/exchanges?limit=x")).status, 400);
  const { headers } = await scene.json("GET", "/api/inspect/headers");
  assert.deepEqual(headers.find(({ name }: { name: string }) => name === "host"), {
    name: "host",
    count: 3,
    values: ["a.test"],
  });
  const { kept, size_bytes, max_bytes } = await scene.json("GET", "/api/inspect/exchanges");
  assert.equal(kept, 3);
  assert.ok(size_bytes > 0 && size_bytes < max_bytes);
  assert.equal((await scene.ask("DELETE", "/api/inspect/exchanges")).status, 204);
  assert.deepEqual(await list(""), []);
});

test("addExchangeRoutes() shows one in full, without its content coding too", async () => {
  const scene = new ApiScene();
  const body = String.fromCharCode(...gzipSync("hello"));
  const { id } = scene.agent.capture(get("/"), ok(body, "Content-Encoding: gzip\r\n"));
  const { response, request, status } = await scene.json("GET", `/api/inspect/exchanges/${id}`);
  assert.equal(status, 200);
  assert.equal(atob(request.head_base64), get("/"));
  assert.equal(atob(response.body.base64), body);
  assert.deepEqual(response.body.decoded, { coding: "gzip", base64: btoa("hello"), error: null });
  assert.equal((await scene.ask("GET", "/api/inspect/exchanges/nope")).status, 404);
});

test("addExchangeRoutes() repeats, as often and as edited as is wanted", async () => {
  const scene = new ApiScene();
  const { id } = scene.agent.capture(get("/"), ok(""));
  const path = `/api/inspect/exchanges/${id}/replay`;
  assert.deepEqual(await scene.json("POST", path), { ids: ["airt_1"] });
  const edits = { times: 2, method: "PUT", headers: [["A", "b"]], body_base64: btoa("x") };
  assert.deepEqual(await scene.json("POST", path, edits), { ids: ["airt_2", "airt_3"] });
  assert.deepEqual(scene.agent.replayed[2].edits, {
    ...{ method: "PUT", headers: [["A", "b"]], body: new Uint8Array([120]) },
    endpointName: undefined,
  });
  for (
    const bad of [{ times: 0 }, { times: 1e6 }, { body_base64: "*" }, { headers: ["a"] }, { x: 1 }]
  ) {
    assert.equal((await scene.ask("POST", path, bad)).status, 400, JSON.stringify(bad));
  }
  assert.equal((await scene.ask("POST", "/api/requests/http", { id })).status, 204);
  assert.equal((await scene.ask("POST", "/api/requests/http", {})).status, 400);
  const other = await scene.ask("POST", "/api/requests/http", { id, tunnel_name: "other" });
  assert.equal(other.status, 404);
  assert.equal(scene.agent.replayed.length, 4);
  // Programs say that they have no wish by `null`, or by a name that nobody knows.
  for (const wish of [{ tunnel_name: null }, { tunnel_name: "" }, { tunnelName: "x" }]) {
    assert.equal((await scene.ask("POST", "/api/requests/http", { id, ...wish })).status, 204);
  }
  await scene.agent.forward({ addr: 1, name: "other" });
  await scene.ask("POST", "/api/requests/http", { id, tunnel_name: "other" });
  assert.equal(scene.agent.replayed.at(-1)?.edits.endpointName, "other");
  await scene.ask("POST", path, { endpoint_name: "other" });
  assert.equal(scene.agent.replayed.at(-1)?.edits.endpointName, "other");
});

test("addExchangeRoutes() takes back the HAR it gave", async () => {
  const scene = new ApiScene();
  scene.agent.capture(get("/one"), ok("1"));
  const two = scene.agent.capture(get("/two"), ok("2"));
  const har = await scene.json("GET", "/api/inspect/har");
  assert.equal(har.log.entries.length, 2);
  const chosen = await scene.json("GET", `/api/inspect/har?id=${two.id}`);
  assert.equal(chosen.log.entries[0].request.url, "https://664638b5.tunnel.test/two");
  await scene.ask("DELETE", "/api/requests/http");
  const { ids } = await scene.json("POST", "/api/inspect/har", har);
  assert.equal(ids.length, 2);
  const { exchanges } = await scene.json("GET", "/api/inspect/exchanges");
  assert.deepEqual(exchanges.map(({ target }: { target: string }) => target), ["/two", "/one"]);
  assert.equal((await scene.ask("POST", "/api/inspect/har", { log: 1 })).status, 400);
});

test("S141 addExchangeRoutes() has nothing when nothing is kept", async () => {
  const scene = new ApiScene({ keeps: false });
  assert.deepEqual(await scene.json("GET", "/api/inspect/exchanges"), {
    ...{ exchanges: [], kept: 0, size_bytes: 0, max_bytes: 0 },
  });
  assert.deepEqual((await scene.json("GET", "/api/requests/http")).requests, []);
  assert.equal((await scene.ask("GET", "/api/requests/http/x")).status, 404);
  assert.equal((await scene.ask("POST", "/api/inspect/har", { log: { entries: [] } })).status, 502);
});

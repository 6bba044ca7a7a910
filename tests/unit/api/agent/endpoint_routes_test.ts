import assert from "node:assert/strict";
import { endpointJson, tunnelJson } from "../../../../lib/api/agent/endpoint_routes.ts";
import { TunnelError } from "../../../../lib/base/errors.ts";
import { test } from "../../../harness.ts";
import { ApiScene } from "./kit.ts";

const WEB = { name: "web", url: "https://web.test", upstream: { url: 8080 } };

test("S150 S151 addEndpointRoutes() starts, shows, replaces and stops endpoints", async () => {
  const scene = new ApiScene();
  const made = await scene.ask("POST", "/api/endpoints", { ...WEB, description: "d" });
  assert.equal(made.status, 201);
  const json = await made.json();
  assert.deepEqual([json.name, json.url, json.uri], [
    "web",
    "https://web.test",
    "/api/endpoints/web",
  ]);
  assert.deepEqual(json.upstream, { url: "http://localhost:8080", protocol: "http1" });
  assert.deepEqual([json.inspect, json.pooling_enabled, json.bindings], [true, false, ["public"]]);
  assert.deepEqual([json.description, json.traffic_policy, json.metadata], ["d", "", ""]);
  assert.deepEqual(Object.keys(json.metrics), ["conns", "http"]);
  assert.deepEqual(await scene.json("GET", "/api/endpoints/web"), json);
  const put = await scene.ask("PUT", "/api/endpoints/web", { upstream: { url: 9090 } });
  assert.equal(put.status, 200);
  assert.equal((await put.json()).upstream.url, "http://localhost:9090");
  assert.equal((await scene.ask("PUT", "/api/endpoints/b", { upstream: { url: 1 } })).status, 201);
  const { endpoints } = await scene.json("GET", "/api/endpoints");
  assert.deepEqual(endpoints.map(({ name }: { name: string }) => name), ["web", "b"]);
  assert.equal((await scene.ask("DELETE", "/api/endpoints/web")).status, 204);
  assert.equal((await scene.ask("DELETE", "/api/endpoints/web")).status, 404);
  assert.equal((await scene.ask("DELETE", "/api/tunnels/b")).status, 204);
  assert.deepEqual(scene.agent.endpoints, []);
});

test("addEndpointRoutes() brings back what a refused replacement took away", async () => {
  const scene = new ApiScene();
  await scene.ask("POST", "/api/endpoints", WEB);
  scene.agent.refusal = new TunnelError("refused", "no");
  assert.equal(
    (await scene.ask("PUT", "/api/endpoints/web", { upstream: { url: 1 } })).status,
    502,
  );
  assert.equal(
    (await scene.json("GET", "/api/endpoints/web")).upstream.url,
    "http://localhost:8080",
  );
});

test("addEndpointRoutes() takes nothing down for a replacement that cannot be", async () => {
  const scene = new ApiScene();
  await scene.ask("POST", "/api/endpoints", WEB);
  const [before] = scene.agent.endpoints;
  const put = await scene.ask("PUT", "/api/endpoints/web", { upstream: { url: "ftp://x" } });
  assert.equal(put.status, 400);
  assert.match((await put.json()).details.err, /the scheme "ftp" is not supported/);
  assert.deepEqual(scene.agent.endpoints, [before]);
});

test("addEndpointRoutes() refuses what it does not understand, and says what", async () => {
  const scene = new ApiScene();
  for (
    const [body, found] of [
      [{ name: "a", upstream: { url: 1 }, wat: 1 }, /wat/],
      [{ name: "a" }, /upstream/],
      [
        { ...WEB, agent_tls_termination: { server_certificate: "c", server_private_key: "k" } },
        /tls:/,
      ],
    ] as const
  ) {
    const { error_code, status_code, details } = await scene.json("POST", "/api/endpoints", body);
    assert.deepEqual([error_code, status_code], [102, 400]);
    assert.match(details.err, found);
  }
  const other = await scene.ask("PUT", "/api/endpoints/web", { name: "b", upstream: { url: 1 } });
  assert.equal(other.status, 400);
  assert.match(
    (await scene.json("POST", "/api/tunnels", { proto: "http", addr: 1 })).details.err,
    /"name"/,
  );
});

test("addEndpointRoutes() makes two tunnels of one with both schemes", async () => {
  const scene = new ApiScene();
  const both = { name: "t", proto: "http", addr: 80, schemes: ["https", "http"] };
  assert.equal((await scene.json("POST", "/api/tunnels", both)).public_url.slice(0, 8), "https://");
  const { tunnels } = await scene.json("GET", "/api/tunnels");
  assert.deepEqual(tunnels.map(({ uri }: { uri: string }) => uri), [
    "/api/tunnels/t",
    "/api/tunnels/t%20%28http%29",
  ]);
  const hosts = tunnels.map(({ public_url }: { public_url: string }) =>
    new URL(public_url).hostname
  );
  assert.equal(hosts[0], hosts[1]);
  assert.equal((await scene.ask("GET", tunnels[1].uri)).status, 200);
});

test("tunnelJson() and endpointJson() name services as their readers do", async () => {
  const scene = new ApiScene();
  const tcp = await scene.agent.forward({ addr: "localhost:22", proto: "tcp", name: "ssh" });
  assert.equal(tunnelJson(tcp).config.addr, "localhost:22");
  assert.equal(endpointJson(tcp).upstream.url, "tcp://localhost:22");
});

test("addEndpointRoutes() takes what pyngrok and the npm package post", async () => {
  const scene = new ApiScene();
  const python = { addr: "5000", name: "http-5000-x y", proto: "http", inspect: "true" };
  const made = await scene.json("POST", "/api/tunnels", { ...python, schemes: ["https"] });
  assert.deepEqual([made.config, made.proto], [
    ...[{ addr: "http://localhost:5000", inspect: true }, "https"],
  ]);
  const npm = { proto: "http", addr: 8080, authtoken: "t", region: "eu", name: "n", port: 8080 };
  assert.equal((await scene.ask("POST", "/api/tunnels", npm)).status, 201);
  // Both ways to write a blank, and a slash too many.
  assert.equal((await scene.ask("GET", "/api/tunnels/http-5000-x+y")).status, 200);
  assert.equal((await scene.ask("DELETE", "/api/tunnels/http-5000-x%20y/", {})).status, 204);
  assert.equal((await scene.ask("GET", "/api/tunnels/")).status, 200);
  const plus = { addr: 1, proto: "http", name: "a+b" };
  assert.equal((await scene.ask("POST", "/api/tunnels", plus)).status, 201);
  assert.equal((await scene.json("GET", "/api/tunnels/a+b")).name, "a+b");
  const slash = { addr: 1, proto: "http", name: "a/b?c" };
  const { uri } = await scene.json("POST", "/api/tunnels", slash);
  assert.equal((await scene.json("GET", uri)).name, "a/b?c");
  const wrong = { addr: "80", port: "8501", name: "p", proto: "http" };
  const { error_code, details } = await scene.json("POST", "/api/tunnels", wrong);
  assert.equal(error_code, 102);
  assert.match(details.err, /"port"/);
});

test("addEndpointRoutes() says in known words that there is no session yet", async () => {
  const scene = new ApiScene();
  scene.agent.state = "connecting";
  const body = await scene.json("POST", "/api/tunnels", { name: "a", proto: "http", addr: 80 });
  assert.deepEqual([body.error_code, body.status_code], [104, 503]);
  assert.equal(
    body.details.err,
    "a successful ngrok tunnel session has not yet been established",
  );
});

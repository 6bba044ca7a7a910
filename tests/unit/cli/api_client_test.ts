import assert from "node:assert/strict";
import { askApi } from "../../../lib/cli/api_client.ts";
import { serveFetch } from "../../../lib/http/serve_fetch.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

test("askApi() sends key, version and body, and reads the JSON of the answer", async () => {
  const runtime = memoryRuntime();
  const { net, clock } = runtime;
  const door = await net.listen({
    port: 4041,
    onConnection: (conn) => {
      serveFetch(conn, async (request) => {
        const { method, url, headers } = request;
        if (url.endsWith("/none")) return new Response(null, { status: 204 });
        if (url.endsWith("/text")) return new Response("hello");
        const body = await request.text();
        const [key, version] = [headers.get("authorization"), headers.get("ngrok-version")];
        return Response.json({ method, url, key, version, body }, { status: 201 });
      }, { clock, scheme: "http" });
    },
  });
  const ask = (target: string, apiUrl = "http://127.0.0.1:4041") =>
    askApi(runtime, { apiUrl, apiCas: "trusted", apiKey: "k", method: "POST", target, body: {} });
  assert.deepEqual(await ask("/a?b=c"), {
    status: 201,
    json: {
      method: "POST",
      url: "http://127.0.0.1:4041/a?b=c",
      key: "Bearer k",
      version: "2",
      body: "{}",
    },
  });
  assert.deepEqual(await ask("/none"), { status: 204, json: undefined });
  await assert.rejects(ask("/text"), { code: "http_invalid", message: /it is not JSON/ });
  await assert.rejects(ask("/", "ftp://x"), { code: "usage" });
  await assert.rejects(ask("/", "http://127.0.0.1:9"), { code: "connection_refused" });
  await door.close();
});

import assert from "node:assert/strict";
import { apiOperations } from "../../../lib/api/operations.ts";
import { makeRequest } from "../../../lib/cli/api_call.ts";
import { apiCommands } from "../../../lib/cli/commands/api.ts";
import { defineGroup } from "../../../lib/cli/command.ts";
import { main } from "../../../lib/cli/main.ts";
import { parse } from "../../../lib/cli/parse.ts";
import { serveFetch } from "../../../lib/http/serve_fetch.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

const API = defineGroup({
  name: "api",
  summary: "ask",
  description: "Asks.",
  examples: [],
  commands: apiCommands(apiOperations()),
  load: () => Promise.resolve([]),
});

function request(...args: string[]) {
  const [command, verb] = args;
  const operation = apiOperations().find((one) => one.command === command && one.verb === verb)!;
  const parsed = parse(["api", ...args], [API], () => undefined);
  assert.ok(parsed.kind === "run");
  return makeRequest(operation, parsed.input);
}

test("makeRequest() puts flags where the API wants them", () => {
  assert.deepEqual(request("credentials", "list", "--limit", "5", "--before-id", "cr_1"), {
    target: "/credentials?before_id=cr_1&limit=5",
    body: undefined,
  });
  assert.deepEqual(
    request("credentials", "create", "--acl", "bind:a", "--acl", "bind:b", "--description", "x"),
    { target: "/credentials", body: { acl: ["bind:a", "bind:b"], description: "x" } },
  );
  assert.deepEqual(request("credentials", "update", "cr_/1", "--acl", ""), {
    target: "/credentials/cr_%2F1",
    body: { acl: [] },
  });
  assert.deepEqual(request("service-users", "update", "service_1", "--active=false"), {
    target: "/service_users/service_1",
    body: { active: false },
  });
  assert.deepEqual(
    request(
      "reserved-domains",
      "create",
      "--domain",
      "a.b",
      "--certificate-management-policy.authority",
      "letsencrypt",
    ).body,
    { domain: "a.b", certificate_management_policy: { authority: "letsencrypt" } },
  );
  assert.deepEqual(request("tunnel-sessions", "update", "ts_1", "--version", "3.1.0"), {
    target: "/tunnel_sessions/ts_1/update",
    body: { version: "3.1.0" },
  });
});

test("makeRequest() refuses what is no number and no JSON before anything is sent", () => {
  assert.throws(() => request("event-destinations", "create", "--target", "{"), { code: "usage" });
  assert.throws(() => request("event-sources", "list"), {
    code: "usage",
    message: /^Missing --subscription-id/,
  });
});

test("S57 callApi() takes the key of the environment before that of the file", async () => {
  const config = "version: 3\nagent: {api_key: key_of_the_file}\n";
  for (
    const [env, key] of [
      [{ NGROK_API_KEY: "key_of_the_environment" }, "key_of_the_environment"],
      [{}, "key_of_the_file"],
    ] as const
  ) {
    const runtime = memoryRuntime({
      host: {
        env: { ...env },
        args: ["api", "endpoints", "list", "--config", "/c.yml"],
        files: { "/c.yml": config },
      },
    });
    const { net, clock, host } = runtime;
    let seen: string | null = "";
    const door = await net.listen({
      host: "127.0.0.1",
      port: 4041,
      onConnection: (conn) => {
        serveFetch(conn, (request) => {
          seen = request.headers.get("authorization");
          return Promise.resolve(Response.json({ endpoints: [] }));
        }, { clock, scheme: "http" });
      },
    });
    assert.equal(await main(runtime), 0, host.stderr.text);
    assert.equal(seen, `Bearer ${key}`);
    await door.close();
  }
});

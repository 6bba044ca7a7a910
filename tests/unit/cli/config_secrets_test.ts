import assert from "node:assert/strict";
import { secretsOf } from "../../../lib/cli/config_secrets.ts";
import { test } from "../../harness.ts";

test("secretsOf() finds tokens, passwords and secrets wherever they stand", () => {
  const found = secretsOf({
    agent: { authtoken: "t-1", api_key: "k-1", proxy_url: "socks5://me:p%40ss@h:1", log: "x" },
    tunnels: {
      a: {
        basic_auth: ["ann:pa:ss", "bob:word"],
        auth: "carl:old",
        oauth: { client_id: "public", client_secret: "s-1" },
        verify_webhook: { provider: "slack", secret: "s-2" },
      },
    },
    endpoints: [{ agent_tls_termination: { server_private_key: "PEM" } }],
  });
  for (
    const secret of ["t-1", "k-1", "p@ss", "pa:ss", "word", "old", "s-1", "s-2", "PEM"]
  ) assert.ok(found.includes(secret), secret);
  assert.ok(!found.includes("public") && !found.includes("x") && !found.includes("slack"));
});

test("secretsOf() takes whatever stands in a file", () => {
  assert.deepEqual(secretsOf(null), []);
  assert.deepEqual(secretsOf("text"), []);
  assert.deepEqual(secretsOf({ authtoken: 123456 }), ["123456"]);
  assert.deepEqual(secretsOf({ proxy_url: "no url" }), [""]);
});

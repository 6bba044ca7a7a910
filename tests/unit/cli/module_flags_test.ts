import assert from "node:assert/strict";
import { type Command, defineCommand } from "../../../lib/cli/command.ts";
import { HTTP_MODULE_FLAGS, modulesOfFlags } from "../../../lib/cli/module_flags.ts";
import { parse } from "../../../lib/cli/parse.ts";
import { test } from "../../harness.ts";

const command: Command = defineCommand({
  name: "do",
  summary: "do",
  description: "Does.",
  examples: [],
  flags: HTTP_MODULE_FLAGS,
  run: () => Promise.resolve(0),
});

function modules(...args: string[]) {
  const request = parse(["do", ...args], [command], () => undefined);
  assert.ok(request.kind === "run");
  return modulesOfFlags(request.input, "http");
}

test("modulesOfFlags() asks for nothing without flags", () => {
  assert.equal(modules(), undefined);
  assert.equal(modules("--compression=false"), undefined);
});

test("modulesOfFlags() reads every flag, repeated ones as lists", () => {
  const given = modules(
    ...["--basic-auth", "a:12345678", "--basic-auth", "b:12345678", "--cidr-allow", "::/0"],
    ...["--circuit-breaker", "0.5", "--compression", "--mutual-tls-cas", "ca.pem"],
    ...["--oauth", "google", "--oauth-allow-email", "a@b.c", "--oauth-scope", "s"],
    ...["--oidc", "https://i", "--oidc-client-id", "i", "--oidc-client-secret", "s"],
    ...["--request-header-add", "A: b: c", "--response-header-remove", "Server"],
    ...["--ua-filter-deny", "bot", "--verify-webhook", "slack", "--verify-webhook-secret", "w"],
    ...["--host-header", "rewrite", "--websocket-tcp-converter"],
  );
  assert.deepEqual(JSON.parse(JSON.stringify(given)), {
    basicAuth: ["a:12345678", "b:12345678"],
    cidrs: { allow: ["::/0"] },
    circuitBreaker: 0.5,
    compression: true,
    hostHeader: "rewrite",
    mutualTlsCas: "ca.pem",
    oauth: { provider: "google", allowEmails: ["a@b.c"], scopes: ["s"] },
    oidc: { issuerUrl: "https://i", clientId: "i", clientSecret: "s" },
    requestHeaders: { add: ["A: b: c"] },
    responseHeaders: { remove: ["Server"] },
    userAgents: { deny: ["bot"] },
    verifyWebhook: { provider: "slack", secret: "w" },
    websocketTcpConverter: true,
  });
});

test("modulesOfFlags() refuses a flag without the one it belongs to, and what is no pair", () => {
  const cases: readonly [string[], RegExp][] = [
    [["--oauth-scope", "x"], /--oauth-scope means nothing without --oauth: give both/],
    [["--oauth", "g", "--oauth-client-id", "x"], /without --oauth-client-secret/],
    [["--oidc", "u", "--oidc-client-secret", "x"], /without --oidc-client-id/],
    [["--verify-webhook-secret", "x"], /without --verify-webhook/],
    [
      ["--basic-auth", "a:b", "--basic-auth", "hush"],
      /^(?!.*hush).*Cannot use a value of --basic-auth: it is not of/,
    ],
    [
      ["--circuit-breaker", "2"],
      /Invalid value "2" for --circuit-breaker: use a number from 0 to 1/,
    ],
  ];
  for (const [args, found] of cases) assert.throws(() => modules(...args), found);
});

test("HTTP_MODULE_FLAGS keep what is secret secret", () => {
  const secret = HTTP_MODULE_FLAGS.filter((flag) => flag.secret).map(({ name }) => name);
  assert.deepEqual(secret, [
    "basic-auth",
    "auth",
    "oauth-client-secret",
    "oidc-client-secret",
    "verify-webhook-secret",
  ]);
});

import assert from "node:assert/strict";
import type { UpstreamKind } from "../../../lib/agent/upstream.ts";
import { COMMANDS } from "../../../lib/cli/commands/mod.ts";
import {
  ENDPOINT_FLAGS,
  SESSION_FLAGS,
  UPSTREAM_HTTP_FLAGS,
  UPSTREAM_TLS_FLAGS,
  URL_FLAGS_OF_OLD,
  urlFlag,
  wishesOfFlags,
} from "../../../lib/cli/endpoint_flags.ts";
import { parse } from "../../../lib/cli/parse.ts";
import { test } from "../../harness.ts";

function wishes(line: string) {
  const args = line.split(" ");
  const request = parse(args, COMMANDS, () => undefined);
  assert.ok(request.kind === "run");
  const found = wishesOfFlags(args[0] as UpstreamKind, request.input);
  return JSON.parse(JSON.stringify(found)) as typeof found;
}

test("ENDPOINT_FLAGS keep the authtoken, and nothing else, secret", () => {
  const all = [
    ...[urlFlag("x"), ...ENDPOINT_FLAGS, ...UPSTREAM_TLS_FLAGS, ...UPSTREAM_HTTP_FLAGS],
    ...Object.values(URL_FLAGS_OF_OLD).flat(),
  ];
  assert.deepEqual(all.filter(({ secret }) => secret).map(({ name }) => name), ["authtoken"]);
  assert.ok(SESSION_FLAGS.every((flag) => ENDPOINT_FLAGS.includes(flag)));
});

test("S56 SESSION_FLAGS let the environment win over the file, and the flag over the environment", () => {
  const token = SESSION_FLAGS.find(({ name }) => name === "authtoken");
  assert.deepEqual(token?.env, ["SALLYPORT_AUTHTOKEN", "NGROK_AUTHTOKEN"]);
});

test("S16 S20 wishesOfFlags() reads address, URL and everything else", () => {
  assert.deepEqual(wishes("http 192.168.1.2:80 --url example.com"), [{
    wish: {
      addr: "192.168.1.2:80",
      proto: "http",
      name: "command_line",
      url: "example.com",
    },
  }]);
  assert.deepEqual(
    wishes(
      "http 80 --name n --description d --metadata m --binding internal --pooling-enabled --upstream-proxy-protocol 2 --upstream-protocol http2 --upstream-tls-verify --upstream-tls-verify-cas ca --traffic-policy-file p.yml",
    ),
    [{
      wish: {
        addr: "80",
        proto: "http",
        name: "n",
        description: "d",
        metadata: "m",
        binding: "internal",
        poolingEnabled: true,
        upstreamProxyProtocol: 2,
        upstreamProtocol: "http2",
        upstreamTlsVerify: true,
        upstreamTlsVerifyCas: "ca",
      },
      policyFile: "p.yml",
    }],
  );
});

test("wishesOfFlags() understands the flags of old", () => {
  const url = (line: string) => wishes(line).map(({ wish }) => wish.url);
  assert.deepEqual(url("http 80 --domain a.com"), ["a.com"]);
  assert.deepEqual(url("http 80 --subdomain a"), ["a"]);
  assert.deepEqual(url("tcp 22 --remote-addr t.com:1000"), ["tcp://t.com:1000"]);
  assert.deepEqual(url("http 80 --scheme http"), ["http://"]);
  assert.deepEqual(url("http 80 --scheme http --scheme https --hostname a.com"), [
    "https://a.com",
    "http://a.com",
  ]);
  assert.deepEqual(
    wishes("http 80 --scheme http --scheme https").map(({ wish }) => wish.name),
    ["command_line", "command_line (http)"],
  );
  assert.deepEqual(url("http 80 --bind-tls both"), ["https://", "http://"]);
  assert.deepEqual(url("http 80 --bind-tls false --hostname a.com"), ["http://a.com"]);
  assert.deepEqual(url("http 80 --bind-tls=true"), ["https://"]);
  const [{ wish, policyFile }] = wishes(
    "http 80 --proxy-proto 1 --app-protocol http2 --verify-upstream-tls --upstream-ca-path c --policy-file p",
  );
  assert.deepEqual(
    [wish.upstreamProxyProtocol, wish.upstreamProtocol, wish.upstreamTlsVerify],
    [1, "http2", true],
  );
  assert.deepEqual([wish.upstreamTlsVerifyCas, policyFile], ["c", "p"]);
});

test("wishesOfFlags() refuses flags that exclude each other", () => {
  for (
    const line of [
      "http 80 --url a --domain b",
      "http 80 --hostname a --subdomain b",
      "http 80 --url a --scheme http",
      "http 80 --url a --bind-tls both",
      "http 80 --scheme http --bind-tls both",
      "http 80 --traffic-policy-file a --traffic-policy-url b",
      "http 80 --policy-file a --traffic-policy-file b",
    ]
  ) assert.throws(() => wishes(line), { code: "usage", message: /exclude each other/ }, line);
});

test("S12 wishesOfFlags() asks for basic auth with every pair", () => {
  const line = "http 80 --basic-auth username1:password1 --basic-auth username2:password2";
  assert.deepEqual(wishes(line)[0].wish.modules, {
    basicAuth: ["username1:password1", "username2:password2"],
  });
  assert.deepEqual(wishes("http 80 --auth username1:password1")[0].wish.modules, {
    basicAuth: ["username1:password1"],
  });
});

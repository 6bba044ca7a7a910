/** @module */
import assert from "node:assert/strict";
import {
  CONTINUE_PATH,
  interstitial,
  type InterstitialOptions,
  interstitialPage,
} from "../../../lib/edge/interstitial.ts";
import { parseRequestHead, parseResponseHead } from "../../../lib/http/head.ts";
import { test } from "../../harness.ts";

const OPTIONS: InterstitialOptions = {
  scheme: "https",
  serverIp: "198.51.100.7",
  close: false,
  nowMs: 0,
};
const BROWSER = [
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64)",
  "Accept: text/html,application/xhtml+xml,*/*;q=0.8",
];

function ask(
  first: string,
  headers: readonly string[],
  options: Partial<InterstitialOptions> = {},
) {
  const text = [first, "Host: a.example.com", ...headers, "", ""].join("\r\n");
  const answer = interstitial(parseRequestHead(new TextEncoder().encode(text)), {
    ...OPTIONS,
    ...options,
  });
  if (!answer) return undefined;
  const whole = new TextDecoder().decode(answer.bytes);
  const at = whole.indexOf("\r\n\r\n") + 4;
  return {
    ...answer,
    head: parseResponseHead(new TextEncoder().encode(whole.slice(0, at))),
    body: whole.slice(at),
  };
}

test("interstitial() shows a browser that navigates where it is about to go", () => {
  const answer = ask("GET /a?b=1&c=%22 HTTP/1.1", BROWSER)!;
  assert.equal(answer.head.status, 200);
  assert.equal(answer.ngrokCode, 6024);
  assert.equal(answer.head.get("ngrok-error-code"), "ERR_NGROK_6024");
  assert.equal(answer.head.get("cache-control"), "no-store");
  assert.match(
    answer.head.get("content-security-policy")!,
    /default-src 'none'.*form-action 'self'/,
  );
  assert.match(answer.body, /a\.example\.com/);
  assert.match(answer.body, /198\.51\.100\.7/);
  assert.match(answer.body, /continue\?to=%2Fa%3Fb%3D1%26c%3D%2522"/);
  assert.equal(ask("HEAD / HTTP/1.1", BROWSER)!.body, "");
});

test("interstitial() is not shown to programs, to parts of pages, or to who does not want it", () => {
  const agent = BROWSER[0];
  const cases: readonly [string, readonly string[]][] = [
    ["GET / HTTP/1.1", ["User-Agent: curl/8", "Accept: */*"]],
    ["GET / HTTP/1.1", ["Accept: text/html"]],
    ["GET / HTTP/1.1", [agent, "Accept: application/json"]],
    ["GET / HTTP/1.1", [agent, "Accept: image/avif,*/*"]],
    ["GET / HTTP/1.1", [...BROWSER, "Sec-Fetch-Mode: cors"]],
    ["POST / HTTP/1.1", [...BROWSER, "Content-Length: 0"]],
    ["GET / HTTP/1.1", [...BROWSER, "ngrok-skip-browser-warning: 1"]],
    ["GET / HTTP/1.1", [...BROWSER, "ngrok-skip-browser-warning:"]],
    ["GET / HTTP/1.1", [...BROWSER, "Connection: upgrade", "Upgrade: websocket"]],
    ["GET / HTTP/1.1", [...BROWSER, "Cookie: x=1; abuse_interstitial=a.example.com"]],
  ];
  for (const [first, headers] of cases) {
    assert.equal(ask(first, headers), undefined, headers.join());
  }
  // A cookie of another host means nothing here.
  assert.ok(ask("GET / HTTP/1.1", [...BROWSER, "Cookie: abuse_interstitial=b.example.com"]));
  assert.ok(ask("GET / HTTP/1.1", [agent, "Accept: */*", "Sec-Fetch-Mode: navigate"]));
});

test("interstitial() sets a cookie of this host for seven days when the button is pressed", () => {
  const target = encodeURIComponent("/a?b=1");
  const answer = ask(`POST ${CONTINUE_PATH}?to=${target} HTTP/1.1`, [
    "Content-Length: 0",
    "Sec-Fetch-Site: same-origin",
  ])!;
  assert.equal(answer.status, 303);
  assert.equal(answer.head.get("location"), "/a?b=1");
  assert.equal(
    answer.head.get("set-cookie"),
    "abuse_interstitial=a.example.com; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure",
  );
  const plain = ask(`POST ${CONTINUE_PATH} HTTP/1.1`, [
    "Content-Length: 0",
    "Origin: http://a.example.com",
  ], { scheme: "http" })!;
  assert.equal(plain.head.get("location"), "/");
  assert.doesNotMatch(plain.head.get("set-cookie")!, /Secure/);
});

test("interstitial() cannot be agreed to by another site, and leads to this host only", () => {
  const press = (headers: readonly string[], to = "/") =>
    ask(`POST ${CONTINUE_PATH}?to=${encodeURIComponent(to)} HTTP/1.1`, [
      "Content-Length: 0",
      ...headers,
    ])!;
  for (
    const headers of [
      [],
      ["Sec-Fetch-Site: cross-site"],
      ["Sec-Fetch-Site: same-site", "Origin: https://a.example.com"],
      ["Origin: https://evil.test"],
      ["Origin: null"],
      ["Origin: http://a.example.com"],
    ]
  ) {
    assert.equal(press(headers).status, 403, headers.join());
    assert.equal(press(headers).head.has("set-cookie"), false);
  }
  for (
    const to of [
      "//evil.test",
      "/\\evil.test",
      "https://evil.test",
      "/a\r\nX: 1",
      "",
      "javascript:1",
    ]
  ) {
    assert.equal(press(["Sec-Fetch-Site: same-origin"], to).head.get("location"), "/", to);
  }
  assert.equal(ask(`GET ${CONTINUE_PATH} HTTP/1.1`, BROWSER)!.status, 405);
});

test("interstitialPage() escapes what came from outside", () => {
  const page = interstitialPage(`"><script>`, "::1", `/"><script>`);
  assert.doesNotMatch(page, /<script/);
});

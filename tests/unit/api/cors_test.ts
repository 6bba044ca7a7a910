import assert from "node:assert/strict";
import { allowOrigin, isPreflight, preflightAnswer } from "../../../lib/api/cors.ts";
import { test } from "../../harness.ts";

function request(method: string, headers: Record<string, string>): Request {
  const made = new Request("https://api.example.net/x", { method });
  // Runtimes keep programs from setting Origin on a Request, but not from having received one.
  return { method, url: made.url, headers: new Headers(headers) } as unknown as Request;
}

const ORIGIN = { origin: "https://page.example" };
const ASKS = { "access-control-request-method": "PATCH" };

test("isPreflight() is OPTIONS with an origin and a method", () => {
  assert.ok(isPreflight(request("OPTIONS", { ...ORIGIN, ...ASKS })));
  assert.ok(!isPreflight(request("OPTIONS", ORIGIN)));
  assert.ok(!isPreflight(request("OPTIONS", ASKS)));
  assert.ok(!isPreflight(request("GET", { ...ORIGIN, ...ASKS })));
});

test("preflightAnswer() echoes what was asked for, for ten minutes at most", () => {
  const wanted = { "access-control-request-headers": "authorization, ngrok-version" };
  const { status, headers } = preflightAnswer(
    request("OPTIONS", { ...ORIGIN, ...ASKS, ...wanted }),
  );
  assert.equal(status, 204);
  assert.equal(headers.get("access-control-allow-origin"), "https://page.example");
  assert.equal(headers.get("access-control-allow-headers"), "authorization, ngrok-version");
  assert.match(headers.get("access-control-allow-methods")!, /PATCH/);
  assert.equal(headers.get("access-control-allow-credentials"), "true");
  assert.ok(Number(headers.get("access-control-max-age")) <= 600);
});

test("allowOrigin() lets the page read, and says nothing to others", () => {
  const headers = new Headers();
  allowOrigin(headers, request("GET", {}));
  assert.deepEqual([...headers], []);
  allowOrigin(headers, request("GET", ORIGIN));
  assert.equal(headers.get("access-control-allow-origin"), "https://page.example");
  assert.equal(headers.get("vary"), "Origin");
});

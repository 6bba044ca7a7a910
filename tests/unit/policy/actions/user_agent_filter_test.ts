import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { compileAction, requestContext } from "../testing.ts";

const GOOGLE = { allow: ["(?i)google-images"], deny: ["(?i)google", "[Bb]ing"] };

const CASES: readonly [config: unknown, userAgent: string | undefined, passes: boolean][] = [
  [GOOGLE, "Google-Images/1", true],
  [GOOGLE, "Googlebot", false],
  [GOOGLE, "bingbot", false],
  [GOOGLE, "curl/8", true],
  [GOOGLE, undefined, false],
  [{ allow: ["^Mozilla"] }, "Mozilla/5.0", true],
  [{ allow: ["^Mozilla"] }, "curl/8", false],
  [{ deny: ["curl"] }, "Mozilla/5.0", true],
  [{ deny: ["curl"] }, "curl/8", false],
  [{ deny: ["curl"] }, undefined, false],
  [{ deny: ["curl"], allow: ["^$"] }, undefined, true],
];

for (const [config, userAgent, passes] of CASES) {
  test(`user-agent-filter ${JSON.stringify(config)}: ${userAgent} ${passes ? "passes" : "is refused"}`, async () => {
    const policy = await compileAction("on_http_request", "user-agent-filter", config);
    const headers = userAgent === undefined ? [] : [`User-Agent: ${userAgent}`];
    const outcome = await policy.onHttpRequest!(requestContext(["GET / HTTP/1.1", ...headers]));
    assert.equal(outcome === undefined, passes);
    if (outcome) assert.equal(outcome.do === "fail" && outcome.problem.ngrokCode, 3211);
  });
}

test("user-agent-filter refuses what is no expression, and a filter without rules", async () => {
  await assert.rejects(compileAction("on_http_request", "user-agent-filter", { allow: ["("] }), {
    ngrokCode: 2090,
    message: /"\(" is no regular expression/,
  });
  await assert.rejects(compileAction("on_http_request", "user-agent-filter", {}), {
    ngrokCode: 2223,
  });
});

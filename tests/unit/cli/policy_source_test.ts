import assert from "node:assert/strict";
import { withPolicy } from "../../../lib/cli/policy_source.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

const { host } = memoryRuntime({
  host: { files: { "/p.yml": "on_http_request: []\n", "/bad.yml": "a:\n\tb\n" } },
});
const wish = { name: "web", addr: 80 };
const answers = (text: string, status = 200) => () =>
  Promise.resolve(new Response(text, { status }));

test("withPolicy() leaves a wish without a source as it is", async () => {
  assert.deepEqual(await withPolicy(host, { wish }), wish);
});

test("S54 withPolicy() puts the text of a file or of a URL in", async () => {
  assert.deepEqual(await withPolicy(host, { wish, policyFile: "/p.yml" }), {
    ...wish,
    trafficPolicy: "on_http_request: []\n",
  });
  const fetched = await withPolicy(host, { wish, policyUrl: "http://h/p" }, answers("{}"));
  assert.equal(fetched.trafficPolicy, "{}");
});

test("withPolicy() says what is wrong with the source, with the line where it is YAML", async () => {
  await assert.rejects(withPolicy(host, { wish, policyFile: "/no.yml" }), {
    code: "not_found",
    message: 'Cannot read the traffic policy "/no.yml": there is no such file',
  });
  await assert.rejects(
    withPolicy(host, { wish, policyFile: "/bad.yml" }),
    /the traffic policy "\/bad.yml": line 2, column 1: a tab cannot indent/,
  );
  const from = (policyUrl: string, fetchText = answers("{}")) =>
    withPolicy(host, { wish, policyUrl }, fetchText);
  await assert.rejects(from("file:///etc/passwd"), /it is no http:\/\/ or https:\/\/ URL/);
  await assert.rejects(from("http://h", answers("", 404)), /the server answered 404/);
  await assert.rejects(from("http://h", answers("x".repeat(2 ** 21))), /larger than 1 MiB/);
  await assert.rejects(
    from("http://h", () => Promise.reject(new Error("no route"))),
    /Cannot fetch the traffic policy "http:\/\/h": no route/,
  );
});

test("withPolicy() refuses to start what this version cannot do", async () => {
  await assert.rejects(
    withPolicy(host, { wish, unsupported: "it does magic" }),
    /Cannot start "web": it does magic; this version cannot do that/,
  );
});

import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { parsePolicy, POLICY_MAX_CHARS, readPolicy } from "../../../lib/policy/document.ts";

const DENY = [{ actions: [{ type: "deny" }] }];

test("parsePolicy() reads YAML and JSON of the same shape", async () => {
  const wanted = {
    on_http_request: [{
      name: "no bots",
      expressions: ["true"],
      actions: [{ type: "deny", config: { status_code: 404 } }],
    }],
  };
  const yaml = `on_http_request:
  - name: no bots
    expressions: ["true"]
    actions:
      - type: deny
        config: { status_code: 404 }
`;
  assert.deepEqual(await parsePolicy(yaml, "https"), wanted);
  assert.deepEqual(await parsePolicy(JSON.stringify(wanted), "https"), wanted);
  assert.deepEqual(await parsePolicy("{on_http_request: [{actions: [{type: deny}]}]}", "http"), {
    on_http_request: DENY,
  });
});

test("parsePolicy() takes blanks, nothing and empty phases for no policy", async () => {
  assert.deepEqual(await parsePolicy(" \n", "https"), {});
  assert.deepEqual(await parsePolicy('{"inbound":[],"outbound":[]}', "tcp"), {});
  assert.deepEqual(await parsePolicy("# nothing yet", "https"), {});
});

test("parsePolicy() says where a text is not YAML", async () => {
  await assert.rejects(parsePolicy("on_http_request: [", "https"), {
    ngrokCode: 2236,
    message: /Cannot read the traffic policy: .*line 1/,
  });
  await assert.rejects(parsePolicy("a: ".padEnd(POLICY_MAX_CHARS, "x"), "https"), {
    ngrokCode: 2236,
    message: /262144 characters/,
  });
});

test("parsePolicy() stops an alias bomb", async () => {
  let bomb = "a0: &a0 [x]\n";
  for (let at = 1; at < 12; at++) bomb += `a${at}: &a${at} [${`*a${at - 1},`.repeat(10)}]\n`;
  await assert.rejects(parsePolicy(bomb, "https"), { ngrokCode: 2236, message: /alias/ });
});

test("readPolicy() gives the older names their new ones, by protocol", () => {
  assert.deepEqual(readPolicy({ inbound: DENY, outbound: DENY }, "https"), {
    on_http_request: DENY,
    on_http_response: DENY,
  });
  assert.deepEqual(readPolicy({ inbound: DENY }, "tcp"), { on_tcp_connect: DENY });
  assert.deepEqual(readPolicy({ enabled: false, inbound: DENY }, "https"), {});
  assert.throws(() => readPolicy({ inbound: DENY, on_http_request: DENY }, "https"), {
    ngrokCode: 2236,
    message: /gives on_http_request twice/,
  });
});

const WRONG: readonly [value: unknown, ngrokCode: number, message: RegExp][] = [
  [[], 2236, /it must be a map of phases, but is a list/],
  [{ on_request: DENY }, 2230, /"on_request" is no phase/],
  [{ on_event_stream_message: DENY }, 2230, /is no phase/],
  [{ on_http_request: {} }, 2236, /"on_http_request" must be a list of rules, but is object/],
  [{ on_http_request: [7] }, 2236, /on_http_request, rule 1 must be a map, but is number/],
  [{ on_http_request: [{}] }, 2206, /on_http_request, rule 1 has no action/],
  [{ on_http_request: [{ action: [] }] }, 2236, /unknown key "action"/],
  [{ on_http_request: [{ actions: {} }] }, 2236, /actions in .* must be a list/],
  [{ on_http_request: [{ actions: [{}] }] }, 2236, /type in .*action 1 must be a name/],
  [{ on_http_request: [{ ...DENY[0], expressions: "true" }] }, 2236, /a list of texts/],
  [{ on_http_request: [{ ...DENY[0], name: 7 }] }, 2236, /name in .* must be text/],
  [{ on_http_request: [{ actions: [{ type: "deny", cfg: 1 }] }] }, 2236, /unknown key "cfg"/],
];

for (const [value, ngrokCode, message] of WRONG) {
  test(`readPolicy() refuses ${JSON.stringify(value)}`, () => {
    assert.throws(() => readPolicy(value, "https"), { code: "refused", ngrokCode, message });
  });
}

test("readPolicy() refuses a phase that the protocol does not have", () => {
  assert.throws(() => readPolicy({ on_http_response: DENY }, "tls"), {
    ngrokCode: 2230,
    message: /on_http_response has no meaning for tls endpoints/,
  });
});

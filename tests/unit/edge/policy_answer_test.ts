/** @module */
import assert from "node:assert/strict";
import { decodeText, encodeText } from "../../../lib/base/bytes.ts";
import { formatPolicyAnswer, type PolicyAnswerOptions } from "../../../lib/edge/policy_answer.ts";
import { parseRequestHead } from "../../../lib/http/head.ts";
import { ResponseView } from "../../../lib/policy/context.ts";
import type { Outcome, PolicyResponse } from "../../../lib/policy/outcome.ts";
import { test } from "../../harness.ts";

const HELLO: PolicyResponse = { status: 200, headers: [["x-a", "1"]], body: "hello" };
const DATE = "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n";

function options(method = "GET", more: Partial<PolicyAnswerOptions> = {}): PolicyAnswerOptions {
  const request = parseRequestHead(encodeText(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`));
  return { request, close: false, nowMs: 0, run: undefined, ...more };
}

async function text(response: PolicyResponse, given = options()): Promise<string> {
  const answer = await formatPolicyAnswer(response, given);
  assert.ok(!answer.instead);
  return decodeText(answer.bytes);
}

/** A response phase that does this. */
function phase(does: (view: ResponseView) => Outcome): PolicyAnswerOptions["run"] {
  const run: { response: ResponseView | undefined; answered: PolicyRunAnswered } = {
    response: undefined,
    answered: (head, hasBody) => {
      run.response = new ResponseView(head, hasBody);
      return Promise.resolve(does(run.response));
    },
  };
  return run;
}

type PolicyRunAnswered = NonNullable<PolicyAnswerOptions["run"]>["answered"];

test("formatPolicyAnswer() writes head and body, the head alone to HEAD, no body with 204", async () => {
  assert.equal(
    await text(HELLO),
    `HTTP/1.1 200 OK\r\nx-a: 1\r\n${DATE}Content-Length: 5\r\n\r\nhello`,
  );
  assert.equal(
    await text(HELLO, options("HEAD", { close: true })),
    `HTTP/1.1 200 OK\r\nx-a: 1\r\n${DATE}Content-Length: 5\r\nConnection: close\r\n\r\n`,
  );
  assert.equal(
    await text({ ...HELLO, status: 204 }),
    `HTTP/1.1 204 No Content\r\nx-a: 1\r\n${DATE}\r\n`,
  );
});

test("formatPolicyAnswer() lets the response phase edit, transform and decide otherwise", async () => {
  const run = phase((view) => {
    view.headers.remove("x-a");
    view.headers.add("x-b", "2");
    view.transform({
      push: () => encodeText("longer"),
      end: () => encodeText("!"),
      abort: () => {},
    });
    return undefined;
  });
  assert.equal(
    await text(HELLO, options("GET", { run })),
    `HTTP/1.1 200 OK\r\n${DATE}Content-Length: 7\r\nx-b: 2\r\n\r\nlonger!`,
  );
  const closes = phase(() => ({ do: "close" }));
  assert.deepEqual(await formatPolicyAnswer(HELLO, options("GET", { run: closes })), {
    instead: { do: "close" },
  });
});

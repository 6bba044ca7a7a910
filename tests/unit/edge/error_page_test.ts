/** @module */
import assert from "node:assert/strict";
import {
  preferredForm,
  type RenderOptions,
  renderProblem,
  wantsHtml,
} from "../../../lib/edge/error_page.ts";
import * as problems from "../../../lib/edge/problem.ts";
import type { Problem } from "../../../lib/edge/problem.ts";
import { parseResponseHead } from "../../../lib/http/head.ts";
import { latin1Bytes } from "../../fakes/edge_visit.ts";
import { test } from "../../harness.ts";

const OPTIONS: RenderOptions = {
  html: false,
  body: true,
  close: false,
  nowMs: 0,
};

/** Renders and takes the response apart with the strict parser. */
function render(problem: Problem, options: Partial<RenderOptions> = {}) {
  const text = new TextDecoder().decode(
    renderProblem(problem, { ...OPTIONS, ...options }),
  );
  const at = text.indexOf("\r\n\r\n") + 4;
  return {
    head: parseResponseHead(latin1Bytes(text.slice(0, at))),
    body: text.slice(at),
  };
}

const HOSTILE = `"><script>alert('1')</script>&amp;`;

test("renderProblem() gives programs the sentence and the code on its own line", () => {
  const { head, body } = render(problems.endpointOffline("a.test"));
  assert.equal(head.status, 404);
  assert.equal(head.get("ngrok-error-code"), "ERR_NGROK_3200");
  assert.equal(head.get("content-type"), "text/plain; charset=utf-8");
  assert.equal(head.get("date"), "Thu, 01 Jan 1970 00:00:00 GMT");
  assert.equal(head.contentLength, body.length);
  assert.equal(head.get("connection"), undefined);
  assert.equal(
    body,
    "The endpoint a.test is offline.\r\n\r\nERR_NGROK_3200\r\n",
  );
});

test("renderProblem() gives browsers a page that needs nothing from anywhere", () => {
  const { head, body } = render(
    problems.invalidResponse("http://localhost:1", "It ended"),
    { html: true },
  );
  assert.equal(head.get("content-type"), "text/html; charset=utf-8");
  assert.match(
    head.get("content-security-policy")!,
    /^default-src 'none'; style-src 'unsafe-inline'/,
  );
  assert.equal(head.contentLength, new TextEncoder().encode(body).length);
  assert.match(body, /^<!doctype html>/);
  assert.match(body, /ERR_NGROK_3004/);
  assert.match(body, /prefers-color-scheme:dark/);
  assert.doesNotMatch(body, /<script|<link|<img|src=|url\(|@import/i);
  assert.match(body, /aria-label="Agent: works"/);
  assert.match(body, /aria-label="Service: the request stopped here"/);
});

test("renderProblem() marks the station at which each kind of fault stops the request", () => {
  const cases: [Problem, string][] = [
    [problems.badRequest(400, "x"), "You"],
    [problems.edgeFault(), "Edge"],
    [problems.agentUnreachable("a.test"), "Agent"],
    [problems.serviceTimeout("", 1000), "Service"],
  ];
  for (const [problem, station] of cases) {
    const stops = [
      ...render(problem, { html: true }).body.matchAll(
        /class="stop" aria-label="(\w+):/g,
      ),
    ];
    assert.deepEqual(stops.map((match) => match[1]), [station]);
  }
});

test("renderProblem() escapes whatever came from outside", () => {
  const all: Problem[] = [
    problems.endpointOffline(HOSTILE),
    problems.misdirected(HOSTILE, HOSTILE),
    problems.badRequest(400, HOSTILE),
    problems.invalidResponse(HOSTILE, HOSTILE),
    problems.onlyHttps(`https://a.test/${HOSTILE}`),
  ];
  for (const problem of all) {
    const { body } = render(problem, { html: true });
    assert.doesNotMatch(body, /<script|"><script|'1'/);
    assert.match(
      body,
      /&quot;&gt;&lt;script&gt;alert\(&#39;1&#39;\)&lt;\/script&gt;&amp;amp;/,
    );
  }
});

test("renderProblem() never lets a location end its line", () => {
  const { head } = render(
    problems.onlyHttps("https://a.test/x\r\nSet-Cookie: a=b\u00e9"),
  );
  assert.equal(
    head.get("location"),
    "https://a.test/x%0D%0ASet-Cookie:%20a=b%C3%A9",
  );
  assert.equal(head.has("set-cookie"), false);
});

test("renderProblem() leaves the body of an answer to HEAD away, not its length", () => {
  const { head, body } = render(problems.endpointOffline("a.test"), {
    body: false,
  });
  assert.equal(body, "");
  assert.ok(head.contentLength! > 0);
});

test("renderProblem() announces a close", () => {
  assert.equal(
    render(problems.edgeFault(), { close: true }).head.get("connection"),
    "close",
  );
});

test("wantsHtml() tells browsers from programs by Accept", () => {
  assert.equal(wantsHtml("text/html,application/xhtml+xml,*/*;q=0.8"), true);
  assert.equal(wantsHtml("TEXT/HTML"), true);
  assert.equal(wantsHtml("*/*"), false);
  assert.equal(wantsHtml("application/json"), false);
  assert.equal(wantsHtml(undefined), false);
});

test("preferredForm() takes the form that Accept likes best", () => {
  const cases: [string | undefined, string][] = [
    [undefined, "text"],
    ["*/*", "text"],
    ["text/plain", "text"],
    ["application/json", "json"],
    ["application/problem+json, */*;q=0.1", "json"],
    ["application/vnd.api+json", "json"],
    ["application/json, text/html", "html"],
    ["application/json;q=0.5, text/html;q=0.4", "json"],
    ["text/html;q=0, application/json;q=0", "text"],
    ["TEXT/HTML;Q=0.2", "html"],
    ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"],
    ["application/jsonp", "text"],
  ];
  for (const [accept, wanted] of cases) {
    const { html, json } = preferredForm(accept);
    assert.equal(json ? "json" : html ? "html" : "text", wanted, accept);
  }
});

test("renderProblem() gives programs an object in the form of the API's errors", () => {
  const { head, body } = render(problems.endpointOffline(HOSTILE), { json: true });
  assert.equal(head.get("content-type"), "application/json");
  assert.equal(head.contentLength, new TextEncoder().encode(body).length);
  const object = JSON.parse(body);
  assert.equal(object.error_code, "ERR_NGROK_3200");
  assert.equal(object.status_code, 404);
  assert.equal(object.msg, `The endpoint ${HOSTILE} is offline.`);
  assert.equal(object.details.fault, "agent");
  assert.ok(object.details.advice.length > 0);
});

/** Every problem that the edge can have, with texts from outside that are as bad as can be. */
function everyProblem(): [name: string, problem: Problem][] {
  return Object.entries(problems).map(([name, make]) => {
    // Each takes texts and numbers only; a text that is not asked for is not looked at.
    const of = make as (...given: unknown[]) => Problem;
    const numbers = /badRequest/.test(name)
      ? [400, HOSTILE]
      : /Timeout|UsedUp/.test(name)
      ? [1000, 1000]
      : /loopDetected/.test(name)
      ? [HOSTILE, 5]
      : [HOSTILE, HOSTILE];
    return [name, of(...numbers)];
  });
}

test("renderProblem() renders every problem there is: whole, escaped, with its code and what to do", () => {
  const all = everyProblem();
  assert.ok(all.length >= 14);
  for (const [name, problem] of all) {
    const code = `ERR_NGROK_${problem.ngrokCode}`;
    const html = render(problem, { html: true });
    assert.equal(html.head.status, problem.status, name);
    assert.equal(html.head.get("ngrok-error-code"), code, name);
    assert.equal(html.head.get("cache-control"), "no-store", name);
    assert.match(html.head.get("content-security-policy")!, /^default-src 'none'/, name);
    assert.doesNotMatch(html.body, /<script|<link|<img|\ssrc=|url\(|@import|\son\w+=/i, name);
    assert.match(html.body, new RegExp(code), name);
    assert.equal(html.body.match(/ class="stop"/g)?.length, 1, name);
    assert.match(html.body, /<p class="fault">The (request|edge|agent|service) /, name);
    assert.match(html.body, /<section><h2>[^<]+<\/h2><ul><li>/, name);
    const text = render(problem);
    assert.equal(text.head.has("content-security-policy"), false, name);
    assert.ok(text.body.endsWith(`\r\n\r\n${code}\r\n`), name);
    assert.equal(JSON.parse(render(problem, { json: true }).body).error_code, code, name);
    assert.equal(render(problem, { html: true, body: false }).body, "", name);
  }
});

test("renderProblem() tells each reader what is his to do", () => {
  const { body } = render(problems.invalidResponse("", "It ended"), { html: true });
  assert.match(body, /<h2>If you are visiting<\/h2><ul><li>The tunnel works/);
  assert.match(body, /<h2>If this is your service<\/h2><ul><li>Does the service speak HTTPS/);
  const { body: plain } = render(problems.plainHttpOnTlsPort(), { html: true });
  assert.match(plain, /<h2>What to do<\/h2><ul><li>Use an address/);
});

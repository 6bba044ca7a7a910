/** @module */
import assert from "node:assert/strict";
import { type Arrival, pathAndQuery, routeRequest } from "../../../lib/edge/route.ts";
import { parseRequestHead } from "../../../lib/http/head.ts";
import { FakeEndpoint, fakeTable, latin1Bytes } from "../../fakes/edge_visit.ts";
import { test } from "../../harness.ts";

function head(text: string) {
  return parseRequestHead(latin1Bytes(text.replaceAll("\n", "\r\n")));
}

const PLAIN: Arrival = { scheme: "http", serverName: undefined };
const both = new FakeEndpoint("a.test", "http");
const secure = new FakeEndpoint("a.test", "https");
const only = new FakeEndpoint("s.test", "https");
const odd = new FakeEndpoint("o.test", "https", {}, 8443);
const TABLE = fakeTable(both, secure, only, odd);

test("routeRequest() goes by Host and scheme", () => {
  const request = head("GET / HTTP/1.1\nHost: A.test.:99\n\n");
  assert.equal(routeRequest(TABLE, PLAIN, request).endpoint, both);
  const arrival: Arrival = { scheme: "https", serverName: "a.test" };
  assert.equal(routeRequest(TABLE, arrival, request).endpoint, secure);
});

test("routeRequest() gives 3200 for a name nobody serves", () => {
  const { problem } = routeRequest(
    TABLE,
    PLAIN,
    head("GET / HTTP/1.1\nHost: x.test\n\n"),
  );
  assert.equal(problem?.status, 404);
  assert.equal(problem?.ngrokCode, 3200);
  // An http endpoint does not serve https visitors.
  const arrival: Arrival = { scheme: "https", serverName: "h.test" };
  const table = fakeTable(new FakeEndpoint("h.test", "http"));
  const route = routeRequest(
    table,
    arrival,
    head("GET / HTTP/1.1\nHost: h.test\n\n"),
  );
  assert.equal(route.problem?.ngrokCode, 3200);
});

test("routeRequest() sends a plain request for an https name there", () => {
  const request = head("GET /a?b=%20 HTTP/1.1\nHost: s.test\n\n");
  const { problem } = routeRequest(TABLE, PLAIN, request);
  assert.equal(problem?.status, 307);
  assert.equal(problem?.location, "https://s.test/a?b=%20");
  const there = routeRequest(
    TABLE,
    PLAIN,
    head("GET / HTTP/1.1\nHost: o.test:8080\n\n"),
  );
  assert.equal(there.problem?.location, "https://o.test:8443/");
});

test("routeRequest() refuses a Host that is not the name of the TLS connection", () => {
  const arrival: Arrival = { scheme: "https", serverName: "s.test" };
  const { problem } = routeRequest(
    TABLE,
    arrival,
    head("GET / HTTP/1.1\nHost: a.test\n\n"),
  );
  assert.equal(problem?.status, 421);
});

test("routeRequest() refuses a whole URL of the other scheme", () => {
  const request = head("GET https://a.test/ HTTP/1.1\nHost: a.test:443\n\n");
  assert.equal(routeRequest(TABLE, PLAIN, request).problem?.status, 421);
  const arrival: Arrival = { scheme: "https", serverName: "a.test" };
  assert.equal(routeRequest(TABLE, arrival, request).endpoint, secure);
});

test("routeRequest() takes HTTP/1.0 without Host to the name of its TLS connection, else nowhere", () => {
  const request = head("GET / HTTP/1.0\n\n");
  assert.equal(routeRequest(TABLE, PLAIN, request).problem?.status, 400);
  const arrival: Arrival = { scheme: "https", serverName: "a.test" };
  assert.equal(routeRequest(TABLE, arrival, request).endpoint, secure);
});

test("pathAndQuery() gives what was written, also of a whole URL", () => {
  assert.equal(
    pathAndQuery(head("GET /a/../b?x=1?2 HTTP/1.1\nHost: a\n\n")),
    "/a/../b?x=1?2",
  );
  assert.equal(
    pathAndQuery(head("GET http://a?q HTTP/1.1\nHost: a\n\n")),
    "/?q",
  );
  assert.equal(pathAndQuery(head("GET /? HTTP/1.1\nHost: a\n\n")), "/?");
});

test("routeRequest() gives 508 to a request that goes in circles, wherever its addresses stand", () => {
  const ask = (...lines: string[]) =>
    routeRequest(
      TABLE,
      PLAIN,
      head(`GET / HTTP/1.1\nHost: a.test\n${
        lines.map((line) => `X-Forwarded-For: ${line}\n`).join("")
      }\n`),
    );
  const chain = (hops: number) => Array.from({ length: hops }, () => "127.0.0.1").join(", ");
  assert.equal(ask(chain(32)).endpoint, both);
  assert.equal(ask(chain(33)).problem?.status, 508);
  assert.equal(ask(chain(33)).problem?.ngrokCode, 3501);
  assert.equal(ask(...Array.from({ length: 32 }, () => "::1")).endpoint, both);
  assert.equal(ask(chain(16), chain(17)).problem?.ngrokCode, 3501);
});

import assert from "node:assert/strict";
import { exchangesOfHar, harOf } from "../../../../lib/api/agent/har.ts";
import { test } from "../../../harness.ts";
import { FakeAgent } from "./kit.ts";
import { FakeClock } from "../../../../lib/base/clock.ts";

test("harOf() and exchangesOfHar() keep lines, bodies of any bytes, and what was not answered", () => {
  const agent = new FakeAgent(new FakeClock(1_700_000_000_000));
  const post =
    "POST /a?b=%20c HTTP/1.1\r\nHost: x\r\nX: 1\r\nx: 2\r\nContent-Length: 3\r\n\r\n\xff\0\xfe";
  agent.capture(post, "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nh\xc3\xa9\r\n");
  agent.capture("GET /open HTTP/1.1\r\nHost: x\r\n\r\n");
  const before = agent.exchanges!.list().reverse();
  const har = JSON.parse(JSON.stringify(harOf(before)));
  assert.equal(har.log.version, "1.2");
  assert.deepEqual(har.log.entries[0].request.queryString, [{ name: "b", value: " c" }]);
  const after = exchangesOfHar(har, 0);
  for (const [index, exchange] of after.entries()) {
    const was = before[index];
    assert.deepEqual(exchange.request.headers, was.request.headers);
    assert.deepEqual(exchange.request.head, was.request.head);
    assert.deepEqual(exchange.request.body.bytes, was.request.body.bytes);
    assert.equal(exchange.request.target, was.request.target);
    assert.equal(exchange.startedAtMs, was.startedAtMs);
    assert.equal(exchange.response?.status, was.response?.status);
    assert.deepEqual(exchange.response?.body.bytes, was.response?.body.bytes);
  }
  assert.equal(after[1].state, "cut");
});

test("exchangesOfHar() reads what browsers write, and says what is wrong", () => {
  const entry = {
    startedDateTime: "2026-11-23T09:00:00.000Z",
    request: {
      method: "GET",
      url: "https://a.test/x?y",
      httpVersion: "h2",
      headers: [{ name: ":path", value: "/" }],
    },
    response: {
      status: 200,
      statusText: "",
      httpVersion: "h2",
      headers: [],
      content: { size: 9, text: "aGk=", encoding: "base64" },
    },
  };
  const [exchange] = exchangesOfHar({ log: { entries: [entry] } }, 0);
  assert.deepEqual([exchange.request.target, exchange.endpointUrl], ["/x?y", "https://a.test"]);
  assert.deepEqual(exchange.request.headers, []);
  assert.equal(exchange.response?.body.isTruncated, true);
  assert.throws(() => exchangesOfHar({ log: {} }, 0), /entries/);
});

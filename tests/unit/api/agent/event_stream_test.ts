import assert from "node:assert/strict";
import { eventStream } from "../../../../lib/api/agent/event_stream.ts";
import type { StatusJson } from "../../../../lib/api/agent/shapes.ts";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { decodeText } from "../../../../lib/base/bytes.ts";
import { test } from "../../../harness.ts";
import { FakeAgent } from "./kit.ts";

const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

function scene() {
  const clock = new FakeClock(1_000);
  const agent = new FakeAgent(clock);
  const status = { notices: [] as string[] };
  const body = eventStream({
    clock,
    store: agent.exchanges,
    status: () => status as unknown as StatusJson,
  });
  const reader = body.getReader();
  const next = async () => decodeText((await reader.read()).value!);
  return { clock, agent, status, reader, next };
}

test("eventStream() tells the status when it changes, and that it lives when nothing does", async () => {
  const { clock, status, reader, next } = scene();
  assert.match(
    await next(),
    /^event: status\ndata: \{"type":"status","status":\{"notices":\[\]\}\}\n\n$/,
  );
  status.notices.push("x");
  await clock.advance(1_000);
  assert.match(await next(), /"x"/);
  await clock.advance(16_000);
  assert.equal(await next(), ": still here\n\n");
  await reader.cancel();
  assert.equal(clock.pending, 0);
});

test("eventStream() tells many changes of an exchange as one, and what was thrown away", async () => {
  const { clock, agent, reader, next } = scene();
  await next();
  agent.capture(GET, "HTTP/1.1 204 No Content\r\n\r\n");
  agent.capture(GET);
  await clock.advance(100);
  const told = await next();
  assert.equal(told.match(/^event: exchange.added$/gm)?.length, 2);
  assert.doesNotMatch(told, /exchange.updated/);
  assert.match(told, /"status":204/);
  agent.exchanges!.clear();
  await clock.advance(100);
  assert.match(await next(), /^event: exchange.cleared\n/);
  await reader.cancel();
  assert.equal(clock.pending, 0);
});

test("eventStream() cuts off a reader that is hopelessly behind", async () => {
  const { clock, agent, reader } = scene();
  for (let count = 0; count <= 20_000; count++) agent.capture(GET);
  let done = false;
  while (!done) ({ done } = await reader.read());
  assert.equal(clock.pending, 0);
});

import assert from "node:assert/strict";
import { join, pair } from "../../../lib/base/duplex.ts";
import { DEFAULT_CAPTURE_LIMITS } from "../../../lib/inspect/capture.ts";
import { ExchangeStore } from "../../../lib/inspect/exchange_store.ts";
import { tapPair } from "../../../lib/inspect/tap.ts";
import { lendBuffer, returnBuffer } from "../../../lib/base/loan.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { test } from "../../harness.ts";
import { bytes, ORIGIN, text } from "./kit.ts";

test("tapPair() passes everything on as it is, both ways and both ends, and keeps the exchange", async () => {
  const store = new ExchangeStore();
  const [visitor, door] = pair();
  const [upstream, service] = pair();
  const options = { store, clock: new FakeClock(), limits: DEFAULT_CAPTURE_LIMITS, origin: ORIGIN };
  const tapped = tapPair(door, upstream, options);
  const joined = join(tapped.visitor, tapped.service);
  const asked = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
  await visitor.write(bytes(asked));
  assert.equal(text((await service.read())!), asked);
  await service.write(bytes("HTTP/1.1 200 OK\r\n\r\n"));
  await service.write(bytes("to the end"));
  await service.closeWrite();
  let got = "";
  for (let chunk = await visitor.read(); chunk; chunk = await visitor.read()) got += text(chunk);
  assert.equal(got, "HTTP/1.1 200 OK\r\n\r\nto the end");
  await visitor.closeWrite();
  assert.equal(await service.read(), undefined);
  const { error } = await joined;
  tapped.close(error?.message);
  const [exchange] = store.list();
  assert.equal(exchange.state, "complete");
  assert.equal(text(exchange.response!.body.bytes), "to the end");
});

test("tapPair() lets what is no HTTP pass", async () => {
  const store = new ExchangeStore();
  const [visitor, door] = pair();
  const [upstream, service] = pair();
  const options = { store, clock: new FakeClock(), limits: DEFAULT_CAPTURE_LIMITS, origin: ORIGIN };
  const tapped = tapPair(door, upstream, options);
  const joined = join(tapped.visitor, tapped.service);
  await visitor.write(Uint8Array.of(0, 255, 10));
  assert.deepEqual(await service.read(), Uint8Array.of(0, 255, 10));
  await service.write(Uint8Array.of(1));
  assert.deepEqual(await visitor.read(), Uint8Array.of(1));
  await visitor.closeWrite();
  await service.closeWrite();
  await joined;
  tapped.close();
  assert.equal(store.count, 0);
});

test("tapPair() keeps the memory of what it was shown, whoever gives it away behind it", async () => {
  const store = new ExchangeStore();
  const [visitor, door] = pair();
  const [upstream] = pair();
  const options = { store, clock: new FakeClock(), limits: DEFAULT_CAPTURE_LIMITS, origin: ORIGIN };
  const tapped = tapPair(door, upstream, options);
  const head = bytes(`GET / HTTP/1.1\r\nHost: x\r\nLong: ${"x".repeat(20_000)}\r\n\r\n`);
  visitor.write(head);
  lendBuffer(head);
  const chunk = await tapped.visitor.read();
  assert.equal(chunk, head);
  returnBuffer(head);
  assert.notEqual(head.length, 0);
  tapped.close();
});

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

test("tapPair() has copies when the memory of what it was shown is given away", async () => {
  const store = new ExchangeStore();
  const [visitor, door] = pair();
  const [upstream, service] = pair();
  const options = { store, clock: new FakeClock(), limits: DEFAULT_CAPTURE_LIMITS, origin: ORIGIN };
  const tapped = tapPair(door, upstream, options);
  const lines = `Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nLong: ${
    "x".repeat(20_000)
  }`;
  const asked = `GET / HTTP/1.1\r\n${lines}\r\n\r\n`;
  const sent = bytes(asked);
  visitor.write(sent);
  lendBuffer(sent);
  assert.equal(await tapped.visitor.read(), sent);
  returnBuffer(sent);
  assert.equal(sent.length, 0, "it is gone");
  // Whether this is the answer to that is read in both heads.
  const answer =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  await service.write(bytes(answer));
  await service.write(Uint8Array.of(0x81, 2, 0x68, 0x69));
  await tapped.service.read();
  await tapped.service.read();
  const [{ request, messages }] = store.list();
  assert.equal(text(request.head), asked);
  assert.deepEqual(messages.map(({ preview }) => text(preview)), ["hi"]);
  tapped.close();
});

test("tapPair() passes on that a chunk is given away", async () => {
  const store = new ExchangeStore();
  const [visitor, door] = pair();
  const [upstream] = pair();
  const given: Uint8Array[] = [];
  const service = Object.assign(upstream, { give: (chunk: Uint8Array) => void given.push(chunk) });
  const options = { store, clock: new FakeClock(), limits: DEFAULT_CAPTURE_LIMITS, origin: ORIGIN };
  const tapped = tapPair(door, service, options);
  const chunk = Uint8Array.of(1);
  await tapped.service.give!(chunk);
  assert.equal(given[0], chunk);
  await tapped.visitor.give!(chunk);
  assert.deepEqual(await visitor.read(), chunk);
  tapped.close();
});

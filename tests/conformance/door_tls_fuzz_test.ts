/**
 * The TLS door against ClientHellos that nobody sane sends: whatever the bytes, it neither falls, nor
 * hangs, nor leads anybody to an endpoint that the bytes do not name.
 *
 * @module
 */
import assert from "node:assert/strict";
import { FakeClock } from "../../lib/base/clock.ts";
import { silentLogger } from "../../lib/base/log.ts";
import type { HttpVisitors } from "../../lib/edge/door_http.ts";
import { openTlsDoor } from "../../lib/edge/door_tls.ts";
import { memoryRuntime } from "../../lib/runtime/memory.ts";
import type { Conn } from "../../lib/runtime/net.ts";
import { FakeEndpoint, fakeTable } from "../fakes/edge_visit.ts";
import { settle } from "../fakes/peer.ts";
import { randomFrom } from "../fakes/random.ts";
import { test } from "../harness.ts";

const CASES = 10_000;
const SEED = 20_261_123;
const NAMES = ["web.test", "raw.test", "connect.test", "nobody.test", "RAW.test", "raw.test."];

type Bytes = number[];

function u16(value: number): Bytes {
  return [(value >> 8) & 0xff, value & 0xff];
}

function ascii(text: string): Bytes {
  return [...text].map((char) => char.charCodeAt(0) & 0xff);
}

function extension(type: number, body: Bytes): Bytes {
  return [...u16(type), ...u16(body.length), ...body];
}

function sni(...names: Bytes[]): Bytes {
  const list = names.flatMap((name) => [0, ...u16(name.length), ...name]);
  return extension(0, [...u16(list.length), ...list]);
}

function message(extensions: Bytes[]): Bytes {
  const all = extensions.flat();
  const body = [
    ...[3, 3, ...new Array(32).fill(7), 0],
    ...[...u16(4), 0x1a, 0x1a, 0x13, 1, 1, 0],
    ...u16(all.length),
    ...all,
  ];
  return [1, body.length >> 16, ...u16(body.length), ...body];
}

function records(bytes: Bytes, sizes: () => number): Bytes {
  const out: Bytes = [];
  for (let at = 0; at < bytes.length;) {
    const part = bytes.slice(at, at + Math.max(1, sizes()));
    out.push(22, 3, 1, ...u16(part.length), ...part);
    at += part.length;
  }
  return out;
}

/** One visitor's first bytes. */
function hello(random: () => number): Bytes {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  const name = ascii(pick(NAMES));
  const extensions: Bytes[] = [];
  if (random() < 0.3) extensions.push(extension(0x0a0a, [])); // GREASE
  if (random() < 0.3) extensions.push(extension(16, [...u16(3), 2, 104, 50])); // ALPN h2
  if (random() < 0.1) {
    extensions.push(extension(21, new Array(pick([9_000, 30_000, 60_000])).fill(0)));
  }
  const kind = random();
  if (kind < 0.6) extensions.push(sni(name));
  else if (kind < 0.7) extensions.push(sni(name, ascii(pick(NAMES)))); // two names
  else if (kind < 0.8) extensions.push(sni(name), sni(ascii(pick(NAMES)))); // two extensions
  else if (kind < 0.9) extensions.push(sni([...name, pick([0, 0x80, 0xc3, 0xff, 32, 47]), 65]));
  if (random() < 0.3) extensions.push(extension(0x3a3a, [0]));
  for (let at = extensions.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [extensions[at], extensions[other]] = [extensions[other], extensions[at]];
  }
  const whole = records(
    message(extensions),
    random() < 0.3 ? () => Math.floor(random() * 2_000) : () => 16_384,
  );
  const mutation = random();
  if (mutation < 0.25) return whole;
  if (mutation < 0.4) return whole.slice(0, Math.floor(random() * whole.length));
  const changes = 1 + Math.floor(random() * 4);
  for (let change = 0; change < changes; change++) {
    // Mostly the beginning, where lengths and types are.
    const reach = random() < 0.7 ? Math.min(120, whole.length) : whole.length;
    const at = Math.floor(random() * reach);
    const way = random();
    if (way < 0.5) whole[at] = Math.floor(random() * 256);
    else if (way < 0.7) whole[at] = (whole[at] + pick([1, 255])) & 0xff;
    else if (way < 0.85) whole.splice(at, 1 + Math.floor(random() * 3));
    else whole.splice(at, 0, ...new Array(1 + Math.floor(random() * 3)).fill(pick([0, 255, 22])));
  }
  return whole;
}

/**
 * The names that the bytes can mean to anybody: read slowly and generously, every SNI entry of every
 * SNI extension. A door that goes by a name that is not among them has made it up.
 */
function namesIn(bytes: Bytes): string[] {
  const message: Bytes = [];
  for (let at = 0; at + 5 <= bytes.length && bytes[at] === 22;) {
    const length = bytes[at + 3] * 256 + bytes[at + 4];
    message.push(...bytes.slice(at + 5, at + 5 + length));
    at += 5 + length;
  }
  const names: string[] = [];
  let at = 4 + 34;
  at += 1 + (message[at] ?? 0);
  at += 2 + (message[at] ?? 0) * 256 + (message[at + 1] ?? 0);
  at += 1 + (message[at] ?? 0) + 2;
  while (at + 4 <= message.length) {
    const type = message[at] * 256 + message[at + 1];
    const end = at + 4 + message[at + 2] * 256 + message[at + 3];
    if (type === 0) {
      for (let entry = at + 6; entry + 3 <= end;) {
        const length = message[entry + 1] * 256 + message[entry + 2];
        // Other types than 0 are no host names (RFC 6066 section 3).
        if (message[entry] === 0) {
          names.push(String.fromCharCode(...message.slice(entry + 3, entry + 3 + length)));
        }
        entry += 3 + length;
      }
    }
    at = end;
  }
  return names;
}

test(`openTlsDoor() survives ${CASES} mutated ClientHellos and leads none of them astray`, async () => {
  const random = randomFrom(SEED);
  const clock = new FakeClock();
  const { net } = memoryRuntime({ clock });
  const web = new FakeEndpoint("web.test", "https");
  const raw = new FakeEndpoint("raw.test", "tls");
  const endpoints = fakeTable(web, raw);
  /** Where the last visitor was led. */
  let led: string[] = [];
  const accept = (to: string) => (conn: Conn) => {
    led.push(to);
    conn.abort();
  };
  raw.openStream = (visitor) => {
    led.push("raw.test");
    return FakeEndpoint.prototype.openStream.call(raw, visitor);
  };
  const visitors = { admit: accept("web.test") } as unknown as HttpVisitors;
  const door = await openTlsDoor({
    net: {
      listen: (options) => net.listen(options),
      startTlsServer: (carrier) => Promise.resolve(carrier as Conn),
    },
    host: "127.0.0.1",
    port: 443,
    endpoints,
    certificates: { certificateFor: () => ({ chainPem: "", keyPem: "" }) },
    isOurs: () => false,
    isAgentName: (name) => name === "connect.test",
    acceptAgent: accept("connect.test"),
    visitors,
    raw: { clock, logger: silentLogger },
  });
  const counts: Record<string, number> = {};
  for (let number = 0; number < CASES; number++) {
    led = [];
    const bytes = hello(random);
    const conn = await net.connect({ host: "127.0.0.1", port: 443 });
    const what = `case ${number}`;
    const over = (async () => {
      try {
        // Split anywhere, now and then after every byte.
        let at = 0;
        const step = bytes.length < 300 && random() < 0.05 ? 1 : bytes.length;
        const first = Math.floor(random() * bytes.length);
        while (at < bytes.length) {
          const end = step === 1 ? at + 1 : at < first ? first : bytes.length;
          await conn.write(Uint8Array.from(bytes.slice(at, end)));
          at = end;
        }
        await conn.closeWrite();
        while (await conn.read() !== undefined);
      } catch {
        // It was cut, which is an answer too.
      }
    })();
    await settle();
    // What still waits, waits for its time to be up.
    await clock.advance(3_000);
    await settle();
    await clock.advance(2_000);
    await settle();
    raw.opened.splice(0).forEach((agent) => agent.duplex.abort());
    conn.abort();
    await over;
    assert.ok(led.length <= 1, `${what}: led to ${led}`);
    const [to = "nowhere"] = led;
    counts[to] = (counts[to] ?? 0) + 1;
    if (to === "nowhere") continue;
    const meant = [...new Set(namesIn(bytes).map((name) => name.toLowerCase().replace(/\.$/, "")))];
    assert.deepEqual(
      meant,
      [to],
      `${what}: led to ${to}, but the bytes name ${meant} ${
        bytes.map((b) => b.toString(16).padStart(2, "0")).join("")
      }`,
    );
  }
  await door.close();
  await settle();
  assert.equal(clock.pending, 0, "no timer is left");
  // The fuzz is worth something: all ways were taken, often.
  for (const to of ["nowhere", "web.test", "raw.test", "connect.test"]) {
    assert.ok((counts[to] ?? 0) > 300, `${to}: ${counts[to]}`);
  }
});

/** @module */
import assert from "node:assert/strict";
import { type Duplex, pair } from "../../../lib/base/duplex.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import type { BodyFraming } from "../../../lib/http/body.ts";
import { FetchBody, type FetchBodyOwner } from "../../../lib/http/fetch_body.ts";
import { Lookahead } from "../../../lib/http/lookahead.ts";
import { latin1Text, Peer, settle } from "../../fakes/peer.ts";
import { test } from "../../harness.ts";

const CHUNKED: BodyFraming = { kind: "chunked" };

class Owner implements FetchBodyOwner {
  readonly conn: Duplex;
  readonly ahead: Lookahead;
  readonly heard: string[] = [];

  constructor(conn: Duplex) {
    this.conn = conn;
    this.ahead = new Lookahead(conn, () => {});
  }

  onBodyWait(): void {
    this.heard.push("wait");
  }

  onBodyArrived(): void {
    this.heard.push("arrived");
  }

  onBodyRead(): void {
    this.heard.push("read");
  }
}

function length(bytes: number): BodyFraming {
  return { kind: "length", bytes };
}

function stage(framing: BodyFraming, ...sent: string[]) {
  const [far, near] = pair();
  const visitor = new Peer(far);
  for (const text of sent) void visitor.send(text);
  const owner = new Owner(near);
  return { visitor, near, owner, body: new FetchBody(owner, framing) };
}

/** The body as a stream, which it must be. */
function stream(body: FetchBody): ReadableStream<Uint8Array> {
  const opened = body.open();
  assert.ok(opened instanceof ReadableStream);
  return opened;
}

async function text(from: ReadableStream<Uint8Array>): Promise<string> {
  return latin1Text(new Uint8Array(await new Response(from as BodyInit).arrayBuffer()));
}

test("FetchBody is its bytes when all of it is at hand, and leaves what follows", async () => {
  const table: [BodyFraming, string, string][] = [
    [length(2), "hi", "hi"],
    [CHUNKED, "1\r\nh\r\n1\r\ni\r\n0\r\n\r\n", "hi"],
    [CHUNKED, "0\r\n\r\n", ""],
  ];
  for (const [framing, wire, content] of table) {
    const { near, body } = stage(framing, wire + "next");
    const opened = body.open();
    assert.ok(opened instanceof Uint8Array);
    assert.equal(latin1Text(opened), content);
    assert.equal(body.done, true);
    assert.equal(latin1Text((await near.read())!), "next");
  }
});

test("FetchBody is a stream when some of it has yet to come, and says when it waits", async () => {
  const { visitor, near, owner, body } = stage(length(4), "ab");
  const reader = stream(body).getReader();
  assert.equal(latin1Text((await reader.read()).value!), "ab");
  assert.equal(body.leftBytes, 2);
  const next = reader.read();
  await settle();
  assert.deepEqual(owner.heard, ["wait"]);
  await visitor.send("cdnext");
  assert.equal(latin1Text((await next).value!), "cd");
  assert.equal((await reader.read()).done, true);
  assert.deepEqual(owner.heard, ["wait", "arrived", "read"]);
  assert.equal(body.done, true);
  assert.equal(latin1Text((await near.read())!), "next");
});

test("FetchBody is read through any cut of the wire", async () => {
  const wire = "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n";
  for (let cut = 1; cut < wire.length; cut++) {
    const { visitor, near, body } = stage(CHUNKED, wire.slice(0, cut));
    const whole = text(stream(body));
    await settle();
    await visitor.send(wire.slice(cut) + "next");
    assert.equal(await whole, "abcde");
    assert.equal(latin1Text((await near.read())!), "next");
  }
});

test("FetchBody reads nothing before it is wanted, beyond what tells whether the visitor is there", async () => {
  const { visitor, owner, body } = stage(length(4));
  const opened = stream(body);
  await settle();
  assert.deepEqual([body.wanted, body.begun, owner.heard], [false, false, []]);
  await visitor.send("ab");
  await settle();
  assert.equal(body.begun, false);
  const reader = opened.getReader();
  assert.equal(latin1Text((await reader.read()).value!), "ab");
  assert.deepEqual([body.wanted, body.begun], [true, true]);
});

test("FetchBody fails for its reader as it fails on the wire", async () => {
  const early = stage(length(4), "ab");
  early.visitor.duplex.closeWrite();
  await assert.rejects(text(stream(early.body)));
  assert.equal(early.body.error?.code, "connection_closed");

  const faulty = stage(CHUNKED, "x");
  await assert.rejects(text(stream(faulty.body)));
  assert.equal(faulty.body.error?.code, "http_invalid");

  const late = stage(CHUNKED, "1\r\na\r\n");
  const reader = stream(late.body).getReader();
  await reader.read();
  void late.visitor.send("x");
  await assert.rejects(reader.read());
  assert.equal(late.body.error?.code, "http_invalid");

  const broken = stage(length(4), "ab");
  const whole = text(stream(broken.body));
  await settle();
  broken.visitor.duplex.abort();
  await assert.rejects(whole);
  assert.equal(broken.body.error?.code, "connection_reset");
});

test("fail() reaches the reader at once, even while a read is under way, and the first reason stays", async () => {
  const { body, visitor } = stage(length(4));
  const whole = text(stream(body));
  await settle();
  body.fail(new TunnelError("timed_out", "too slow"));
  body.fail(new TunnelError("aborted", "later"));
  await assert.rejects(whole);
  assert.equal(body.error?.code, "timed_out");
  await visitor.send("abcd");
  await settle();
  assert.equal(await body.discard(100), false);
});

test("stop() takes the body away, and discard() drops the rest of it", async () => {
  const { near, body, visitor } = stage(length(6), "ab");
  const reader = stream(body).getReader();
  await reader.read();
  const next = reader.read();
  await settle();
  body.stop();
  await assert.rejects(next, /its response is complete/);
  const dropped = body.discard(100);
  await visitor.send("cd");
  await visitor.send("efnext");
  assert.equal(await dropped, true);
  assert.equal(latin1Text((await near.read())!), "next");
});

test("discard() drops a body that nobody looked at, or that its reader cancelled", async () => {
  for (const cancels of [true, false]) {
    const { near, body, visitor } = stage(CHUNKED);
    const opened = stream(body);
    if (cancels) await opened.cancel();
    body.stop();
    const dropped = body.discard(100);
    await visitor.send("2\r\nab\r\n0\r\n\r\nnext");
    assert.equal(await dropped, true);
    assert.equal(body.wanted, false);
    assert.equal(latin1Text((await near.read())!), "next");
  }
});

test("discard() gives up on what is too large or faulty", async () => {
  const large = stage(length(101), "x");
  stream(large.body);
  assert.equal(await large.body.discard(99), false);
  const faulty = stage(CHUNKED, "1\r\na\r\n");
  stream(faulty.body);
  void faulty.visitor.send("x");
  assert.equal(await faulty.body.discard(99), false);
  assert.equal(faulty.body.error?.code, "http_invalid");
});

test("FetchBody tells which read is under way", async () => {
  const { body, visitor } = stage(CHUNKED, "1\r\n");
  const opened = stream(body); // the first read found no content, and goes on
  const { reading } = body;
  assert.ok(reading);
  await visitor.send("a\r\n0\r\n\r\n");
  await reading;
  assert.equal(body.reading, undefined);
  assert.equal(await text(opened), "a");
});

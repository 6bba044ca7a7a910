/** @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import { concat } from "../../../lib/base/bytes.ts";
import { type Duplex, pair } from "../../../lib/base/duplex.ts";
import { BodyError, type BodyFraming } from "../../../lib/http/body.ts";
import { BodyReader } from "../../../lib/http/body_reader.ts";
import { HttpError } from "../../../lib/http/fault.ts";
import { latin1Bytes, latin1Text, Peer } from "../../fakes/peer.ts";
import { test } from "../../harness.ts";

const CHUNKED: BodyFraming = { kind: "chunked" };
const BODY = '3;x="y"\r\nabc\r\n0A\r\n0123456789\r\n0\r\nT: u\r\n\r\n';

/** A carrier on which these pieces are at hand, and then the end. */
function sending(...pieces: string[]): Duplex {
  const [visitor, front] = pair({ highWaterBytes: Infinity });
  for (const piece of pieces) void visitor.write(latin1Bytes(piece));
  visitor.closeWrite();
  return front;
}

async function content(body: BodyReader): Promise<string> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const chunk = await body.read();
    if (chunk === undefined) return latin1Text(concat(chunks));
    assert.ok(chunk.length > 0, "an empty chunk was given");
    chunks.push(chunk);
  }
}

test("BodyReader gives the content and leaves what follows, however the bytes are cut", async () => {
  const table: [BodyFraming, string, string][] = [
    [CHUNKED, BODY, "abc0123456789"],
    [CHUNKED, "0\r\n\r\n", ""],
    [{ kind: "length", bytes: 3 }, "abc", "abc"],
    [{ kind: "none" }, "", ""],
  ];
  for (const [framing, wire, text] of table) {
    for (const pieces of [[wire + "next"], [wire, "next"], [...wire + "next"]]) {
      const front = sending(...pieces);
      const body = new BodyReader(front, framing);
      assert.equal(await content(body), text);
      assert.equal(body.done, true);
      assert.equal(body.wireBytes, wire.length);
      assert.equal(await new Peer(front).readToEnd(), "next");
    }
  }
});

test("BodyReader reads a body that lasts until the end of the connection", async () => {
  const body = new BodyReader(sending("ab", "c"), { kind: "until_close" }, "response");
  assert.equal(body.leftBytes, undefined);
  assert.equal(await content(body), "abc");
  assert.equal(body.done, true);
  assert.equal(await body.read(), undefined);
});

test("BodyReader answers at once when bytes are at hand, in one piece for many chunks", () => {
  const front = sending("1\r\na\r\n2\r\nbc\r\n1\r\nd\r\n0\r\n\r\n");
  const body = new BodyReader(front, CHUNKED);
  const chunk = body.read();
  assert.ok(chunk instanceof Uint8Array);
  assert.equal(latin1Text(chunk), "abcd");
  assert.equal(body.done, true);
});

test("BodyReader passes a single piece on uncopied, and waits for bytes that are not there", async () => {
  const [visitor, front] = pair();
  const body = new BodyReader(front, { kind: "length", bytes: 4 });
  const waiting = body.read();
  assert.ok(waiting instanceof Promise);
  const sent = latin1Bytes("abcd");
  void visitor.write(sent);
  assert.equal((await waiting)?.buffer, sent.buffer);
  assert.equal(body.leftBytes, 0);
});

test("BodyReader gives any content back for any chunking of any cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ minLength: 1, maxLength: 40 }).map(ascii), { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 40 }),
      async (chunks, cuts) => {
        const wire = chunks.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join("") +
          "0\r\n\r\n";
        const pieces: string[] = [];
        let at = 0;
        for (const cut of cuts) pieces.push(wire.slice(at, at += cut));
        pieces.push(wire.slice(at) + "GET");
        const front = sending(...pieces);
        assert.equal(await content(new BodyReader(front, CHUNKED)), chunks.join(""));
        assert.equal(await new Peer(front).readToEnd(), (wire + "GET").slice(wire.length));
      },
    ),
    { numRuns: 200 },
  );
});

function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?");
}

test("BodyReader reports early ends, faults and failures", async () => {
  const early = new BodyReader(sending("ab"), { kind: "length", bytes: 3 });
  assert.equal(latin1Text((await early.read())!), "ab");
  assert.throws(
    () => early.read(),
    (error) => error instanceof BodyError && error.code === "connection_closed",
  );
  const faulty = new BodyReader(sending("xyz"), CHUNKED);
  assert.throws(() => faulty.read(), HttpError);

  const [visitor, front] = pair();
  const waiting = new BodyReader(front, CHUNKED).read();
  visitor.abort();
  await assert.rejects(
    Promise.resolve(waiting),
    (error) => error instanceof BodyError && error.side === "source",
  );
  assert.throws(() => new BodyReader(front, CHUNKED).read(), BodyError);
});

test("discard() reads to the end of the body and no further", async () => {
  for (const [framing, wire] of [[CHUNKED, BODY], [{ kind: "length", bytes: 3 }, "abc"]] as const) {
    const front = sending(...wire + "next");
    assert.equal(await new BodyReader(front, framing).discard(), true);
    assert.equal(await new Peer(front).readToEnd(), "next");
  }
});

test("discard() gives up on what is larger than its limit, counted from where it begins", async () => {
  const large = new BodyReader(sending(), { kind: "length", bytes: 300_000 });
  assert.equal(await large.discard(), false);
  const endless = new BodyReader(sending(...Array(9).fill("5\r\nhello\r\n")), CHUNKED);
  assert.equal(await endless.discard(20), false);
  const partly = new BodyReader(sending("a".repeat(100), "b".repeat(20)), {
    kind: "length",
    bytes: 120,
  });
  await partly.read();
  assert.equal(await partly.discard(20), true);
});

test("discard() reports early ends, faults and failures", async () => {
  const early = new BodyReader(sending("ab"), { kind: "length", bytes: 3 });
  await assert.rejects(early.discard(), BodyError);
  await assert.rejects(new BodyReader(sending("xyz"), CHUNKED).discard(), HttpError);
  const [visitor, front] = pair();
  visitor.abort();
  await assert.rejects(new BodyReader(front, CHUNKED).discard(), BodyError);
});

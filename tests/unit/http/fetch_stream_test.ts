/** @module */
import assert from "node:assert/strict";
import type { BodyFraming } from "../../../lib/http/body.ts";
import { planResponse } from "../../../lib/http/fetch_response.ts";
import { FetchSource } from "../../../lib/http/fetch_source.ts";
import { sendStream, type StreamTarget } from "../../../lib/http/fetch_stream.ts";
import { latin1Bytes, latin1Text, settle } from "../../fakes/peer.ts";
import { test } from "../../harness.ts";

/** Keeps what it is sent, a string for each call; `[kind length]` stands for the head. */
class Kept implements StreamTarget {
  readonly http10: boolean;
  readonly sent: string[] = [];
  full: Promise<void> | undefined;

  constructor(http10 = false) {
    this.http10 = http10;
  }

  head(framing: BodyFraming, lengthBytes: number | undefined): string {
    return `[${framing.kind} ${lengthBytes}]`;
  }

  send(parts: readonly (string | Uint8Array)[]): void | Promise<void> {
    this.sent.push(
      parts.map((part) => typeof part === "string" ? part : latin1Text(part)).join(""),
    );
    return this.full;
  }
}

const ANY = planResponse(new Response(null));
const FOUR = planResponse(new Response(null, { headers: { "Content-Length": "4" } }));
const ZERO = planResponse(new Response(null, { headers: { "Content-Length": "0" } }));

function handMade() {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let pulls = 0;
  const stream = new ReadableStream<Uint8Array>({
    start: (given) => void (controller = given),
    pull: () => void pulls++,
  }, { highWaterMark: 0 });
  return { source: new FetchSource(stream), controller, pulls: () => pulls };
}

function atHand(...chunks: string[]): FetchSource {
  return new FetchSource(
    new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(latin1Bytes(chunk));
        controller.close();
      },
    }),
  );
}

test("sendStream() sends what is at hand as a whole at once, with its length", async () => {
  for (const http10 of [true, false]) {
    const table: [FetchSource, string][] = [
      [atHand("ab", "c"), "[length 3]abc"],
      [atHand(), "[none 0]"],
    ];
    for (const [source, sent] of table) {
      const target = new Kept(http10);
      await sendStream(ANY, source, target);
      assert.deepEqual(target.sent, [sent]);
    }
  }
});

test("sendStream() sends anything else in chunks, the first together with the head", async () => {
  const { source, controller } = handMade();
  const target = new Kept();
  controller.enqueue(latin1Bytes("ab"));
  const done = sendStream(ANY, source, target);
  await settle();
  assert.deepEqual(target.sent, ["[chunked undefined]2\r\nab\r\n"]);
  controller.enqueue(latin1Bytes("x".repeat(17)));
  await settle();
  controller.close();
  await done;
  assert.deepEqual(target.sent.slice(1), [`11\r\n${"x".repeat(17)}\r\n`, "0\r\n\r\n"]);
});

test("sendStream() sends the head alone when nothing is at hand", async () => {
  for (
    const [http10, head] of [[true, "[until_close undefined]"], [
      false,
      "[chunked undefined]",
    ]] as const
  ) {
    const { source, controller } = handMade();
    const target = new Kept(http10);
    const done = sendStream(ANY, source, target);
    await settle();
    assert.deepEqual(target.sent, [head]);
    controller.enqueue(latin1Bytes("ab"));
    controller.close();
    await done;
    assert.equal(target.sent[1], http10 ? "ab" : "2\r\nab\r\n");
    assert.equal(target.sent.length, http10 ? 2 : 3);
  }
});

test("sendStream() does not collect a body that never ends", async () => {
  let made = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      made++;
      controller.enqueue(new Uint8Array(100_000));
    },
  }, { highWaterMark: 0 });
  const target = new Kept();
  target.full = new Promise(() => {});
  void sendStream(ANY, new FetchSource(endless), target);
  await settle();
  assert.equal(target.sent.length, 1);
  assert.equal(made, 4);
});

test("sendStream() asks for more only when there is room", async () => {
  const { source, controller, pulls } = handMade();
  const target = new Kept();
  const done = sendStream(ANY, source, target);
  await settle();
  let room!: () => void;
  target.full = new Promise((resolve) => room = resolve);
  controller.enqueue(latin1Bytes("a"));
  await settle();
  const before = pulls();
  await settle();
  assert.equal(pulls(), before);
  target.full = undefined;
  room();
  await settle();
  assert.equal(pulls(), before + 1);
  controller.close();
  await done;
});

test("sendStream() keeps to the length that was given, and sends not a byte more", async () => {
  const exact = handMade();
  const target = new Kept();
  const done = sendStream(FOUR, exact.source, target);
  await settle();
  assert.deepEqual(target.sent, ["[length 4]"]);
  exact.controller.enqueue(latin1Bytes("abcd"));
  exact.controller.close();
  await done;
  assert.deepEqual(target.sent, ["[length 4]", "abcd"]);

  const long = handMade();
  const cut = new Kept();
  long.controller.enqueue(latin1Bytes("abc"));
  const failed = sendStream(FOUR, long.source, cut);
  await settle();
  long.controller.enqueue(latin1Bytes("de"));
  await assert.rejects(failed, /more than the 4 bytes/);
  assert.deepEqual(cut.sent, ["[length 4]abc"]);

  const short = handMade();
  const early = sendStream(FOUR, short.source, new Kept());
  await settle();
  short.controller.enqueue(latin1Bytes("abc"));
  short.controller.close();
  await assert.rejects(early, /ended after 3/);
});

test("sendStream() sends nothing at all when the length is known to be wrong at once", async () => {
  for (const source of [atHand("abc"), atHand("abc", "de"), atHand()]) {
    const target = new Kept();
    await assert.rejects(sendStream(FOUR, source, target), TypeError);
    assert.deepEqual(target.sent, []);
  }
  const target = new Kept();
  await assert.rejects(sendStream(ZERO, atHand("a"), target), TypeError);
  assert.deepEqual(target.sent, []);
});

test("sendStream() fails with what the body fails with, and what was sent before stays", async () => {
  const { source, controller } = handMade();
  const target = new Kept();
  controller.enqueue(latin1Bytes("a"));
  const failed = sendStream(ANY, source, target);
  await settle();
  controller.error(new RangeError("broken"));
  await assert.rejects(failed, RangeError);
  assert.deepEqual(target.sent, ["[chunked undefined]1\r\na\r\n"]);
});

/** @module */
import assert from "node:assert/strict";
import { FetchSource } from "../../../lib/http/fetch_source.ts";
import { generated } from "../../fakes/fetch_scene.ts";
import { latin1Bytes, latin1Text, settle } from "../../fakes/peer.ts";
import { test } from "../../harness.ts";

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return latin1Bytes(text) as Uint8Array<ArrayBuffer>;
}

function handMade() {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const cancelled: unknown[] = [];
  const stream = new ReadableStream<Uint8Array>({
    start: (given) => void (controller = given),
    cancel: (reason) => void cancelled.push(reason),
  });
  return { source: new FetchSource(stream), controller, cancelled, stream };
}

test("FetchSource sees to its end whatever is at hand, on every runtime", async () => {
  async function* pieces() {
    yield bytes("hel");
    yield bytes("lo");
  }
  const through = new TransformStream<Uint8Array, Uint8Array>();
  const bodies: [string, ReadableStream<Uint8Array>][] = [
    ["text", new Response("hello").body!],
    ["bytes", new Response(bytes("hello")).body!],
    ["a Blob", new Response(new Blob(["hello"])).body!],
    ["parameters", new Response(new URLSearchParams("hello")).body!],
    ["a clone", new Response("hello").clone().body!],
    ["a generator", generated(pieces())],
    ["a transform", new Response("hello").body!.pipeThrough(through)],
  ];
  for (const [what, body] of bodies) {
    const source = new FetchSource(body);
    let text = "";
    while (await source.peek() === "chunk") text += latin1Text(source.take()!);
    assert.match(text, /^hello=?$/, what);
    assert.equal(await source.peek(), "end", what);
    assert.equal(source.take(), undefined);
  }
});

test("FetchSource does not wait for what is not at hand", async () => {
  const { source, controller } = handMade();
  assert.equal(await source.peek(), "later");
  assert.equal(await source.peek(), "later");
  controller.enqueue(bytes("a"));
  assert.equal(await source.peek(), "chunk");
  assert.equal(await source.peek(), "chunk");
  assert.equal(latin1Text(source.take()!), "a");
  const waiting = source.wait();
  controller.close();
  await waiting;
  assert.equal(source.take(), undefined);
  assert.equal(await source.peek(), "end");
});

test("FetchSource gives each chunk once, and skips empty ones", async () => {
  const { source, controller } = handMade();
  for (const text of ["", "a", "", "", "b"]) controller.enqueue(bytes(text));
  controller.close();
  for (const text of ["a", "b"]) {
    await source.wait();
    await source.wait();
    assert.equal(latin1Text(source.take()!), text);
  }
  await source.wait();
  assert.equal(source.take(), undefined);
});

test("FetchSource fails with what the stream failed with, and for what is not bytes", async () => {
  const broken = handMade();
  broken.controller.error(new RangeError("broken"));
  assert.equal(await broken.source.peek(), "chunk");
  assert.throws(() => broken.source.take(), RangeError);
  await broken.source.wait();
  assert.throws(() => broken.source.take(), RangeError);

  for (const chunk of ["text", 5, undefined, new ArrayBuffer(2), new Uint16Array(2)]) {
    const odd = handMade();
    odd.controller.enqueue(chunk as unknown as Uint8Array);
    await odd.source.wait();
    assert.throws(() => odd.source.take(), TypeError);
  }
  assert.throws(() => new FetchSource(broken.stream), TypeError);
});

test("cancel() tells the stream why, and ends a wait", async () => {
  const { source, cancelled } = handMade();
  const waiting = source.wait();
  await settle();
  await source.cancel("gone");
  await waiting;
  assert.equal(source.take(), undefined);
  assert.deepEqual(cancelled, ["gone"]);
});

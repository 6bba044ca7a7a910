import assert from "node:assert/strict";
import { encodeText } from "../../../lib/base/bytes.ts";
import { FrameInflater } from "../../../lib/inspect/frame_inflater.ts";
import type { MessageChange } from "../../../lib/inspect/message_reader.ts";
import { nodeCodecs } from "../../../lib/runtime/node_codecs.ts";
import { test } from "../../harness.ts";
import { deflated, text } from "./kit.ts";

function rig(maxPreviewBytes = 100) {
  let opened = 0;
  let closed = 0;
  const inflater = new FrameInflater(() => {
    opened++;
    const inner = nodeCodecs.createInflater();
    return { inflate: inner.inflate.bind(inner), close: () => (closed++, inner.close()) };
  }, maxPreviewBytes);
  const frame = (piece: Uint8Array, isFinal = true) =>
    new Promise<MessageChange>((resolve) => {
      inflater.push(piece);
      inflater.endFrame(isFinal, resolve);
    });
  return { inflater, frame, counts: () => ({ opened, closed }) };
}

test("FrameInflater inflates message after message, whose words refer to earlier ones", async () => {
  const messages = ["hello, hello", "hello, hello", "x".repeat(5_000)];
  const { inflater, frame, counts } = rig();
  assert.deepEqual(counts(), { opened: 0, closed: 0 });
  const changes = await Promise.all((await deflated(messages)).map((one) => frame(one)));
  assert.deepEqual(
    changes.map(({ preview, sizeBytes, isTruncated }) => [text(preview), sizeBytes, isTruncated]),
    [
      ["hello, hello", 12, false],
      ["hello, hello", 12, false],
      ["x".repeat(100), 5_000, true],
    ],
  );
  inflater.end();
  assert.deepEqual(counts(), { opened: 1, closed: 1 });
  assert.equal(inflater.isWorking, false);
});

test("FrameInflater inflates a message in several frames, and lets what waits be done at the end", async () => {
  const [whole, next] = await deflated(["a message in two frames", "and another"]);
  const { inflater, frame } = rig();
  const going = [
    frame(whole.subarray(0, 7), false),
    frame(whole.subarray(7)),
    frame(next),
  ];
  inflater.end();
  const texts = (await Promise.all(going)).map(({ preview }) => text(preview));
  assert.equal(texts[0] + texts[1], "a message in two frames");
  assert.equal(texts[2], "and another");
});

test("FrameInflater gives up at garbage, and when more waits than it may keep", async () => {
  const { inflater, counts } = rig();
  inflater.push(new Uint8Array(100).fill(0xff));
  inflater.endFrame(true, () => assert.fail("garbage has no meaning"));
  while (inflater.isWorking) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.ok(counts().closed > 0);
  const flooded = rig();
  const piece = new Uint8Array(64 * 1024);
  for (let count = 0; count < 100; count++) flooded.inflater.push(piece);
  assert.equal(flooded.inflater.isWorking, false);
  flooded.inflater.push(encodeText("nobody reads it"));
  flooded.inflater.endFrame(true, () => assert.fail("it has given up"));
  flooded.inflater.end();
});

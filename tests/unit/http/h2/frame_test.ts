/** Frames in any cut. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  FLAG,
  FRAME,
  type FrameHeader,
  FrameReader,
  headersFrames,
  MAX_FRAME_BYTES,
  numbersFrame,
  readU31,
  readU32,
  settingsFrame,
  writeHeader,
} from "../../../../lib/http/h2/frame.ts";
import { test } from "../../../harness.ts";

function dataFrame(id: number, content: Uint8Array, flags = 0): Uint8Array {
  const frame = new Uint8Array(9 + content.length);
  writeHeader(frame, 0, content.length, FRAME.data, flags, id);
  frame.set(content, 9);
  return frame;
}

/** What a reader says of some bytes, pieces of content joined. */
function readAll(chunks: Uint8Array[]): string[] {
  const heard: string[] = [];
  let content = "";
  const text = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16)).join(".");
  const reader = new FrameReader({
    onFrame: (header: FrameHeader, payload) =>
      heard.push(`${header.type}/${header.flags}/${header.id}:${text(payload)}`),
    onData: (header) => content = `data ${header.id} ${header.length}:`,
    onPiece: (_header, piece, isLast) => {
      content += `${text(piece)}${piece.length > 0 ? "." : ""}`;
      if (isLast) heard.push(content);
    },
    onTooLarge: (header) => {
      heard.push(`too large ${header.length}`);
      reader.stop();
    },
  });
  for (const chunk of chunks) reader.take(chunk);
  return heard;
}

const WIRE = Uint8Array.from([
  ...settingsFrame([[4, 100_000], [8, 1]]),
  ...dataFrame(1, Uint8Array.from([1, 2, 3])),
  ...dataFrame(3, new Uint8Array(0), FLAG.endStream),
  ...headersFrames(5, Uint8Array.from([130, 131]), true),
  ...dataFrame(7, Uint8Array.from([2, 9, 0, 0]), FLAG.padded),
  ...numbersFrame(FRAME.goAway, 0, 0, 2 ** 31 - 1, 11),
]);

test("FrameReader hears the same frames however they are cut", () => {
  const whole = readAll([WIRE.slice()]);
  assert.deepEqual(whole, [
    "4/0/0:0.4.0.1.86.a0.0.8.0.0.0.1",
    "data 1 3:1.2.3.",
    "data 3 0:",
    "1/5/5:82.83",
    "0/8/7:2.9.0.0",
    "7/0/0:7f.ff.ff.ff.0.0.0.b",
  ]);
  assert.deepEqual(readAll(Array.from(WIRE, (byte) => Uint8Array.of(byte))), whole);
  fc.assert(fc.property(fc.array(fc.nat(WIRE.length)), (cuts) => {
    const places = [0, ...cuts.sort((a, b) => a - b), WIRE.length];
    const chunks = places.slice(1).map((to, index) => WIRE.slice(places[index], to));
    assert.deepEqual(readAll(chunks), whole);
  }));
});

test("FrameReader tells of a frame that is too large and takes no more", () => {
  const frame = new Uint8Array(9);
  writeHeader(frame, 0, MAX_FRAME_BYTES + 1, FRAME.data, 0, 1);
  assert.deepEqual(readAll([frame, WIRE]), ["too large 16385"]);
});

test("headersFrames() spreads a large section over frames that belong together", () => {
  const heard = readAll([headersFrames(9, new Uint8Array(2 * MAX_FRAME_BYTES + 1), true)]);
  assert.deepEqual(heard.map((line) => line.split(":")[0]), ["1/1/9", "9/0/9", "9/4/9"]);
});

test("readU31() drops the reserved bit, readU32() does not", () => {
  const bytes = Uint8Array.from([255, 255, 255, 255]);
  assert.equal(readU31(bytes, 0), 2 ** 31 - 1);
  assert.equal(readU32(bytes, 0), 2 ** 32 - 1);
});

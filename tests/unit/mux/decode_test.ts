import assert from "node:assert/strict";
import fc from "fast-check";
import { concat, toHex } from "../../../lib/base/bytes.ts";
import { FrameDecoder, type FrameSink } from "../../../lib/mux/decode.ts";
import { ControlQueue, encodeGoAway, writeHeader } from "../../../lib/mux/encode.ts";
import { FLAG, FRAME, MuxFault, RESET } from "../../../lib/mux/frame.ts";
import { test } from "../../harness.ts";

/** Records frames; payload pieces of one frame are put together again. */
class Recorder implements FrameSink {
  readonly log: string[] = [];
  readonly payload = new Map<number, string>();
  onData(id: number, syn: boolean, fin: boolean, payload: Uint8Array): void {
    if (syn) this.log.push(`syn ${id}`);
    this.payload.set(id, (this.payload.get(id) ?? "") + toHex(payload));
    if (payload.length === 0) this.log.push(`empty ${id}`);
    if (fin) this.log.push(`fin ${id}`);
  }
  onReset(id: number, code: number): void {
    this.log.push(`rst ${id} ${code}`);
  }
  onWindowIncrement(id: number, increment: number): void {
    this.log.push(`wnd ${id} ${increment}`);
  }
  onGoAway(last: number, code: number, text: string): void {
    this.log.push(`goaway ${last} ${code} ${text}`);
  }
}

function hex(text: string): Uint8Array {
  const clean = text.replace(/\s+/g, "");
  return Uint8Array.from(
    { length: clean.length / 2 },
    (_, i) => parseInt(clean.slice(i * 2, i * 2 + 2), 16),
  );
}

const GOOD: readonly [string, string, string[]][] = [
  ["heartbeat opens", "00000412 00000003 ffffffff", ["syn 3"]],
  ["empty fin", "00000011 00000005", ["empty 5", "fin 5"]],
  ["nudge", "00000010 00000003", ["empty 3"]],
  ["window increment", "00000420 00000003 00000004", ["wnd 3 4"]],
  ["reset", "00000400 00000002 00000006", ["rst 2 6"]],
  ["reset with flags is still a reset", "0000040f 00000002 00000006", [
    "rst 2 6",
  ]],
  ["goaway without text", "00000830 00000000 00000000 00000000", [
    "goaway 0 0 ",
  ]],
  ["goaway of Go", "00001130 00000000 00000003 00000000 6e6f206572726f7221", [
    "goaway 3 0 no error!",
  ]],
  [
    "goaway of Rust: 13 announced, 21 sent",
    "00000d30 00000000 00000002 00000001 696e76616c6964206672616d65",
    ["goaway 2 1 inval"],
  ],
  [
    "goaway announced shorter than its fixed part",
    "00000030 00000000 00000002 00000001",
    ["goaway 2 1 "],
  ],
  ["unknown type is skipped", "00000370 00000009 aabbcc 00000011 00000005", [
    "empty 5",
    "fin 5",
  ]],
  ["unknown empty type is skipped", "000000f0 00000000 00000011 00000005", [
    "empty 5",
    "fin 5",
  ]],
  ["fin on data", "00000211 00000004 abcd", ["fin 4"]],
];

const BAD: readonly [string, string, number][] = [
  ["data on stream 0", "00000110 00000000 aa", RESET.protocol],
  ["reserved bit", "00000110 80000001 aa", RESET.protocol],
  ["reset on stream 0", "00000400 00000000 00000001", RESET.protocol],
  [
    "window increment on stream 0",
    "00000420 00000000 00000001",
    RESET.protocol,
  ],
  ["reset of 3 bytes", "00000300 00000003 000001", RESET.frameSize],
  ["reset of 0 bytes", "00000000 00000003", RESET.frameSize],
  [
    "window increment of 5 bytes",
    "00000520 00000003 0000000100",
    RESET.frameSize,
  ],
  ["window increment of 0", "00000420 00000003 00000000", RESET.protocol],
  [
    "window increment with top bit",
    "00000420 00000003 80000001",
    RESET.protocol,
  ],
];

for (const [name, input, log] of GOOD) {
  test(`FrameDecoder reads ${name}, whole and byte by byte`, () => {
    const whole = new Recorder();
    new FrameDecoder(whole).push(hex(input));
    assert.deepEqual(whole.log, log);
    const bits = new Recorder();
    const decoder = new FrameDecoder(bits);
    for (const byte of hex(input)) decoder.push(Uint8Array.of(byte));
    assert.deepEqual(bits.log, log);
    assert.deepEqual(bits.payload, whole.payload);
    assert.equal(decoder.midFrame, false);
  });
}

for (const [name, input, code] of BAD) {
  test(`FrameDecoder refuses ${name} and hears nothing after it`, () => {
    for (const cut of [1, 1000]) {
      const sink = new Recorder();
      const decoder = new FrameDecoder(sink);
      const bytes = concat([hex(input), hex("00000011 00000005")]);
      let fault: unknown;
      for (let at = 0; at < bytes.length; at += cut) {
        try {
          decoder.push(bytes.subarray(at, at + cut));
        } catch (thrown) {
          fault ??= thrown;
        }
      }
      assert.ok(fault instanceof MuxFault);
      assert.equal(fault.resetCode, code);
      assert.deepEqual(sink.log, []);
    }
  });
}

test("FrameDecoder ignores everything after GOAWAY", () => {
  const sink = new Recorder();
  new FrameDecoder(sink).push(
    concat([encodeGoAway(3, 0, "x"), hex("00000110 00000000 aa")]),
  );
  assert.deepEqual(sink.log, ["goaway 3 0 x"]);
});

test("FrameDecoder cuts an endless GOAWAY text short", () => {
  const sink = new Recorder();
  new FrameDecoder(sink).push(encodeGoAway(3, 0, "x".repeat(5000)));
  assert.deepEqual(sink.log, [`goaway 3 0 ${"x".repeat(1024)}`]);
});

test("FrameDecoder.midFrame is true inside of a header and inside of a body", () => {
  const decoder = new FrameDecoder(new Recorder());
  decoder.push(hex("000004"));
  assert.equal(decoder.midFrame, true);
  decoder.push(hex("10 00000005 aabb"));
  assert.equal(decoder.midFrame, true);
  decoder.push(hex("ccdd"));
  assert.equal(decoder.midFrame, false);
});

const frame = fc.oneof(
  fc.record({
    kind: fc.constant("data" as const),
    id: fc.integer({ min: 1, max: 0x7fffffff }),
    payload: fc.uint8Array({ maxLength: 40 }),
    flags: fc.integer({ min: 0, max: 3 }),
  }),
  fc.record({
    kind: fc.constant("rst" as const),
    id: fc.integer({ min: 1, max: 99 }),
    value: fc.nat(20),
  }),
  fc.record({
    kind: fc.constant("wnd" as const),
    id: fc.integer({ min: 1, max: 99 }),
    value: fc.integer({ min: 1, max: 0x7fffffff }),
  }),
);

test("FrameDecoder gives the same frames for any chunking of any frames", () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 20 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 30 })),
      (frames, cuts) => {
        const parts: Uint8Array[] = [];
        const expected: string[] = [];
        const expectedPayload = new Map<number, string>();
        for (const one of frames) {
          if (one.kind === "data") {
            const bytes = new Uint8Array(8 + one.payload.length);
            writeHeader(
              bytes,
              0,
              one.payload.length,
              FRAME.data,
              one.flags,
              one.id,
            );
            bytes.set(one.payload, 8);
            parts.push(bytes);
            if (one.flags & FLAG.syn) expected.push(`syn ${one.id}`);
            if (one.payload.length === 0) expected.push(`empty ${one.id}`);
            if (one.flags & FLAG.fin) expected.push(`fin ${one.id}`);
            expectedPayload.set(
              one.id,
              (expectedPayload.get(one.id) ?? "") + toHex(one.payload),
            );
            continue;
          }
          const control = new ControlQueue();
          if (one.kind === "rst") control.reset(one.id, one.value);
          else control.windowIncrement(one.id, one.value);
          const bytes = new Uint8Array(control.bytes);
          control.drainInto(bytes);
          parts.push(bytes);
          expected.push(`${one.kind} ${one.id} ${one.value}`);
        }
        const all = concat([new Uint8Array(0), ...parts]);
        const sink = new Recorder();
        const decoder = new FrameDecoder(sink);
        for (let at = 0; at < all.length;) {
          const take = cuts.next().value;
          decoder.push(all.subarray(at, at + take));
          at += take;
        }
        assert.deepEqual(sink.log, expected);
        assert.deepEqual(sink.payload, expectedPayload);
        assert.equal(decoder.midFrame, false);
      },
    ),
  );
});

test("FrameDecoder never throws anything but a MuxFault on arbitrary bytes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 8 }),
      (chunks) => {
        const decoder = new FrameDecoder(new Recorder());
        try {
          for (const chunk of chunks) decoder.push(chunk);
        } catch (thrown) {
          assert.ok(thrown instanceof MuxFault);
        }
      },
    ),
    { numRuns: 500 },
  );
});

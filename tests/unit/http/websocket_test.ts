/** @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import { concat, encodeText } from "../../../lib/base/bytes.ts";
import {
  acceptKey,
  applyMask,
  closePayload,
  frameHead,
  FrameReader,
  type FrameReaderOptions,
  OPCODES,
  parseClose,
  smallFrame,
  WebSocketFault,
} from "../../../lib/http/websocket.ts";
import { test } from "../../harness.ts";

/** A frame as it is understood: unmasked, in one piece. */
interface Seen {
  readonly opcode: number;
  readonly fin: boolean;
  readonly payload: Uint8Array;
  readonly complete: boolean;
}

/** Reads all of it, in these pieces. */
function read(pieces: readonly Uint8Array[], options: FrameReaderOptions): Seen[] {
  const seen: Seen[] = [];
  let parts: Uint8Array[] = [];
  const reader = new FrameReader(options, {
    onHead: ({ opcode, fin }) => {
      parts = [];
      seen.push({ opcode, fin, payload: new Uint8Array(0), complete: false });
    },
    onPayload: (piece, offset, head) => {
      assert.ok(piece.length > 0);
      const copy = piece.slice();
      if (head.mask !== undefined) applyMask(copy, head.mask, offset);
      parts.push(copy);
    },
    onEnd: ({ opcode, fin }) => {
      const payload = parts.length ? concat(parts) : new Uint8Array(0);
      seen.push({ ...seen.pop()!, opcode, fin, payload, complete: true });
    },
  });
  for (const piece of pieces) reader.push(piece);
  return seen;
}

/** A frame as a client or a server writes it. */
function frame(opcode: number, payload: Uint8Array, mask?: number, fin = true): Uint8Array {
  const body = payload.slice();
  if (mask !== undefined) applyMask(body, mask);
  return concat([frameHead(opcode, payload.length, { fin, mask }), body]);
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(text.split(" "), (byte) => parseInt(byte, 16));
}

test("FrameReader understands the examples of RFC 6455 section 5.7", () => {
  const server = { masked: false };
  const hello = encodeText("Hello");
  const text = (seen: Seen[]) =>
    seen.map((each) => [each.opcode, each.fin, new TextDecoder().decode(each.payload)]);
  assert.deepEqual(text(read([hex("81 05 48 65 6c 6c 6f")], server)), [[1, true, "Hello"]]);
  assert.deepEqual(text(read([hex("81 85 37 fa 21 3d 7f 9f 4d 51 58")], { masked: true })), [
    [1, true, "Hello"],
  ]);
  assert.deepEqual(text(read([hex("01 03 48 65 6c 80 02 6c 6f")], server)), [
    [1, false, "Hel"],
    [0, true, "lo"],
  ]);
  assert.deepEqual(text(read([hex("89 05 48 65 6c 6c 6f")], server)), [[9, true, "Hello"]]);
  assert.deepEqual(hex("82 7e 01 00"), frameHead(OPCODES.binary, 256));
  assert.deepEqual(hex("82 7f 00 00 00 00 00 01 00 00"), frameHead(OPCODES.binary, 65_536));
  assert.deepEqual(smallFrame(OPCODES.text, hello), hex("81 05 48 65 6c 6c 6f"));
});

test("FrameReader reads back what was written, in whatever pieces it comes", () => {
  const anyFrame = fc.record({
    opcode: fc.constantFrom(OPCODES.text, OPCODES.binary),
    payload: fc.uint8Array({ maxLength: 300 }),
    mask: fc.integer({ min: 0, max: 0xffff_ffff }),
  });
  fc.assert(
    fc.property(
      fc.array(anyFrame, { maxLength: 5 }),
      fc.boolean(),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      (frames, masked, sizes) => {
        const bytes = concat([
          new Uint8Array(0),
          ...frames.map((each) => frame(each.opcode, each.payload, masked ? each.mask : undefined)),
        ]);
        const pieces: Uint8Array[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length];
          pieces.push(bytes.slice(at, at + size));
          at += size;
        }
        const seen = read(pieces, { masked });
        assert.deepEqual(
          seen.map(({ opcode, payload, complete }) => [opcode, [...payload], complete]),
          frames.map(({ opcode, payload }) => [opcode, [...payload], true]),
        );
      },
    ),
  );
});

test("FrameReader hands on views of what came, without a copy", () => {
  const bytes = frame(OPCODES.binary, new Uint8Array(1000));
  const pieces: Uint8Array[] = [];
  const reader = new FrameReader({ masked: false }, {
    onHead: () => {},
    onPayload: (piece) => pieces.push(piece),
    onEnd: () => {},
  });
  reader.push(bytes);
  assert.equal(pieces.length, 1);
  assert.equal(pieces[0].buffer, bytes.buffer);
  assert.equal(reader.atBoundary, true);
  reader.push(bytes.subarray(0, 500));
  assert.equal(reader.atBoundary, false);
});

test("FrameReader refuses what breaks the protocol, with the code to close with", () => {
  const cases: readonly [string, string, FrameReaderOptions, number][] = [
    ["unmasked from a client", "82 01 00", { masked: true }, 1002],
    ["masked from a server", "82 81 00 00 00 00 00", { masked: false }, 1002],
    ["reserved bit", "c2 00", { masked: false }, 1002],
    ["opcode 3", "83 00", { masked: false }, 1002],
    ["opcode 11", "8b 00", { masked: false }, 1002],
    ["fragmented ping", "09 00", { masked: false }, 1002],
    ["long ping", "89 7e 00 7e", { masked: false }, 1002],
    ["continuation of nothing", "80 00", { masked: false }, 1002],
    ["message within a message", "02 00 82 00", { masked: false }, 1002],
    ["16 bits for 125", "82 7e 00 7d", { masked: false }, 1002],
    ["64 bits for 65535", "82 7f 00 00 00 00 00 00 ff ff", { masked: false }, 1002],
    ["negative length", "82 7f 80 00 00 00 00 00 00 00", { masked: false }, 1002],
    ["beyond numbers", "82 7f 7f ff ff ff ff ff ff ff", { masked: false }, 1009],
    ["beyond the limit", "82 7e 01 00", { masked: false, maxPayloadBytes: 255 }, 1009],
  ];
  for (const [name, bytes, options, code] of cases) {
    assert.throws(
      () => read([hex(bytes)], options),
      (thrown) => thrown instanceof WebSocketFault && thrown.closeCode === code,
      name,
    );
  }
  // A ping may come within a message, and an extension may use the reserved bits.
  assert.equal(read([hex("02 00 89 00 80 00")], { masked: false }).length, 3);
  assert.equal(read([hex("c2 00")], { masked: false, extended: true }).length, 1);
});

test("FrameReader says nothing but its own faults about any bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (bytes, masked) => {
    try {
      read([bytes], { masked });
    } catch (thrown) {
      assert.ok(thrown instanceof WebSocketFault, String(thrown));
    }
  }));
});

test("applyMask() undoes itself, from any offset", () => {
  fc.assert(
    fc.property(
      fc.uint8Array(),
      fc.integer({ min: 0, max: 0xffff_ffff }),
      fc.nat(20),
      (bytes, mask, cut) => {
        const whole = bytes.slice();
        applyMask(whole, mask);
        for (let i = 0; i < bytes.length; i++) {
          assert.equal(whole[i], bytes[i] ^ ((mask >>> (24 - 8 * (i % 4))) & 0xff));
        }
        const at = Math.min(cut, whole.length);
        applyMask(whole.subarray(0, at), mask);
        applyMask(whole.subarray(at), mask, at);
        assert.deepEqual(whole, bytes.slice());
      },
    ),
  );
});

test("closePayload() and parseClose() agree, and cut a long reason between characters", () => {
  assert.deepEqual(parseClose(closePayload(1000)), { code: 1000, reason: "" });
  assert.deepEqual(parseClose(closePayload(4999, "bye")), { code: 4999, reason: "bye" });
  const long = parseClose(closePayload(1011, "\u00e9".repeat(100)));
  assert.equal(long.reason, "\u00e9".repeat(61));
  assert.deepEqual(parseClose(new Uint8Array(0)), { code: undefined, reason: "" });
});

test("parseClose() refuses codes that must not be sent, and reasons that are no text", () => {
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535]) {
    assert.throws(() => parseClose(closePayload(code)), { closeCode: 1002 }, String(code));
  }
  assert.throws(() => parseClose(new Uint8Array([3])), { closeCode: 1002 });
  assert.throws(() => parseClose(hex("03 e8 ff")), { closeCode: 1007 });
});

test("acceptKey() gives the answer of RFC 6455 section 1.3", async () => {
  assert.equal(await acceptKey("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});

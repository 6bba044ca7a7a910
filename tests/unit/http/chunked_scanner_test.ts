import assert from "node:assert/strict";
import fc from "fast-check";
import { ChunkedScanner } from "../../../lib/http/chunked_scanner.ts";
import { HttpError } from "../../../lib/http/fault.ts";
import { test } from "../../harness.ts";
import accepted from "../../vectors/http/accepted_chunks.json" with {
  type: "json",
};
import refused from "../../vectors/http/refused_chunks.json" with {
  type: "json",
};

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** What a scanner made of `bytes`, given in pieces of `size`. */
function scanAll(bytes: Uint8Array, size: number) {
  let payload = "";
  const scanner = new ChunkedScanner({
    onPayload: (piece) => {
      for (const byte of piece) payload += String.fromCharCode(byte);
    },
  });
  let taken = 0;
  while (taken < bytes.length && !scanner.done) {
    const piece = bytes.subarray(taken, taken + size);
    const used = scanner.scan(piece);
    assert.ok(
      used === piece.length || scanner.done,
      "it left bytes of the body",
    );
    taken += used;
  }
  return {
    done: scanner.done,
    taken,
    payload,
    trailers: scanner.trailers,
    scanner,
  };
}

for (const { name, bytes, fault } of refused) {
  test(`ChunkedScanner refuses ${name}`, () => {
    for (const size of [1, 3, bytes.length]) {
      assert.throws(() => scanAll(bytesOf(bytes), size), (error) => {
        assert.ok(error instanceof HttpError);
        assert.equal(error.fault, fault, error.message);
        return true;
      });
    }
  });
}

for (const { name, bytes, payload, trailers } of accepted) {
  test(`ChunkedScanner takes ${name}`, () => {
    for (const size of [1, 2, 5, bytes.length + 7]) {
      const result = scanAll(bytesOf(bytes + "surplus"), size);
      assert.equal(result.done, true);
      assert.equal(result.taken, bytes.length);
      assert.equal(result.payload, payload);
      assert.equal(result.scanner.payloadBytes, payload.length);
      assert.deepEqual(result.trailers, trailers);
    }
  });
}

test("ChunkedScanner takes nothing once it is done", () => {
  const scanner = new ChunkedScanner();
  assert.equal(scanner.scan(bytesOf("0\r\n\r\n")), 5);
  assert.equal(scanner.scan(bytesOf("0\r\n\r\n")), 0);
});

test("ChunkedScanner keeps the limits it is given", () => {
  const scanner = new ChunkedScanner({
    maxExtensionBytes: 3,
    maxTrailerBytes: 8,
    subject: "response",
  });
  scanner.scan(bytesOf("1;abc\r\nx\r\n0\r\nA: b\r\n\r\n"));
  assert.equal(scanner.done, true);
  for (const text of ["1;abcd\r\n", "0\r\nA: bc\r\n\r\n"]) {
    assert.throws(
      () =>
        new ChunkedScanner({
          maxExtensionBytes: 3,
          maxTrailerBytes: 8,
          subject: "response",
        }).scan(bytesOf(text)),
      (error) => error instanceof HttpError && error.status === 502,
    );
  }
});

test("ChunkedScanner follows a chunk of 8 PiB without looking at it", () => {
  const scanner = new ChunkedScanner();
  scanner.scan(bytesOf("1fffffffffffff\r\n"));
  const block = new Uint8Array(1 << 20);
  for (let index = 0; index < 1000; index++) {
    assert.equal(scanner.scan(block), block.length);
  }
  assert.equal(scanner.payloadBytes, 1000 * 2 ** 20);
});

test("ChunkedScanner finds the same end whatever the chunks and however they are cut", () => {
  const chunk = fc.record({
    data: fc.uint8Array({ minLength: 1, maxLength: 20 }),
    zeros: fc.nat(3),
    upper: fc.boolean(),
    extension: fc.constantFrom("", ";a", ';a="b c"', ";\xff"),
  });
  const trailers = fc.array(
    fc.tuple(
      fc.constantFrom("A", "grpc-status", "X-Y"),
      fc.stringMatching(/^[!-~]{0,5}$/),
    ),
    { maxLength: 3 },
  );
  fc.assert(
    fc.property(
      fc.array(chunk, { maxLength: 6 }),
      trailers,
      fc.integer({ min: 1, max: 50 }),
      (chunks, fields, size) => {
        let text = "";
        let payload = "";
        for (const { data, zeros, upper, extension } of chunks) {
          const content = Array.from(data, (byte) => String.fromCharCode(byte))
            .join("");
          const hex = "0".repeat(zeros) + data.length.toString(16);
          text += (upper ? hex.toUpperCase() : hex) + extension + "\r\n" +
            content + "\r\n";
          payload += content;
        }
        text += "0\r\n" +
          fields.map(([name, value]) => `${name}: ${value}\r\n`).join("") +
          "\r\n";
        const result = scanAll(bytesOf(text + "0\r\n\r\n"), size);
        assert.equal(result.taken, text.length);
        assert.equal(result.payload, payload);
        assert.deepEqual(result.trailers, fields);
      },
    ),
  );
});

test("ChunkedScanner of any bytes ends, waits, or throws an HttpError, the same for each cut", () => {
  const pieces = fc.constantFrom(
    "0",
    "5",
    "a",
    "F",
    "\r\n",
    "\n",
    "\r",
    ";",
    "hello",
    ":",
    " ",
    "\t",
    "\0",
    "\xff",
    "X",
  );
  fc.assert(
    fc.property(
      fc.array(pieces, { maxLength: 20 }),
      fc.integer({ min: 1, max: 9 }),
      (parts, size) => {
        const bytes = bytesOf(parts.join(""));
        const outcomes = [1, size, 1000].map((each) => {
          try {
            const { done, taken, payload } = scanAll(bytes, each);
            return { done, taken, payload };
          } catch (thrown) {
            assert.ok(thrown instanceof HttpError, String(thrown));
            return thrown.message;
          }
        });
        assert.deepEqual(outcomes[0], outcomes[1]);
        assert.deepEqual(outcomes[0], outcomes[2]);
      },
    ),
    { numRuns: 1000 },
  );
});

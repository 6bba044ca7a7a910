/** @module */
import assert from "node:assert/strict";
import { decodeText, encodeText } from "../../../lib/base/bytes.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { readAhead } from "../../../lib/edge/policy_body.ts";
import { test } from "../../harness.ts";

/** What is read of these pieces, and what is there afterwards. */
async function read(pieces: string[], framing: Parameters<typeof readAhead>[1], maxBytes: number) {
  const [near, far] = pair();
  for (const piece of pieces) far.write(encodeText(piece));
  far.closeWrite();
  let error: unknown;
  const body = await readAhead(near, framing, maxBytes, () => {}).catch((thrown) => {
    error = thrown;
    return undefined;
  });
  let left = "";
  for (let chunk = await near.read(); chunk; chunk = await near.read()) left += decodeText(chunk);
  near.abort();
  return { body: body && decodeText(body), left, error };
}

test("readAhead() reads a body and gives it back, with what follows", async () => {
  const { body, left } = await read(["he", "loGET /"], { kind: "length", bytes: 4 }, 4);
  assert.deepEqual([body, left], ["helo", "heloGET /"]);
  const chunks = ["2\r\nhe\r\n", "2\r\nlo\r\n0\r\n\r\n", "GET"];
  const chunked = await read(chunks, { kind: "chunked" }, 4);
  assert.deepEqual([chunked.body, chunked.left], ["helo", chunks.join("")]);
});

test("readAhead() stops at its bound, and gives back what it had", async () => {
  const { body, left } = await read(["5\r\nhello\r\n0\r\n\r\n"], { kind: "chunked" }, 4);
  assert.deepEqual([body, left], [undefined, "5\r\nhello\r\n0\r\n\r\n"]);
});

test("readAhead() stops at framing that never ends", async () => {
  const noise = Array(100).fill(`1;${"x".repeat(1000)}\r\na\r\n`);
  const { body, error } = await read(noise, { kind: "chunked" }, 50);
  assert.deepEqual([body, error], [undefined, undefined]);
});

test("readAhead() fails when the body does not arrive whole", async () => {
  const { error } = await read(["he"], { kind: "length", bytes: 4 }, 4);
  assert.match(String(error), /2 of 4 bytes|2 bytes before its end/);
});

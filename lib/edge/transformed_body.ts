/**
 * Moves a body that changes on its way: out of its framing, through transforms, into chunks, piece
 * by piece as it arrives. Used by the HTTP exchange for policies that change answers, and for
 * visitors that know no chunks.
 *
 * @module
 */
import { encodeText } from "../base/bytes.ts";
import type { ByteTransform } from "../base/byte_transform.ts";
import type { Chunk, Duplex } from "../base/duplex.ts";
import { BodyCut, type BodyFraming, sideError } from "../http/body.ts";

/** How a body is moved. */
export interface TransformOptions {
  /** What it runs through, in order. */
  readonly transforms: readonly ByteTransform[];
  /** Whether it goes out in chunks; else its end is that of the connection. */
  readonly chunked: boolean;
  /** Gets the bytes of each write just before it. */
  readonly onBytes: (bytes: Uint8Array) => void;
}

const CRLF = encodeText("\r\n");
const LAST_CHUNK = encodeText("0\r\n\r\n");

/**
 * Moves one body. Trailers stay behind: what they say was about the body as it came.
 *
 * @param from where it comes from, at its first byte; what follows it stays there
 * @param to where it goes
 * @param framing how its end is known
 * @param options what happens to it
 * @throws {HttpError} when its chunks are malformed
 * @throws {BodyError} when it ends too early or one side fails
 */
export async function copyTransformed(
  from: Duplex,
  to: Duplex,
  framing: BodyFraming,
  options: TransformOptions,
): Promise<void> {
  const { transforms } = options;
  try {
    await copy(from, to, framing, options);
  } catch (thrown) {
    for (const transform of transforms) transform.abort();
    throw thrown;
  }
}

async function copy(
  from: Duplex,
  to: Duplex,
  framing: BodyFraming,
  { transforms, chunked, onBytes }: TransformOptions,
): Promise<void> {
  const pieces: Uint8Array[] = [];
  const body = new BodyCut(framing, "response", (piece) => pieces.push(piece));

  async function send(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    const out = chunked ? asChunk(bytes) : bytes;
    onBytes(out);
    try {
      const full = to.write(out);
      if (full) await full;
    } catch (thrown) {
      throw sideError("sink", "response", thrown);
    }
  }

  /** Through the transforms from one on, and out. */
  async function pass(bytes: Chunk, first: number): Promise<void> {
    for (let at = first; at < transforms.length && bytes; at++) {
      const made = transforms[at].push(bytes);
      bytes = made instanceof Promise ? await made : made;
    }
    if (bytes) await send(bytes);
  }

  while (!body.done) {
    let chunk: Chunk;
    try {
      const next = from.read();
      chunk = next instanceof Promise ? await next : next;
    } catch (thrown) {
      throw sideError("source", "response", thrown);
    }
    if (chunk === undefined) {
      body.end();
      break;
    }
    const size = body.take(chunk);
    if (size < chunk.length) from.unread(chunk.subarray(size));
    for (const piece of pieces.splice(0)) await pass(piece, 0);
  }
  for (const [at, transform] of transforms.entries()) await pass(await transform.end(), at + 1);
  if (!chunked) return;
  onBytes(LAST_CHUNK);
  try {
    // Bytes that are written are given away.
    const full = to.write(LAST_CHUNK.slice());
    if (full) await full;
  } catch (thrown) {
    throw sideError("sink", "response", thrown);
  }
}

function asChunk(bytes: Uint8Array): Uint8Array {
  const size = encodeText(`${bytes.length.toString(16)}\r\n`);
  const chunk = new Uint8Array(size.length + bytes.length + 2);
  chunk.set(size);
  chunk.set(bytes, size.length);
  chunk.set(CRLF, size.length + bytes.length);
  return chunk;
}

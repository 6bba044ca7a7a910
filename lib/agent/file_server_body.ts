/**
 * Parts of a file as the body of an answer: read as the visitor takes it, never more at once than a
 * block. `file_server.ts` sends them. The file is closed at the end, at a failure, and when the
 * visitor has gone.
 *
 * @module
 */
import { encodeText, randomHex } from "../base/bytes.ts";
import { TunnelError } from "../base/errors.ts";
import type { OpenFile } from "../runtime/host.ts";
import type { ByteRange } from "./file_server_ranges.ts";

/** Read at once: enough for the disk, little for the memory. */
const BLOCK_BYTES = 128 * 1024;

/** Text that is sent as it is, or bytes of the file up to a place. */
type Piece = string | { at: number; readonly end: number };

/**
 * A part of a file.
 *
 * @param file owned by the stream from now on
 * @param from counted from 0
 * @param end the first byte that is not sent
 */
export function fileBody(
  file: OpenFile,
  from: number,
  end: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return streamOf(file, [{ at: from, end }]);
}

/** Several parts of a file, `multipart/byteranges` (RFC 9110 section 14.6). */
export interface RangesBody {
  /** The body. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Its length. */
  readonly lengthBytes: number;
  /** Its type, with the boundary. */
  readonly type: string;
}

/**
 * Several parts of a file.
 *
 * @param file owned by the stream from now on
 * @param ranges which
 * @param type of the file
 */
export function rangesBody(
  file: OpenFile,
  ranges: readonly ByteRange[],
  type: string,
): RangesBody {
  const boundary = randomHex(16);
  const pieces: Piece[] = [];
  let lengthBytes = 0;
  for (const { first, last } of ranges) {
    const head = `--${boundary}\r\nContent-Type: ${type}\r\n` +
      `Content-Range: bytes ${first}-${last}/${file.info.size}\r\n\r\n`;
    pieces.push(head, { at: first, end: last + 1 }, "\r\n");
    lengthBytes += head.length + last - first + 1 + 2;
  }
  const tail = `--${boundary}--\r\n`;
  pieces.push(tail);
  lengthBytes += tail.length;
  return {
    stream: streamOf(file, pieces),
    lengthBytes,
    type: `multipart/byteranges; boundary=${boundary}`,
  };
}

function streamOf(file: OpenFile, pieces: Piece[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  let index = 0;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const piece = pieces[index];
        const bytes = typeof piece === "string" ? encodeText(piece) : await nextOf(file, piece);
        if (typeof piece === "string" || piece.at === piece.end) index++;
        controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
        if (index < pieces.length) return;
        await file.close();
        controller.close();
      } catch (thrown) {
        await file.close();
        throw thrown;
      }
    },
    cancel: () => file.close(),
  }, { highWaterMark: 0 });
}

async function nextOf(
  file: OpenFile,
  part: { at: number; readonly end: number },
): Promise<Uint8Array> {
  const bytes = await file.read(part.at, Math.min(BLOCK_BYTES, part.end - part.at));
  if (!bytes) {
    // The length was promised: the visitor must not take what it has for the whole.
    throw new TunnelError(
      "io_failed",
      `Cannot send the rest of a file: it ends at byte ${part.at}, and had ${part.end}`,
    );
  }
  part.at += bytes.length;
  return bytes;
}

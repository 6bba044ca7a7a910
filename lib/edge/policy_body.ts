/**
 * Reads the body of a request before it is forwarded, for policies that have to see it, and gives
 * every byte back. Called by the HTTP exchange.
 *
 * @module
 */
import { concat } from "../base/bytes.ts";
import type { Duplex } from "../base/duplex.ts";
import { BodyCut, type BodyFraming } from "../http/body.ts";

/**
 * The content of a body. What was read is in the carrier again afterwards, framing included.
 *
 * @param from a carrier, at the first byte of the body
 * @param framing how its end is known
 * @param maxBytes more content than this is not read
 * @param onBytes hears of each read
 * @returns `undefined` when it is larger
 * @throws {HttpError} when its chunks are malformed
 * @throws {TunnelError} when it does not arrive whole
 */
export async function readAhead(
  from: Duplex,
  framing: BodyFraming,
  maxBytes: number,
  onBytes: () => void,
): Promise<Uint8Array | undefined> {
  const wire: Uint8Array[] = [];
  const content: Uint8Array[] = [];
  const body = new BodyCut(framing, "request", (piece) => content.push(piece));
  try {
    // Framing may be a multiple of the content, byte by byte: it has a bound of its own.
    while (!body.done && body.payloadBytes <= maxBytes && body.wireBytes <= 8 * maxBytes + 65_536) {
      const next = from.read();
      const chunk = next instanceof Promise ? await next : next;
      if (chunk === undefined) {
        body.end();
        break;
      }
      onBytes();
      wire.push(chunk);
      body.take(chunk);
    }
  } finally {
    if (wire.length > 0) from.unread(concat(wire));
  }
  return body.done && body.payloadBytes <= maxBytes ? concat(content) : undefined;
}

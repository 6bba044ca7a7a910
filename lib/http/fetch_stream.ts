/**
 * Sends the body of a handler's `Response` behind its head. `fetch_exchange.ts` calls it.
 *
 * A body that is at hand as a whole leaves with its length, together with the head; of any other,
 * each chunk leaves when it is there. What the handler calls `Content-Length` is kept to: a
 * connection on which more or less was sent would be out of step for ever.
 *
 * @module
 */
import type { BodyFraming } from "./body.ts";
import type { ResponsePlan } from "./fetch_response.ts";
import type { FetchSource } from "./fetch_source.ts";

/** Where a response goes. */
export interface StreamTarget {
  /** Whether the visitor speaks HTTP/1.0, which knows no chunks. */
  readonly http10: boolean;
  /** Makes the head, when it is known how the body ends, and perhaps what it is. */
  head(framing: BodyFraming, lengthBytes: number | undefined, type?: string): string;
  /** The lines behind the last chunk. @default no trailers, and a length wherever it is known */
  readonly trailers?: (() => Promise<string>) | undefined;
  /** Sends bytes, or text with one byte a character; waits as long as the visitor takes none. */
  send(parts: readonly (string | Uint8Array)[]): void | Promise<void>;
}

const NO_BODY: BodyFraming = { kind: "none" };
const CHUNKED: BodyFraming = { kind: "chunked" };
const UNTIL_CLOSE: BodyFraming = { kind: "until_close" };

/** So much of a body that is at hand is collected to find out how long it is. */
const COLLECT_BYTES = 262_144;

/**
 * Sends a response to its end.
 *
 * @param plan its head
 * @param source its body
 * @param target where it goes
 * @throws {TypeError} when the body is longer or shorter than the handler said; the visitor got no
 * byte more than that
 * @throws whatever the handler's stream fails with
 */
export async function sendStream(
  plan: ResponsePlan,
  source: FetchSource,
  target: StreamTarget,
): Promise<void> {
  const held: Uint8Array[] = [];
  let heldBytes = 0;
  let seen = await source.peek();
  while (seen === "chunk" && heldBytes < COLLECT_BYTES) {
    const chunk = source.take()!;
    held.push(chunk);
    heldBytes += chunk.length;
    seen = await source.peek();
  }
  const ended = seen === "end";
  // RFC 9112 section 7.1.2: only a body in chunks has trailers, and says no length.
  const lengthBytes = target.trailers
    ? undefined
    : plan.lengthBytes ?? (ended ? heldBytes : undefined);
  const type = ended && !plan.hasType && TEXT_HAS_NO_TYPE ? typeOf(held) : undefined;
  if (lengthBytes !== undefined) {
    if (ended && heldBytes < lengthBytes) throw tooShort(lengthBytes, heldBytes);
    return await sendLength(lengthBytes, held, heldBytes, type, source, target);
  }
  if (target.http10) {
    const full = target.send([target.head(UNTIL_CLOSE, undefined), ...held]);
    if (full) await full;
    return await sendRest(source, (chunk) => target.send([chunk]));
  }
  const head = target.head(CHUNKED, undefined, type);
  const full = target.send(
    heldBytes > 0 ? [`${head}${heldBytes.toString(16)}\r\n`, ...held, "\r\n"] : [head],
  );
  if (full) await full;
  await sendRest(
    source,
    (chunk) => target.send([chunk.length.toString(16) + "\r\n", chunk, "\r\n"]),
  );
  const lines = target.trailers ? await target.trailers() : "";
  const last = target.send([`0\r\n${lines}\r\n`]);
  if (last) await last;
}

/** Sends a body whose length is known, with the head before what is at hand of it. */
async function sendLength(
  lengthBytes: number,
  held: readonly Uint8Array[],
  heldBytes: number,
  type: string | undefined,
  source: FetchSource,
  target: StreamTarget,
): Promise<void> {
  let leftBytes = lengthBytes - heldBytes;
  if (leftBytes < 0) throw tooLong(lengthBytes);
  const framing: BodyFraming = lengthBytes > 0 ? { kind: "length", bytes: lengthBytes } : NO_BODY;
  const full = target.send([target.head(framing, lengthBytes, type), ...held]);
  if (full) await full;
  await sendRest(source, (chunk) => {
    leftBytes -= chunk.length;
    if (leftBytes < 0) throw tooLong(lengthBytes);
    return target.send([chunk]);
  });
  if (leftBytes > 0) throw tooShort(lengthBytes, lengthBytes - leftBytes);
}

/**
 * In Bun, `new Response("text")` has no `Content-Type`: Bun's own server adds it when it sends. The
 * Fetch standard has it there from the beginning, and a browser that gets none looks at the text
 * and may take it for HTML, with scripts.
 */
const TEXT_HAS_NO_TYPE: boolean = !new Response("").headers.has("content-type");

/** So much of a body is looked at to see whether it is text. */
const LOOK_BYTES = 16_384;

/** What the Fetch standard calls a body made of text, if this one can be. */
function typeOf(held: readonly Uint8Array[]): string | undefined {
  if (held.length === 0) return undefined;
  try {
    const whole = held.length === 1 && held[0].length <= LOOK_BYTES;
    new TextDecoder("utf-8", { fatal: true })
      .decode(held[0].subarray(0, LOOK_BYTES), { stream: !whole });
  } catch {
    return undefined; // bytes of some other kind, for which there is no usual type
  }
  return "text/plain;charset=UTF-8";
}

async function sendRest(
  source: FetchSource,
  send: (chunk: Uint8Array) => void | Promise<void>,
): Promise<void> {
  for (;;) {
    await source.wait();
    const chunk = source.take();
    if (chunk === undefined) return;
    const full = send(chunk);
    if (full) await full;
  }
}

function tooLong(lengthBytes: number): TypeError {
  return new TypeError(`Cannot send more than the ${lengthBytes} bytes of its Content-Length`);
}

function tooShort(lengthBytes: number, sentBytes: number): TypeError {
  return new TypeError(
    `Cannot send ${lengthBytes} bytes as its Content-Length says: the body ended after ${sentBytes}`,
  );
}

/**
 * Finds a text anywhere in exchanges: first lines, headers, messages, and bodies, also compressed ones.
 * The list of exchanges asks for it; traffic goes on meanwhile.
 *
 * @module
 */
import { decodeText } from "../../base/bytes.ts";
import { type Clock, sleep } from "../../base/clock.ts";
import type { CapturedMessage, Exchange } from "../../inspect/exchange.ts";
import type { Codecs } from "../../runtime/codecs.ts";
import { headerOf } from "./exchange_json.ts";

/** How much is looked through before others have a turn. */
const TURN_BYTES = 4 * 1024 * 1024;

/** Of one body that was compressed. */
const MAX_DECODED_BYTES = 4 * 1024 * 1024;

/** Of all bodies that one search decodes; of the rest it sees what passed. */
const BUDGET_BYTES = 64 * 1024 * 1024;

/** What a search stands on. */
export interface FullTextOptions {
  /** Time. */
  readonly clock: Clock;
  /** Undoes content codings. */
  readonly codecs: Codecs;
  /** So many are enough. */
  readonly limit: number;
}

/**
 * Searches.
 *
 * @param exchanges in the order in which they are wanted
 * @param wanted the text, in any case
 * @param options how many
 */
export async function findText(
  exchanges: Iterable<Exchange>,
  wanted: string,
  { clock, codecs, limit }: FullTextOptions,
): Promise<Exchange[]> {
  const text = wanted.toLowerCase();
  const found: Exchange[] = [];
  let budgetBytes = BUDGET_BYTES;
  let lookedAt = 0;
  const has = (bytes: Uint8Array) => {
    lookedAt += bytes.length;
    return decodeText(bytes).toLowerCase().includes(text);
  };
  const hasInside = async (message: CapturedMessage) => {
    const coding = headerOf(message, "content-encoding") ?? "identity";
    const { bytes } = message.body;
    if (/^\s*(identity)?\s*$/i.test(coding) || bytes.length === 0 || budgetBytes <= 0) return false;
    const decoded = await codecs.decode(coding, bytes, Math.min(MAX_DECODED_BYTES, budgetBytes));
    budgetBytes -= decoded.bytes.length;
    return has(decoded.bytes);
  };
  for (const exchange of exchanges) {
    const { id, request, response, messages, endpointName, clientAddr } = exchange;
    const parts = response ? [request, response] : [request];
    const isFound = `${id} ${endpointName} ${clientAddr}`.toLowerCase().includes(text) ||
      parts.some(({ head, body }) => has(head) || has(body.bytes)) ||
      messages.some(({ preview }) => has(preview)) ||
      await hasInside(request) || (response !== undefined && await hasInside(response));
    if (isFound) found.push(exchange);
    if (found.length === limit) break;
    if (lookedAt < TURN_BYTES) continue;
    lookedAt = 0;
    await sleep(clock, 0);
  }
  return found;
}

/**
 * The scheme that most providers share: a keyed hash over the body, with or without a time before
 * it, in a header. A {@linkcode HmacRule} is one row of a table; {@linkcode hmacProvider} makes a
 * provider of it. The tables are `hmac_body.ts` and `hmac_timed.ts`.
 *
 * @module
 */
import { fromBase64 } from "../../../base/base64.ts";
import { type Digest, fromHex, hmac, joined, sameBytes } from "./crypto.ts";
import {
  DEFAULT_TOLERANCE_MS,
  GENUINE,
  refuted,
  staleness,
  type WebhookMessage,
  type WebhookProvider,
} from "./message.ts";

/** Where the signed time stands. */
export interface TimeRule {
  /** A header of its own; otherwise the field {@linkcode TimeRule.field} of the signature header. */
  readonly header?: string;
  /** The field of a signature header such as `t=1,v1=…`. */
  readonly field?: string;
  /** What it counts. */
  readonly unit: "s" | "ms" | "iso";
  /** How far off it may be. @default {DEFAULT_TOLERANCE_MS} */
  readonly toleranceMs?: number;
}

/** One provider's scheme, as a row. */
export interface HmacRule {
  /** Its identifier in a policy. */
  readonly id: string;
  /** Its name. */
  readonly title: string;
  /** Headers that hold a signature; one genuine signature in any of them is enough. */
  readonly headers: readonly string[];
  /** The hash. */
  readonly digest: Digest;
  /** How the signature is written. `either`: the provider's own documents disagree, and lengths tell them apart. */
  readonly encoding: "hex" | "base64" | "either";
  /** What stands before the signature: `sha256=`. */
  readonly prefix?: string;
  /** The field of a list such as `t=1,v1=…`; a field that comes twice (keys being changed) is tried twice. */
  readonly field?: string;
  /** What separates the fields. @default {","} */
  readonly separator?: string;
  /** The signed time. */
  readonly time?: TimeRule;
  /** What is signed. @default the body */
  readonly signed?: (time: string, body: Uint8Array) => Uint8Array;
}

/** More signatures than this in one header are not looked at: a provider that changes keys sends two. */
const MAX_SIGNATURES = 8;

/**
 * The provider that a row stands for.
 *
 * @param rule the row
 */
export function hmacProvider(rule: HmacRule): WebhookProvider {
  return {
    id: rule.id,
    title: rule.title,
    async verify(message, secret) {
      const given = signatures(rule, message);
      if (given.length === 0) return refuted(`it has no usable ${rule.headers[0]} header`);
      let time = "";
      if (rule.time) {
        const found = timeOf(rule, message);
        if (found === undefined) return refuted("its signature has no timestamp");
        time = found;
        const { unit, toleranceMs = DEFAULT_TOLERANCE_MS } = rule.time;
        const stale = staleness(time, unit, message.nowMs, toleranceMs);
        if (stale !== undefined) return refuted(stale);
      }
      const data = rule.signed ? rule.signed(time, message.body) : message.body;
      const expected = await hmac(rule.digest, secret, data);
      for (const candidate of given) if (sameBytes(candidate, expected)) return GENUINE;
      return refuted("its signature does not match");
    },
  };
}

/** `name=value` pairs of a header, in order. */
export function fieldsOf(text: string, separator: string = ","): [name: string, value: string][] {
  return text.split(separator).map((part) => {
    const at = part.indexOf("=");
    return at < 0 ? [part.trim(), ""] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
  });
}

/** Every signature of a message that can be decoded. */
function signatures(rule: HmacRule, message: WebhookMessage): Uint8Array[] {
  const { field, prefix = "", separator = "," } = rule;
  const found: Uint8Array[] = [];
  for (const name of rule.headers) {
    const value = message.header(name);
    if (value === undefined) continue;
    const texts = field === undefined
      ? value.split(separator).map((text) => text.trim())
      : fieldsOf(value, separator).filter(([key]) => key === field).map(([, text]) => text);
    for (const text of texts.slice(0, MAX_SIGNATURES)) {
      if (!text.startsWith(prefix)) continue;
      const bytes = decode(text.slice(prefix.length), rule.encoding);
      if (bytes && bytes.length > 0) found.push(bytes);
    }
  }
  return found;
}

function decode(text: string, encoding: HmacRule["encoding"]): Uint8Array | undefined {
  if (encoding === "hex") return fromHex(text);
  if (encoding === "base64") return fromBase64(text);
  return text.length % 2 === 0 && fromHex(text) || fromBase64(text);
}

function timeOf(rule: HmacRule, message: WebhookMessage): string | undefined {
  const { header, field } = rule.time!;
  if (header !== undefined) return message.header(header);
  for (const name of rule.headers) {
    const value = message.header(name);
    if (value === undefined) continue;
    for (const [key, text] of fieldsOf(value, rule.separator)) if (key === field) return text;
  }
  return undefined;
}

/** What {@linkcode HmacRule.signed} usually is: `before`, the time, `between`, the body. */
export function timeThenBody(
  before: string,
  between: string,
): (time: string, body: Uint8Array) => Uint8Array {
  return (time, body) => joined(before, time, between, body);
}

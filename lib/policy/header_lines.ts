/**
 * Headers in the config of an action: which may be written, and how. Shared by the actions that
 * add, remove or answer with headers.
 *
 * @module
 */
import { encodeText } from "../base/bytes.ts";
import { type Schema, z } from "../base/schema.ts";
import { isHeaderValue, isToken } from "../http/chars.ts";
import type { HeaderLine } from "../http/edit.ts";
import type { CompileContext, Text } from "./action.ts";
import type { PolicyContext } from "./context.ts";
import { policyFault } from "./fault.ts";

/** How many headers an action may name (edge I). */
const MAX_HEADERS = 10;

/**
 * What says where a message ends and whom a connection belongs to. An edit of these would let the
 * two sides of the edge disagree about where the next message begins.
 */
const FRAMING: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What only the edge itself may say (edge H). */
const OWN: ReadonlySet<string> = new Set(["ngrok-error-code", "ngrok-skip-browser-warning"]);

/** Header names and values; YAML reads some values as numbers and booleans. */
export type HeaderMap = Readonly<Record<string, string | number | boolean>>;

/** What a map of headers must be. */
export const headerMapSchema: Schema<HeaderMap> = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean()]),
);

/** Headers that are ready to write. */
export type HeaderTexts = readonly (readonly [name: string, value: Text])[];

/**
 * Makes headers ready.
 *
 * @param map as they stand in the config
 * @param context the action
 * @throws {TunnelError} refused: 2212 for too many, 2210 and 2211 for a wrong name or value, 2219
 * for one that is not the author's to write
 */
export function compileHeaders(map: HeaderMap, context: CompileContext): HeaderTexts {
  const entries = Object.entries(map);
  checkCount(entries.length, context.where);
  return entries.map(([name, given]) => {
    checkName(name, context.where);
    const value = context.text(`headers.${name}`, String(given));
    if (value.constant !== undefined && hasControl(value.constant)) {
      throw policyFault(
        2211,
        `Cannot use ${context.where}: the value of the header "${name}" has a control character`,
      );
    }
    // Names go out in lower case, as HTTP/2 has them.
    return [name.toLowerCase(), value];
  });
}

/**
 * Makes names ready.
 *
 * @param names as they stand in the config
 * @param where the action, for messages
 * @returns in lower case, each once
 * @throws {TunnelError} refused: 2212, 2210, 2219
 */
export function compileNames(names: readonly string[], where: string): string[] {
  checkCount(names.length, where);
  for (const name of names) checkName(name, where);
  return [...new Set(names.map((name) => name.toLowerCase()))];
}

/** The headers for this traffic. */
export function headerLines(texts: HeaderTexts, context: PolicyContext): HeaderLine[] {
  return texts.map(([name, value]) => [name, wireText(value.of(context))]);
}

function checkCount(count: number, where: string): void {
  if (count <= MAX_HEADERS) return;
  throw policyFault(
    2212,
    `Cannot use ${where}: it may name at most ${MAX_HEADERS} headers, and names ${count}`,
  );
}

function checkName(name: string, where: string): void {
  if (!isToken(name)) {
    throw policyFault(2210, `Cannot use ${where}: ${JSON.stringify(name)} is no header name`);
  }
  const lower = name.toLowerCase();
  if (!FRAMING.has(lower) && !OWN.has(lower) && lower !== "user-agent") return;
  const why = FRAMING.has(lower)
    ? "it belongs to the connection, which the edge looks after"
    : OWN.has(lower)
    ? "only the edge itself may say it"
    : "the visitor's own is always passed on";
  throw policyFault(2219, `Cannot use ${where}: the header "${name}" cannot be changed, ${why}`);
}

/** Text as the bytes of a header value: what is not ASCII goes as UTF-8. */
function wireText(text: string): string {
  // deno-lint-ignore no-control-regex
  const value = /[^\x00-\x7f]/.test(text) ? String.fromCharCode(...encodeText(text)) : text;
  if (isHeaderValue(value)) return value;
  throw new TypeError("Cannot write a header: its value has a control character");
}

/** Whether a value can end its line and begin another. */
function hasControl(text: string): boolean {
  // deno-lint-ignore no-control-regex
  return /[\x00-\x08\x0a-\x1f\x7f]/.test(text);
}

/**
 * The file of addresses: where the edge is when no name server answers. It is JSON, a path or a URL:
 * `{"connect.example.com": ["192.0.2.7"]}`. `resolve.ts` calls it.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import { parseWith, type Schema, z } from "../base/schema.ts";
import { parseIp } from "../http/ip_address.ts";

/** The longest list. */
export const MAX_LIST_BYTES = 262_144;

const listSchema: Schema<Readonly<Record<string, readonly string[]>>> = z.record(
  z.string().min(1),
  z.array(z.string().refine((ip) => parseIp(ip) !== undefined, "it must be an IP address")),
);

/**
 * Finds a name in a list.
 *
 * @param text the list
 * @param name in lower case
 * @param source what to call the list in errors
 * @throws {TunnelError} host_not_found when it is no list, or does not have the name
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { findInList } from "./resolve_list.ts";
 *
 * const text = '{"connect.example.com": ["192.0.2.7"]}';
 * assert.deepEqual(findInList(text, "connect.example.com", "addresses.json"), ["192.0.2.7"]);
 * ```
 */
export function findInList(text: string, name: string, source: string): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TunnelError("host_not_found", `Cannot resolve "${name}": "${source}" is no JSON`, {
      cause,
    });
  }
  let list: Readonly<Record<string, readonly string[]>>;
  try {
    list = parseWith(listSchema, value, `"${source}"`);
  } catch (cause) {
    throw new TunnelError(
      "host_not_found",
      `Cannot resolve "${name}": "${source}" is no list of names with their addresses`,
      { cause },
    );
  }
  const found = Object.hasOwn(list, name) ? list[name] : [];
  if (found.length > 0) return found;
  throw new TunnelError(
    "host_not_found",
    `Cannot resolve "${name}": "${source}" does not have it`,
  );
}

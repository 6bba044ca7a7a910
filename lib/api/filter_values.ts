/**
 * Values of filters: what a field holds, times and durations as they are written.
 *
 * @module
 */

/** What a field holds. `id` is text that nobody searches in (spec rest-api C4). */
export type FilterKind = "text" | "id" | "time" | "flag" | "list";

/**
 * The value of a field.
 *
 * @param object the answer
 * @param path where the field lies in it
 * @param kind what it holds
 * @returns a text, milliseconds, a flag or a list; `undefined` for a time that is not there
 */
export function readField(
  object: Readonly<Record<string, unknown>>,
  path: readonly string[],
  kind: FilterKind,
): unknown {
  let value: unknown = object;
  for (const name of path) value = (value as Record<string, unknown> | null | undefined)?.[name];
  if (kind === "time") return typeof value === "string" ? Date.parse(value) : undefined;
  if (kind === "flag") return value === true;
  if (kind === "list") return value ?? [];
  // Empty texts are left out of answers: to a filter they are empty, not missing.
  return value ?? "";
}

/** Whether a value is what `null` stands for. */
export function isUnset(value: unknown): boolean {
  return value === undefined || value === null || value === "" ||
    (Array.isArray(value) && value.length === 0);
}

/**
 * A time as people write it.
 *
 * @param text RFC 3339; time of day and zone may be missing, for ngrok's own example has none
 * @returns milliseconds since 1970; `undefined` when it is none
 */
export function parseTime(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:[Tt](\d\d:\d\d:\d\d(?:\.\d{1,9})?))?([Zz]|[+-]\d\d:\d\d)?$/
    .exec(text);
  if (!match) return undefined;
  const ms = Date.parse(`${match[1]}T${match[2] ?? "00:00:00"}${match[3] ?? "Z"}`);
  return Number.isNaN(ms) ? undefined : ms;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * A duration as people write it: `7d`, `1h30m`.
 *
 * @returns milliseconds; `undefined` when it is none
 */
export function durationMs(text: string): number | undefined {
  if (!/^(\d{1,9}(\.\d{1,3})?(ms|s|m|h|d|w))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(ms|s|m|h|d|w)/g)) {
    sum += Number(amount) * UNIT_MS[unit];
  }
  return sum;
}

/**
 * Numbers and times as people read them. Every length here is short and steady, so that a table that
 * is refreshed does not move.
 *
 * @module
 */

/** A number and what it counts, set apart so that a page can set them in two sizes. */
export interface Quantity {
  /** The number. */
  readonly value: string;
  /** What it counts; may be empty. */
  readonly unit: string;
}

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Bytes in decimal units, with two to three digits: `0 B`, `1.4 kB`, `38 MB`. */
export function bytesQuantity(bytes: number): Quantity {
  let value = bytes;
  let unit = 0;
  // 999.5 would be shown as 1000.
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return { value: unit === 0 ? String(Math.round(value)) : digits(value), unit: BYTE_UNITS[unit] };
}

/** The same as one text. */
export function formatBytes(bytes: number): string {
  const { value, unit } = bytesQuantity(bytes);
  return `${value} ${unit}`;
}

/** Something per second, with two to three digits: `0`, `0.4`, `12`, `1.2k`. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0) return "0";
  if (perSecond < 0.05) return "<0.1";
  return perSecond < 999.5 ? digits(perSecond) : `${digits(perSecond / 1000)}k`;
}

/** A count, with its thousands apart: `12 345`. */
export function formatCount(count: number): string {
  // A thin space that does not break: what every language understands.
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, "\u202f");
}

function digits(value: number): string {
  return value < 9.95 ? value.toFixed(1) : String(Math.round(value));
}

const UNITS: readonly (readonly [string, number])[] = [
  ["y", 31_536_000],
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

/** How long, in its largest unit and the one below: `42 s`, `3 min`, `5 h 12 min`, `8 d 2 h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const at = UNITS.findIndex(([, size]) => seconds >= size);
  if (at < 0) return "0 s";
  const [unit, size] = UNITS[at];
  const whole = Math.floor(seconds / size);
  const next = UNITS[at + 1];
  const rest = next ? Math.floor((seconds % size) / next[1]) : 0;
  // Nobody wants to know the seconds of minutes.
  return rest > 0 && unit !== "min" ? `${whole} ${unit} ${rest} ${next[0]}` : `${whole} ${unit}`;
}

/** How long ago, in its largest unit: `just now`, `4 min ago`, `3 d ago`. */
export function formatAgo(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 10) return "just now";
  const [unit, size] = UNITS.find(([, size]) => seconds >= size)!;
  return `${Math.floor(seconds / size)} ${unit} ago`;
}

/** A round trip: `<0.1 ms`, `0.6 ms`, `38 ms`, `1.2 s`. */
export function formatLatency(ms: number): string {
  if (ms > 0 && ms < 0.05) return "<0.1 ms";
  return ms < 999.5 ? `${digits(ms)} ms` : `${digits(ms / 1000)} s`;
}

/** How many of something: `1 endpoint`, `3 endpoints`. */
export function formatNumberOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${count === 0 ? "no" : formatCount(count)} ${count === 1 ? singular : plural}`;
}

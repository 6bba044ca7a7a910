/**
 * Which bytes of a file a request wants (RFC 9110 section 14), and whether it wants any at all
 * (section 13). `file_server.ts` asks.
 *
 * @module
 */

/** Bytes from the first to the last one, both included. */
export interface ByteRange {
  /** Counted from 0. */
  readonly first: number;
  /** Not before `first`. */
  readonly last: number;
}

/** What a file is to caches. */
export interface Validators {
  /** The entity tag, with its quotes. */
  readonly etag: string;
  /** Last change, milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** Who asks for more pieces than this gets the whole file. */
const MAX_RANGES = 64;

/**
 * Reads `Range`.
 *
 * @param header its value
 * @param sizeBytes of the file
 * @returns the ranges that the file has, in the order asked for; `[]` when it has none of them;
 * `undefined` when the whole file is to be sent, for the header is not understood or asks for too much
 */
export function parseRanges(header: string | null, sizeBytes: number): ByteRange[] | undefined {
  const list = /^bytes=(.*)$/is.exec(header?.trim() ?? "")?.[1];
  if (list === undefined) return undefined;
  const specs = list.split(",").map((spec) => spec.trim()).filter((spec) => spec !== "");
  if (specs.length === 0 || specs.length > MAX_RANGES) return undefined;
  const ranges: ByteRange[] = [];
  let wantedBytes = 0;
  for (const spec of specs) {
    const match = /^(\d{0,15})\s*-\s*(\d{0,15})$/.exec(spec);
    if (!match || (match[1] === "" && match[2] === "")) return undefined;
    const range = rangeOf(match[1], match[2], sizeBytes);
    if (range === "invalid") return undefined;
    if (!range) continue;
    ranges.push(range);
    wantedBytes += range.last - range.first + 1;
  }
  // Pieces that overlap can make a small file a large answer (RFC 9110 section 17.15).
  return ranges.length > 1 && wantedBytes > sizeBytes ? undefined : ranges;
}

function rangeOf(from: string, to: string, sizeBytes: number): ByteRange | "invalid" | undefined {
  if (from === "") {
    const wanted = Math.min(Number(to), sizeBytes);
    return wanted === 0 ? undefined : { first: sizeBytes - wanted, last: sizeBytes - 1 };
  }
  const first = Number(from);
  if (to !== "" && Number(to) < first) return "invalid";
  if (first >= sizeBytes) return undefined;
  return { first, last: to === "" ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1) };
}

/** What the conditions of a request come to. */
export type Verdict = "send" | "not_modified" | "failed";

/**
 * Weighs the conditions of a request, in the order of RFC 9110 section 13.2.2.
 *
 * @param headers of the request, a GET or HEAD
 * @param file what it is about
 */
export function weighConditions(headers: Headers, file: Validators): Verdict {
  const ifMatch = headers.get("if-match");
  const unmodifiedSince = secondOf(headers.get("if-unmodified-since"));
  if (ifMatch !== null) {
    if (!matches(ifMatch, file.etag, "strong")) return "failed";
  } else if (unmodifiedSince !== undefined && second(file) > unmodifiedSince) {
    return "failed";
  }
  const ifNoneMatch = headers.get("if-none-match");
  const modifiedSince = secondOf(headers.get("if-modified-since"));
  if (ifNoneMatch !== null) {
    if (matches(ifNoneMatch, file.etag, "weak")) return "not_modified";
  } else if (modifiedSince !== undefined && second(file) <= modifiedSince) {
    return "not_modified";
  }
  return "send";
}

/**
 * Whether `If-Range` leaves `Range` in force: the visitor's piece is one of the file as it is now.
 *
 * @param header the value of `If-Range`, if there is one
 * @param file what it is about
 */
export function rangeStillHolds(header: string | null, file: Validators): boolean {
  if (header === null) return true;
  const value = header.trim();
  if (value.startsWith('"')) return value === file.etag;
  // RFC 9110 section 13.1.5: a date has to be the very one; a weak tag never counts.
  return secondOf(value) === second(file);
}

function matches(list: string, etag: string, how: "strong" | "weak"): boolean {
  if (list.trim() === "*") return true;
  const tags = list.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.some((tag) => (how === "weak" ? tag.replace(/^W\//, "") : tag) === etag);
}

/** Dates in HTTP have no fractions. */
function second({ modifiedMs }: Validators): number {
  return Math.floor(modifiedMs / 1000);
}

function secondOf(date: string | null): number | undefined {
  const ms = date === null ? NaN : Date.parse(date);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}

/**
 * Telling the upstream who asked, and how: `X-Forwarded-For`, `-Proto` and `-Host` (edge.md H).
 *
 * @module
 */
import type { HeadEdits, HeaderLine } from "./edit.ts";
import type { RequestHead } from "./head.ts";

/** The visitor, as the edge sees it. */
export interface ForwardedVisitor {
  /** Its IP address, without port or brackets. */
  readonly clientIp: string;
  /** What it spoke with the edge. */
  readonly proto: "http" | "https";
  /** `false` drops what the visitor itself put into these headers instead of adding to it. @default {true} */
  readonly keepIncoming?: boolean;
}

/**
 * The same names to a CGI, WSGI or PHP upstream, where `-` and `_` become one: whoever sends them
 * wants to be believed in place of us.
 */
const ALIASES: readonly string[] = ["for", "proto", "host"].flatMap((last) => [
  `x_forwarded_${last}`,
  `x-forwarded_${last}`,
  `x_forwarded-${last}`,
]);

/**
 * The edits that add the visitor: its address is appended to `X-Forwarded-For`, its scheme to
 * `X-Forwarded-Proto`; `X-Forwarded-Host` stays as the visitor sent it, else it is the Host. A header
 * that is there keeps its place and the case of its name; several become one (RFC 9110 section 5.3).
 *
 * @param head the request as the visitor sent it
 * @param visitor who that is
 */
export function forwardedEdits(
  head: RequestHead,
  visitor: ForwardedVisitor,
): HeadEdits {
  const keep = visitor.keepIncoming ?? true;
  const host = (keep ? head.get("x-forwarded-host") : undefined) ??
    head.hostHeader ?? head.host;
  const set: HeaderLine[] = [
    [
      "X-Forwarded-For",
      append(head, keep, "x-forwarded-for", plainIp(visitor.clientIp)),
    ],
    [
      "X-Forwarded-Proto",
      append(head, keep, "x-forwarded-proto", visitor.proto),
    ],
    ["X-Forwarded-Host", host],
  ];
  return { remove: ALIASES, set };
}

function append(
  head: RequestHead,
  keep: boolean,
  name: string,
  value: string,
): string {
  if (!keep || !head.has(name)) return value;
  return [...head.all(name).filter((part) => part !== ""), value].join(", ");
}

/** A socket that listens for both families reports IPv4 visitors as `::ffff:192.0.2.1`. */
function plainIp(ip: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(ip) ? ip.slice(7) : ip;
}

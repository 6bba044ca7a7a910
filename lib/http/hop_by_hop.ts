/**
 * What concerns only the connection a message came over, and so is not forwarded (RFC 9110 section
 * 7.6.1), and whether that connection carries another message (RFC 9112 section 9.3).
 *
 * @module
 */
import { isToken } from "./chars.ts";
import { type HttpHead, RequestHead, type ResponseHead } from "./head.ts";
import { isUpgradeRequest } from "./upgrade.ts";

/** Never forwarded. `Transfer-Encoding` and `Trailer` stay: chunks and trailers pass as they are. */
const ALWAYS: readonly string[] = [
  "connection",
  "keep-alive",
  "proxy-connection",
  // RFC 9110 section 11.7: between a client and its own forward proxy, which we are not.
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "upgrade",
  "http2-settings",
];
const ALWAYS_AND_TE: readonly string[] = [...ALWAYS, "te"];
const UPGRADING: readonly string[] = ALWAYS.filter((name) =>
  name !== "connection" && name !== "upgrade"
);
const UPGRADING_AND_TE: readonly string[] = [...UPGRADING, "te"];

/**
 * End-to-end fields that a `Connection` header cannot take away. RFC 9110 section 7.6.1 forbids
 * senders to list such fields; a visitor who does it wants the upstream to miss what somebody else
 * put there: whose request it is, or where its body ends.
 */
const KEPT: ReadonlySet<string> = new Set([
  "authorization",
  "cache-control",
  "content-encoding",
  "content-length",
  "content-type",
  "cookie",
  "expect",
  "forwarded",
  "host",
  "set-cookie",
  "trailer",
  "transfer-encoding",
  "via",
  "x-real-ip",
]);

/** The options in `Connection`, lower-case. */
export function connectionTokens(head: HttpHead): string[] {
  if (!head.hasConnection) return [];
  const tokens: string[] = [];
  for (const value of head.all("connection")) {
    for (const part of value.split(",")) {
      const token = part.trim().toLowerCase();
      if (token !== "") tokens.push(token);
    }
  }
  return tokens;
}

/**
 * The headers to remove before a message is forwarded. While an upgrade is asked for or granted,
 * `Connection` and `Upgrade` stay as they are; `TE` stays when it says only `trailers`. Fields that
 * `Connection` lists go too, except those that are known to be meant for the other end.
 *
 * @param head the message
 * @returns lower-case names, for the `remove` of an edit
 */
export function hopByHopNames(
  head: RequestHead | ResponseHead,
): readonly string[] {
  const te = head.get("te");
  const keepsTe = te === undefined || te.toLowerCase() === "trailers";
  if (
    !head.hasConnection || head.connectionIs("keep-alive") ||
    head.connectionIs("close")
  ) {
    return keepsTe ? ALWAYS : ALWAYS_AND_TE;
  }
  // RFC 9110 section 15.5.22: a 426 must say what to upgrade to.
  const upgrading = head instanceof RequestHead
    ? isUpgradeRequest(head)
    : head.status === 101 || head.status === 426;
  const names = upgrading
    ? (keepsTe ? UPGRADING : UPGRADING_AND_TE)
    : (keepsTe ? ALWAYS : ALWAYS_AND_TE);
  const listed = connectionTokens(head).filter((name) =>
    name !== "close" && name !== "keep-alive" && name !== "upgrade" &&
    name !== "te" &&
    !KEPT.has(name) && !name.startsWith("x-forwarded-") && isToken(name)
  );
  return listed.length === 0 ? names : [...names, ...listed];
}

/**
 * Whether the sender means to use the connection again after this message (RFC 9112 section 9.3). A
 * response whose body lasts until the connection closes ends it all the same.
 */
export function keepsAlive(head: HttpHead): boolean {
  if (!head.hasConnection) return head.version === "1.1";
  if (head.connectionIs("keep-alive")) return true;
  const tokens = connectionTokens(head);
  if (tokens.includes("close")) return false;
  return head.version === "1.1" || tokens.includes("keep-alive");
}

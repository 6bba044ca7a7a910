/**
 * Leaving HTTP/1.1 for another protocol on the same connection (RFC 9110 section 7.8): WebSocket,
 * mostly. The relay asks here when to stop reading messages and start joining bytes.
 *
 * @module
 */
import type { HttpHead, RequestHead, ResponseHead } from "./head.ts";

/** The protocols in `Upgrade`, lower-case, most wanted first. */
export function upgradeProtocols(head: HttpHead): string[] {
  if (!head.hasUpgrade) return [];
  return head.all("upgrade").join(",").split(",").map((part) => part.trim().toLowerCase())
    .filter((protocol) => protocol !== "");
}

/**
 * Whether the request asks to change the protocol. `h2c` does not count: an HTTP/2 connection
 * inside the tunnel would carry requests that no policy has seen, so the request is treated as the
 * plain HTTP/1.1 request that it also is.
 */
export function isUpgradeRequest(head: RequestHead): boolean {
  if (!head.hasUpgrade || !head.hasConnection) return false;
  if (head.version !== "1.1") return false; // RFC 9110 section 7.8: ignored in HTTP/1.0
  if (
    !head.all("connection").some((value) => /(^|,)[ \t]*upgrade[ \t]*(,|$)/i.test(value))
  ) {
    return false;
  }
  const protocols = upgradeProtocols(head);
  return protocols.length > 0 && !protocols.some(isHttp2);
}

/** Whether the request opens a WebSocket (RFC 6455 section 4.1). */
export function isWebSocketRequest(head: RequestHead): boolean {
  return head.method === "GET" && isUpgradeRequest(head) &&
    upgradeProtocols(head).includes("websocket");
}

/**
 * Whether the response changes the protocol, as the request asked. A 101 for which this is `false`
 * is a fault of the upstream: nobody knows what follows it.
 *
 * @param request what was sent
 * @param response what came back
 */
export function isUpgradeAnswer(
  request: RequestHead,
  response: ResponseHead,
): boolean {
  if (response.status !== 101 || !isUpgradeRequest(request)) return false;
  const asked = upgradeProtocols(request);
  const granted = upgradeProtocols(response);
  // RFC 9110 section 7.8: a server must not switch to a protocol that was not asked for.
  return granted.length > 0 &&
    granted.every((protocol) => asked.includes(protocol));
}

function isHttp2(protocol: string): boolean {
  return protocol === "h2c" || protocol === "h2" ||
    protocol.startsWith("http/2");
}

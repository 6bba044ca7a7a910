/**
 * Which exchanges are streams of messages, and who reads these. The tap asks for each response.
 *
 * @module
 */
import type { RequestHead, ResponseHead } from "../http/head.ts";
import type { CaptureLimits } from "./capture.ts";
import type { MessageReader, Messages, TellMessage } from "./message_reader.ts";
import { SseReader } from "./sse_reader.ts";
import { WebSocketReader } from "./websocket_reader.ts";

/**
 * The readers of a protocol that a connection was upgraded to.
 *
 * @param request what was asked
 * @param response the 101
 * @param limits what is kept of each message
 * @param tell takes the messages
 * @returns `undefined` for a protocol whose messages are not known
 */
export function upgradeMessages(
  _request: RequestHead,
  response: ResponseHead,
  limits: CaptureLimits,
  tell: TellMessage,
): Messages | undefined {
  if (response.get("upgrade")?.trim().toLowerCase() !== "websocket") return undefined;
  return {
    visitor: new WebSocketReader("visitor", limits, tell),
    service: new WebSocketReader("service", limits, tell),
  };
}

/**
 * The reader of the messages in a body.
 *
 * @param response whose body it is
 * @param limits what is kept of each message
 * @param tell takes the messages
 * @returns `undefined` for a body that is one thing
 */
export function bodyMessages(
  response: ResponseHead,
  limits: CaptureLimits,
  tell: TellMessage,
): MessageReader | undefined {
  const type = response.get("content-type")?.toLowerCase() ?? "";
  const isPlain = (response.get("content-encoding") ?? "identity").toLowerCase() === "identity";
  if (/^text\/event-stream\s*(;|$)/.test(type) && isPlain) return new SseReader(limits, tell);
  return undefined;
}

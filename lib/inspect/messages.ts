/**
 * Which exchanges are streams of messages, and who reads these. The tap asks for each response.
 *
 * @module
 */
import type { ResponseHead } from "../http/head.ts";
import type { Codecs } from "../runtime/codecs.ts";
import type { CaptureLimits } from "./capture.ts";
import type { MessageSource } from "./exchange.ts";
import { FrameInflater } from "./frame_inflater.ts";
import type { MessageReader, Messages, TellMessage } from "./message_reader.ts";
import { SseReader } from "./sse_reader.ts";
import { WebSocketReader } from "./websocket_reader.ts";

/** What the readers of an upgraded connection need. */
export interface UpgradeOptions {
  /** What is kept of each message. */
  readonly limits: CaptureLimits;
  /** Undoes compression. @default it stays */
  readonly codecs?: Pick<Codecs, "createInflater">;
}

/**
 * The readers of a protocol that a connection was upgraded to.
 *
 * @param response the 101
 * @param options what is kept of each message, and what undoes compression
 * @param tell takes the messages
 * @returns `undefined` for a protocol whose messages are not known
 */
export function upgradeMessages(
  response: ResponseHead,
  { limits, codecs }: UpgradeOptions,
  tell: TellMessage,
): Messages | undefined {
  if (response.get("upgrade")?.trim().toLowerCase() !== "websocket") return undefined;
  const extensions = response.get("sec-websocket-extensions") ?? "";
  const isDeflated = /(^|,)\s*permessage-deflate\s*(;|,|$)/i.test(extensions);
  const reader = (from: MessageSource) =>
    new WebSocketReader(
      from,
      limits,
      tell,
      isDeflated && codecs
        ? new FrameInflater(() => codecs.createInflater(), limits.maxPreviewBytes)
        : undefined,
    );
  return { visitor: reader("visitor"), service: reader("service") };
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

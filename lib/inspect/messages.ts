/**
 * Which exchanges are streams of messages, and who reads these. The tap asks for each response.
 *
 * @module
 */
import type { RequestHead, ResponseHead } from "../http/head.ts";
import type { CaptureLimits } from "./capture.ts";
import type { StreamMessage } from "./exchange.ts";
import { SseReader } from "./sse_reader.ts";

/** Takes each message when it is complete. */
export type TellMessage = (message: Omit<StreamMessage, "atMs">) => void;

/** Makes messages of the bytes of one direction. */
export interface MessageReader {
  /** Takes what comes next; what it keeps of it is a copy. */
  push(piece: Uint8Array): void;
  /** Nothing more comes. */
  end(): void;
}

/** The readers of both directions of a connection that has left HTTP. */
export interface Messages {
  /** Of what the visitor sends. */
  readonly visitor: MessageReader;
  /** Of what the service sends. */
  readonly service: MessageReader;
}

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
  _response: ResponseHead,
  _limits: CaptureLimits,
  _tell: TellMessage,
): Messages | undefined {
  return undefined;
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

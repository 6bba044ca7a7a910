/**
 * What readers of messages look like: `messages.ts` chooses one, the tap feeds it.
 *
 * @module
 */
import type { StreamMessage } from "./exchange.ts";

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

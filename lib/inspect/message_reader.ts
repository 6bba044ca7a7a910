/**
 * What readers of messages look like: `messages.ts` chooses one, the tap feeds it.
 *
 * @module
 */
import type { StreamMessage } from "./exchange.ts";

/** What is known of a message a little later: what it was before it was compressed. */
export type MessageChange = Pick<StreamMessage, "sizeBytes" | "preview" | "isTruncated">;

/** Takes each message when it is complete, and gives a way to say more of it later. */
export type TellMessage = (
  message: Omit<StreamMessage, "atMs">,
) => ((change: MessageChange) => void) | void;

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

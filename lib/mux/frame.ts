/**
 * The frames of the mux and their numbers (wire-protocol 2). Everything is big-endian.
 *
 * @module
 */
import { type ErrorCode, TunnelError } from "../base/errors.ts";

/** Bytes before each body: length (24 bit), type and flags (4 bit each), stream id (31 bit). */
export const HEADER_BYTES = 8;

/** Kinds of frame (wire-protocol 2.1). Never send another: a Rust peer breaks on it. */
export const FRAME = { reset: 0, data: 1, windowIncrement: 2, goAway: 3 } as const;

/** Flags of a data frame. */
export const FLAG = { fin: 0x1, syn: 0x2 } as const;

/** Credit each direction of a stream starts with. Both ends know it; nothing announces it. */
export const INITIAL_WINDOW_BYTES = 0x40000;

/** Codes in RST and GOAWAY (wire-protocol 2.4). */
export const RESET = {
  noError: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 4,
  streamRefused: 5,
  streamCancelled: 6,
  streamReset: 7,
  frameSize: 8,
  acceptQueueFull: 9,
  enhanceYourCalm: 10,
  remoteGoneAway: 11,
  streamsExhausted: 12,
  writeTimeout: 13,
  sessionClosed: 14,
  peerEof: 15,
} as const;

/** The name of a reset code, for messages to people. */
export function resetName(code: number): string {
  for (const [name, value] of Object.entries(RESET)) {
    if (value === code) return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  }
  return `code ${code}`;
}

/** A breach of the protocol by the peer: ends the session with GOAWAY and this code. */
export class MuxFault extends TunnelError {
  /** The code GOAWAY carries. */
  readonly resetCode: number;

  /**
   * Makes the error of a peer that broke the protocol.
   *
   * @param resetCode what GOAWAY tells the peer
   * @param message what the peer did
   */
  constructor(resetCode: number, message: string) {
    super("mux_protocol", message);
    this.resetCode = resetCode;
  }
}

/** The error a stream fails with when the peer reset it. */
export function resetError(code: number): TunnelError {
  const kind: ErrorCode = code === RESET.streamRefused || code === RESET.acceptQueueFull
    ? "stream_refused"
    : "stream_reset";
  return new TunnelError(kind, `The peer reset the stream: ${resetName(code)}`);
}

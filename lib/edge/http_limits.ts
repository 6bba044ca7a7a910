/**
 * What an HTTP visitor may cost, and for how long it may say nothing. Bodies have no limit.
 *
 * @module
 */

/** The limits of the HTTP doors (edge I). Times in milliseconds; 0 switches one off. */
export interface HttpLimits {
  /** First line and headers of a request. */
  readonly requestHeadBytes: number;
  /** First line and headers of a response. */
  readonly responseHeadBytes: number;
  /** From accept, or from the first byte of a later request, to the end of its head. */
  readonly headMs: number;
  /** Between two requests. */
  readonly keepAliveMs: number;
  /** Between two requests, until the stream to the agent is let go, for agents have few. */
  readonly keepStreamMs: number;
  /** Within an exchange, without a byte moving either way. */
  readonly idleMs: number;
  /** After an upgrade, without a byte moving either way. */
  readonly upgradedIdleMs: number;
  /** After the last response, for the visitor to take it and close. */
  readonly lingerMs: number;
  /**
   * A kept stream carries a request that must not be repeated only when it was idle for less: a
   * service that closes idle connections may be closing this one, and nobody could tell whether it
   * saw the request.
   */
  readonly freshMs: number;
  /** How long a visitor waits for the first byte before the agent is asked whether it lives. */
  readonly doubtMs: number;
  /** How long the agent may take to answer that; then other members of its pool serve. */
  readonly doubtAnswerMs: number;
  /** How much longer it may stay silent when nobody can stand in for it, before the visitor is told. */
  readonly silentMs: number;
}

/** Heads of 1 MiB, 60 s for a head, 5 min of silence, upgraded connections as long as they last. */
export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  requestHeadBytes: 1_048_576,
  responseHeadBytes: 1_048_576,
  headMs: 60_000,
  keepAliveMs: 300_000,
  keepStreamMs: 30_000,
  idleMs: 300_000,
  upgradedIdleMs: 0,
  lingerMs: 5_000,
  freshMs: 1_000,
  doubtMs: 1_000,
  doubtAnswerMs: 2_000,
  silentMs: 3_000,
};

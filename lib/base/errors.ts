/**
 * The error every part of Sallyport throws, and the closed table of its codes.
 *
 * Runtime adapters translate their own errors into this one; nothing above `lib/runtime/` looks at
 * a runtime's error names. Bad arguments are `TypeError`/`RangeError`, unparsable text is
 * `SyntaxError`; everything else that goes wrong is a {@linkcode TunnelError}.
 *
 * @module
 */

/**
 * Every code a {@linkcode TunnelError} can carry, with the sentence that explains it. Codes are
 * stable: scripts may compare them.
 */
export const ERROR_CODES = {
  // the network
  connection_refused: "Nothing listens at that address",
  connection_reset: "The peer cut the connection",
  connection_closed: "The connection ended before the exchange was complete",
  host_not_found: "The host name does not resolve",
  network_unreachable: "There is no route to that address",
  timed_out: "The peer did not answer in time",
  loop: "The address leads back to where the request came from",
  proxy_failed: "The proxy did not open the way",
  address_in_use: "Another program listens at that address",
  address_not_available: "That address does not belong to this machine",
  permission_denied: "The operating system refused access",
  not_found: "There is no such file or object",
  conflict: "Something else has that name or address already",
  io_failed: "The operating system reported an input/output error",
  aborted: "The operation was cancelled by its caller",
  // TLS
  tls_failed: "The TLS handshake failed",
  tls_protocol: "The peer speaks another protocol inside TLS than was offered to it",
  tls_untrusted: "The peer's certificate is not signed by a trusted authority",
  tls_name_mismatch: "The peer's certificate is for another name",
  tls_expired: "The peer's certificate is not valid at this time",
  // the multiplexer
  mux_protocol: "The peer broke the multiplexing protocol",
  stream_reset: "The peer reset the stream",
  stream_refused: "The peer refused the stream",
  streams_exhausted: "The session has as many open streams as it may have",
  session_closed: "The session has ended",
  // messages between agent and edge
  message_invalid: "A message could not be understood",
  message_too_large: "A message is larger than its limit",
  refused: "The other side refused the request",
  heartbeat_lost: "The other side stopped answering heartbeats",
  // HTTP
  http_invalid: "The HTTP message is malformed or ambiguous",
  http_too_large: "The HTTP head is larger than its limit",
  // updates
  signature_invalid: "A signature or a checksum is not the one expected",
  update_failed: "The program could not be replaced by another version",
  // input
  usage: "The command line is not usable as given",
  unsupported: "There is no such thing here, and the message says what does its job",
  config_invalid: "The configuration is not usable as given",
  address_invalid: "The address cannot be understood",
  internal: "Sallyport did something wrong",
} as const;

/** One of the stable codes of {@linkcode ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What else a {@linkcode TunnelError} can carry. */
export interface TunnelErrorOptions extends ErrorOptions {
  /** The `ERR_NGROK_n` number clients of the ecosystem parse, where one applies. */
  ngrokCode?: number;
}

/**
 * What every failing operation rejects with.
 *
 * The message says what was tried and then what was found, without a full stop; `code` is stable
 * and one of {@linkcode ERROR_CODES}; `cause` is the error underneath.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { TunnelError } from "./errors.ts";
 *
 * const error = new TunnelError("connection_refused", 'Cannot reach "localhost:80": connection refused');
 * assert.equal(error.code, "connection_refused");
 * ```
 */
export class TunnelError extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "TunnelError";
  /** The stable code of what went wrong. */
  readonly code: ErrorCode;
  /** The `ERR_NGROK_n` number, where one applies. */
  readonly ngrokCode: number | undefined;

  /**
   * Makes an error.
   *
   * @param code one of {@linkcode ERROR_CODES}
   * @param message what was tried, then what was found; no full stop
   * @param options the cause and the `ERR_NGROK_n` number
   */
  constructor(code: ErrorCode, message: string, options: TunnelErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.ngrokCode = options.ngrokCode;
  }
}

/**
 * Makes a {@linkcode TunnelError} out of anything that was thrown; one that already is stays itself.
 *
 * @param thrown what a `catch` clause caught
 * @param code the code when it is not a TunnelError yet
 * @default {"internal"} for `code`
 * @returns a TunnelError whose `cause` is `thrown`
 */
export function toTunnelError(thrown: unknown, code: ErrorCode = "internal"): TunnelError {
  if (thrown instanceof TunnelError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new TunnelError(code, message, { cause: thrown });
}

/**
 * The text that ecosystem clients expect in an `Error` field: the sentence, an empty line, and the
 * code alone on its line (wire-protocol 8.4).
 *
 * @param message the sentence for a person
 * @param ngrokCode the number after `ERR_NGROK_`
 * @returns the two parts joined as the wire demands
 */
export function formatNgrokError(message: string, ngrokCode: number): string {
  return `${message}\r\n\r\nERR_NGROK_${ngrokCode}\r\n`;
}

/**
 * An error as a log has it: with the code that readers of the log look for, where it has one.
 *
 * @param error what went wrong
 */
export function loggedError(error: TunnelError): string {
  const { message, ngrokCode } = error;
  if (ngrokCode === undefined || message.includes(`ERR_NGROK_${ngrokCode}`)) return message;
  return formatNgrokError(message, ngrokCode);
}

/**
 * Reads the number out of an `Error` field that another server sent.
 *
 * @param text the whole field
 * @returns the sentence without the code, and the number if there was one
 */
export function parseNgrokError(text: string): { message: string; ngrokCode: number | undefined } {
  const match = /ERR_NGROK_(\d+)/.exec(text);
  const message = text.split(/\r?\n/).filter((line) => !/^\s*ERR_NGROK_\d+\s*$/.test(line))
    .join("\n").trim();
  return { message, ngrokCode: match ? Number(match[1]) : undefined };
}

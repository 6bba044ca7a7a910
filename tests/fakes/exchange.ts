/**
 * An exchange of which only the headers matter.
 *
 * @module
 */
import type { CapturedMessage, Exchange, HeaderLine } from "../../lib/inspect/exchange.ts";

const part = (headers: readonly HeaderLine[]): CapturedMessage => ({
  version: "1.1",
  headers,
  trailers: [],
  head: new Uint8Array(),
  body: { bytes: new Uint8Array(), totalBytes: 0, isTruncated: false },
});

/** One that is complete, with these header lines. */
export function exchange(
  request: readonly HeaderLine[],
  response?: readonly HeaderLine[],
): Exchange {
  return {
    id: "airt_1",
    endpointName: "web",
    endpointUrl: "",
    clientAddr: "",
    startedAtMs: 0,
    request: { ...part(request), method: "GET", target: "/" },
    response: response && { ...part(response), status: 200, reason: "" },
    state: "complete",
    error: undefined,
    timing: { requestMs: undefined, firstByteMs: undefined, durationMs: undefined },
    messages: [],
    droppedMessages: 0,
    replayOf: undefined,
  };
}

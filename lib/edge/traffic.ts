/**
 * What passes through one endpoint, counted while it passes: for screens that show it live. The
 * relays count, `info.ts` tells.
 *
 * @module
 */

/** Counters of one endpoint since it came online; all but `open` only grow. */
export interface TrafficCounts {
  /** HTTP requests; connections to tcp and tls endpoints. */
  readonly requests: number;
  /** Of these, the ones that are not over. */
  readonly open: number;
  /** Bytes of bodies and raw connections that visitors sent. */
  readonly inBytes: number;
  /** Bytes they were sent. */
  readonly outBytes: number;
}

/** The counters themselves: one object per endpoint, changed in place on the way of every chunk. */
export class Traffic implements TrafficCounts {
  /** HTTP requests; connections to tcp and tls endpoints. */
  requests = 0;
  /** Of these, the ones that are not over. */
  open = 0;
  /** Bytes of bodies and raw connections that visitors sent. */
  inBytes = 0;
  /** Bytes they were sent. */
  outBytes = 0;

  /** A request or a connection has come. */
  begin(): void {
    this.requests++;
    this.open++;
  }

  /** It is over. */
  end(): void {
    this.open--;
  }

  /** The counters at this moment, as plain data. */
  counts(): TrafficCounts {
    const { requests, open, inBytes, outBytes } = this;
    return { requests, open, inBytes, outBytes };
  }
}

/**
 * Raw bytes between a visitor and a stream to an agent: TCP endpoints, TLS that is passed through,
 * and connections that were upgraded. The doors and the HTTP relay call it.
 *
 * @module
 */
import { type Chunk, type Duplex, giveTo, join, type JoinResult } from "../base/duplex.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { TunnelError } from "../base/errors.ts";
import { RESET } from "../mux/frame.ts";
import type { MuxStream } from "../mux/mux.ts";
import { Through } from "./through.ts";
import type { Traffic } from "./traffic.ts";

/** What bounds a raw connection. */
export interface RawRelayOptions {
  /** Whose time. */
  readonly clock: Clock;
  /** The connection is cut after so long without a byte either way; 0 never cuts. */
  readonly idleMs: number;
  /** Counts the bytes as they pass. */
  readonly traffic: Traffic;
}

/**
 * Ends a stream whose visitor is gone: FIN, then RST(6). RST alone leaves a Rust agent with an idle
 * upstream waiting for ever, FIN alone leaves one with a talking upstream talking (wire-protocol 7.1).
 */
export function cancelStream(stream: MuxStream): void {
  // The FIN may have to wait behind queued bytes; RST drops those, and the mux keeps the order.
  const waiting = stream.closeWrite();
  // What the promise would tell is that we reset the stream ourselves.
  if (waiting) waiting.catch(() => {});
  stream.reset(RESET.streamCancelled);
}

/**
 * Joins a visitor and a stream until both directions are over. Either end is passed on while the
 * other direction flows; a visitor that is gone cancels the stream; a stream that was reset aborts
 * the visitor.
 *
 * @param visitor the public side
 * @param stream the agent's side
 * @param options time and its limit
 * @returns bytes from the visitor ("forward") and to it ("backward"), and what cut the connection
 */
export async function relayRaw(
  visitor: Duplex,
  stream: MuxStream,
  options: RawRelayOptions,
): Promise<JoinResult> {
  const { traffic } = options;
  const agentSide = new AgentSide(stream, traffic);
  const visitorSide = new VisitorSide(visitor, traffic);
  if (options.idleMs === 0) return await join(visitorSide, agentSide);
  const stop = cutWhenIdle(visitor, agentSide, options);
  try {
    return await join(visitorSide, agentSide);
  } finally {
    stop();
  }
}

/** Cuts both sides when the count of moves stands still; one timer, looked at once a period. */
function cutWhenIdle(visitor: Duplex, agentSide: AgentSide, options: RawRelayOptions): () => void {
  const { clock, idleMs } = options;
  // Looking four times a period, a connection lives at most a quarter longer than it should.
  const periodMs = Math.max(1, Math.ceil(idleMs / 4));
  let seen = agentSide.moves;
  let quiet = 0;
  let timer: Timer = clock.after(periodMs, look);
  function look() {
    if (agentSide.moves !== seen) {
      seen = agentSide.moves;
      quiet = 0;
    } else if (++quiet >= 4) {
      const error = new TunnelError("timed_out", `No byte moved either way within ${idleMs} ms`);
      visitor.abort(error);
      agentSide.abort();
      return;
    }
    timer = clock.after(periodMs, look);
  }
  return () => timer.cancel();
}

/** A stream as `join` sees it: aborting it is cancelling it, and its moves are counted. */
class AgentSide extends Through {
  readonly #stream: MuxStream;
  readonly #traffic: Traffic;
  /** Chunks that passed, in either direction. */
  moves = 0;

  constructor(stream: MuxStream, traffic: Traffic) {
    super(stream);
    this.#stream = stream;
    this.#traffic = traffic;
  }

  override read(): Chunk | Promise<Chunk> {
    this.moves++;
    return this.#stream.read();
  }

  override write(chunk: Uint8Array): void | Promise<void> {
    this.moves++;
    this.#traffic.inBytes += chunk.length;
    return this.#stream.write(chunk);
  }

  give(chunk: Uint8Array): void | Promise<void> {
    this.moves++;
    this.#traffic.inBytes += chunk.length;
    return giveTo(this.#stream, chunk);
  }

  override abort(): void {
    cancelStream(this.#stream);
  }
}

/** A visitor as `join` sees it: what it is sent is counted. */
class VisitorSide extends Through {
  readonly #traffic: Traffic;

  constructor(visitor: Duplex, traffic: Traffic) {
    super(visitor);
    this.#traffic = traffic;
  }

  override write(chunk: Uint8Array): void | Promise<void> {
    this.#traffic.outBytes += chunk.length;
    return this.under.write(chunk);
  }

  give(chunk: Uint8Array): void | Promise<void> {
    this.#traffic.outBytes += chunk.length;
    return giveTo(this.under, chunk);
  }
}

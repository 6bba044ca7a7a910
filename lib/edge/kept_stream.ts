/**
 * The stream to an agent that one HTTP visitor keeps from request to request, so that the service
 * behind it is not dialled anew each time. The HTTP relay owns one slot per visitor.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { Lookahead, type News } from "../http/lookahead.ts";
import { RESET } from "../mux/frame.ts";
import type { MuxStream } from "../mux/mux.ts";
import type { Endpoint } from "./endpoint.ts";
import { cancelStream } from "./relay.ts";

/** A stream to the agent of an endpoint, and what is known about its next bytes. */
export interface AgentStream {
  /** Whose. */
  readonly endpoint: Endpoint;
  /** The stream. */
  readonly stream: MuxStream;
  /** A read begun early: wait for its `pending` before reading the stream. */
  readonly ahead: Lookahead;
  /** Since when it is kept. */
  sinceMs: number;
}

/** Streams kept to further members of a pool: a visitor is balanced without dialling each time. */
const MAX_OTHERS = 3;

/** How a slot behaves. */
export interface KeptStreamOptions {
  /** Whose time. */
  readonly clock: Clock;
  /** After our FIN, how long the agent has to end its side before the stream is reset. */
  readonly lingerMs: number;
  /** A request that must not be repeated goes over a kept stream idle for less than this. */
  readonly freshMs: number;
}

/** Room for one stream between two requests; in a pool, for one to each of a few members. */
export class KeptStream {
  readonly #options: KeptStreamOptions;
  #kept: AgentStream | undefined;
  /** To other members of the same pool, the oldest first. */
  #others: AgentStream[] | undefined;

  /**
   * Makes an empty slot.
   *
   * @param options time and its limits
   */
  constructor(options: KeptStreamOptions) {
    this.#options = options;
  }

  /** Whether a stream is kept. */
  get holds(): boolean {
    return this.#kept !== undefined;
  }

  /** Makes ready a stream that was just opened. */
  adopt(endpoint: Endpoint, stream: MuxStream): AgentStream {
    const agentStream: AgentStream = {
      endpoint,
      stream,
      ahead: new Lookahead(stream, (news) => this.#onNews(agentStream, news)),
      sinceMs: 0,
    };
    return agentStream;
  }

  /**
   * Takes the kept stream out, if it may carry the next request.
   *
   * @param endpoint where that request goes; a stream to another endpoint is let go, unless both
   * are of one pool
   * @param repeatable whether the request can be sent again when the stream turns out to be dead
   */
  take(endpoint: Endpoint, repeatable: boolean): AgentStream | undefined {
    const kept = this.#kept;
    if (!kept) return undefined;
    if (kept.endpoint !== endpoint) {
      if (kept.endpoint.url !== endpoint.url || !endpoint.pooled) {
        this.letGo();
        return undefined;
      }
      const at = this.#others?.findIndex((other) => other.endpoint === endpoint) ?? -1;
      return at < 0 ? undefined : this.#useOf(this.#others!.splice(at, 1)[0], repeatable);
    }
    this.#kept = this.#others?.pop();
    return this.#useOf(kept, repeatable);
  }

  #useOf(agentStream: AgentStream, repeatable: boolean): AgentStream | undefined {
    const idleMs = this.#options.clock.steady() - agentStream.sinceMs;
    if (repeatable || idleMs < this.#options.freshMs) return agentStream;
    this.retire(agentStream);
    return undefined;
  }

  /** Keeps a stream whose exchange is complete; watches it for the end that services announce when idle. */
  keep(agentStream: AgentStream): void {
    const before = this.#kept;
    if (before) {
      const others = this.#others ??= [];
      others.push(before);
      if (others.length > MAX_OTHERS) this.retire(others.shift()!);
    }
    this.#kept = agentStream;
    agentStream.sinceMs = this.#options.clock.steady();
    agentStream.ahead.start();
  }

  /** Ends what is kept. */
  letGo(): void {
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept) this.retire(kept);
    const others = this.#others;
    if (!others) return;
    this.#others = undefined;
    for (const other of others) this.retire(other);
  }

  /**
   * Ends a stream whose exchange is complete: FIN, for the agent may still be reading; RST when it
   * does not end its side soon.
   */
  retire({ stream, ahead }: AgentStream): void {
    if (ahead.error) return;
    const waiting = stream.closeWrite();
    // A stream that fails now has nothing left to lose.
    if (waiting) waiting.catch(() => {});
    if (ahead.ended) return;
    const { clock, lingerMs } = this.#options;
    const timer = clock.after(lingerMs, () => stream.reset(RESET.streamCancelled));
    stream.closed.then(() => timer.cancel());
    ahead.start();
  }

  #onNews(agentStream: AgentStream, news: News): void {
    if (this.#kept === agentStream) {
      this.#kept = this.#others?.pop();
    } else {
      const at = this.#others?.indexOf(agentStream) ?? -1;
      if (at < 0) return;
      this.#others!.splice(at, 1);
    }
    // Bytes that answer no request would be taken for the answer to the next one.
    if (news === "bytes") cancelStream(agentStream.stream);
    else this.retire(agentStream);
  }
}

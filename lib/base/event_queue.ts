/**
 * From "call me for each" to "for await": events in the order in which they happened, kept while
 * their reader is busy, within a bound. The agent's events and exchanges are read through it.
 *
 * @module
 */

/** How events are followed. */
export interface FollowOptions<T = unknown> {
  /** Only those for which it is true: the others are forgotten at once. @default all */
  readonly where?: (event: T) => boolean;
  /** Ends it: the loop is left, nothing is thrown. */
  readonly signal?: AbortSignal;
  /** How many may wait for a busy reader; then the oldest are forgotten. @default {1000} */
  readonly maxWaiting?: number;
}

const MAX_WAITING = 1_000;

/**
 * Reads events one by one. Listening begins at once, and ends with the loop.
 *
 * @param subscribe begins to listen; what it returns ends that
 * @param options when it ends
 * @param over settles when nothing follows any more: what waits is read first
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { followEvents } from "./event_queue.ts";
 *
 * let tell = (_: number) => {};
 * const numbers = followEvents<number>((listener) => {
 *   tell = listener;
 *   return () => {};
 * });
 * tell(1);
 * tell(2);
 * const seen: number[] = [];
 * for await (const number of numbers) if (seen.push(number) === 2) break;
 * assert.deepEqual(seen, [1, 2]);
 * ```
 */
export function followEvents<T>(
  subscribe: (listener: (event: T) => void) => () => void,
  options: FollowOptions<T> = {},
  over?: Promise<unknown>,
): AsyncIterableIterator<T> {
  const { signal, where, maxWaiting = MAX_WAITING } = options;
  const waiting: T[] = [];
  const readers: ((result: IteratorResult<T>) => void)[] = [];
  let isOver = false;
  const stop = subscribe((event) => {
    if (isOver || where && !where(event)) return;
    const reader = readers.shift();
    if (reader) return reader({ done: false, value: event });
    waiting.push(event);
    if (waiting.length > maxWaiting) waiting.shift();
  });
  function end(): void {
    if (isOver) return;
    isOver = true;
    stop();
    signal?.removeEventListener("abort", cut);
    for (const reader of readers.splice(0)) reader({ done: true, value: undefined });
  }
  function cut(): void {
    waiting.length = 0;
    end();
  }
  signal?.addEventListener("abort", cut, { once: true });
  if (signal?.aborted) cut();
  void over?.then(end);
  return {
    next() {
      const event = waiting.shift();
      if (event !== undefined) return Promise.resolve({ done: false, value: event });
      if (isOver) return Promise.resolve({ done: true, value: undefined });
      return new Promise((resolve) => readers.push(resolve));
    },
    return() {
      cut();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

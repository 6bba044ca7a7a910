/**
 * The grace period of an agent that closes: connections in use may finish, idle ones do not hold it
 * up.
 *
 * @module
 */
import { type Clock, sleep } from "../base/clock.ts";

/** A connection that may still be in use. */
export interface Draining {
  /** Whether HTTP is spoken on it. */
  readonly isHttp: boolean;
  /** Which side wrote last. */
  readonly lastWriter: "visitor" | "upstream" | undefined;
  /** Counts up with every chunk. */
  readonly moves: number;
}

/** How often connections are looked at. */
const LOOK_MS = 100;

/** An HTTP connection silent for so long after an answer waits for its next request. */
const QUIET_MS = 1_000;

/**
 * Waits until no connection is in use, at most `graceMs`.
 *
 * An HTTP connection counts as idle when the service wrote last and nothing moved for a second:
 * bytes alone cannot tell a pause within an answer from the end of one.
 *
 * @param connections a live set: who leaves it has finished
 * @param clock whose time
 * @param graceMs the limit
 * @param signal ends the wait at once
 */
export async function drain(
  connections: ReadonlySet<Draining>,
  clock: Clock,
  graceMs: number,
  signal: AbortSignal,
): Promise<void> {
  const startedMs = clock.steady();
  const seen = new Map<Draining, { moves: number; sinceMs: number }>();
  function inUse(connection: Draining): boolean {
    const nowMs = clock.steady();
    const last = seen.get(connection);
    if (!last || last.moves !== connection.moves) {
      seen.set(connection, { moves: connection.moves, sinceMs: nowMs });
      return true;
    }
    if (!connection.isHttp || connection.lastWriter === "visitor") return true;
    return nowMs - last.sinceMs < QUIET_MS;
  }
  while (!signal.aborted && clock.steady() - startedMs < graceMs) {
    // each is looked at each time, for the quiet of all begins at once
    if ([...connections].filter(inUse).length === 0) return;
    await sleep(clock, Math.min(LOOK_MS, graceMs), signal).catch(() => undefined);
  }
}

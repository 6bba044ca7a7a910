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
  /** Whether bytes wait for a slow reader. */
  readonly isBlocked: boolean;
  /** When bytes last passed, by the clock's `steady()`. */
  readonly lastMoveMs: number;
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
  function isInUse({ isHttp, isBlocked, lastWriter, lastMoveMs }: Draining): boolean {
    if (!isHttp || isBlocked || lastWriter === "visitor") return true;
    return clock.steady() - lastMoveMs < QUIET_MS;
  }
  while (!signal.aborted && clock.steady() - startedMs < graceMs) {
    if (![...connections].some(isInUse)) return;
    await sleep(clock, Math.min(LOOK_MS, graceMs), signal).catch(() => undefined);
  }
}

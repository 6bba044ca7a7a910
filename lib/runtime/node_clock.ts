/**
 * Time on node:timers, which all three runtimes have. A timer does not keep the program alive.
 *
 * @module
 */
import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import type { Clock } from "../base/clock.ts";

/** The longest delay a timer holds: 2^31 - 1 ms; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The clock of the machine. */
export const nodeClock: Clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  after(delayMs, run) {
    let timer = start(delayMs);
    function start(leftMs: number): ReturnType<typeof setTimeout> {
      const next = leftMs <= MAX_TIMER_MS
        ? setTimeout(run, leftMs)
        : setTimeout(() => timer = start(leftMs - MAX_TIMER_MS), MAX_TIMER_MS);
      next.unref();
      return next;
    }
    return { cancel: () => clearTimeout(timer) };
  },
  // Right after the input of this turn, on all three: a ping-pong of 200 bytes whose every write was
  // put off by it made 10.5 k turns a second on Deno and 11.1 k on Bun, against 10.8 k and 8.4 k when
  // written at once (a busy machine: equal within the noise).
  turnEnd(run) {
    setImmediate(run);
  },
};

/**
 * Time on node:timers, which all three runtimes have. A timer does not keep the program alive.
 *
 * @module
 */
import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import type { Clock } from "../base/clock.ts";

/** The clock of the machine. */
export const nodeClock: Clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  turnEnd(run) {
    setImmediate(run);
  },
};

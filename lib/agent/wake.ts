/**
 * Notices that time has jumped (the machine slept, or the process was frozen) and that the machine
 * has other addresses (another network, a cable, a VPN). Connections may be dead without a sign then,
 * so whoever cares is told at once instead of waiting for heartbeats.
 *
 * @module
 */
import type { Clock, Timer } from "../base/clock.ts";

/** How often time is compared. */
const LOOK_MS = 5_000;

/** A gap beyond the period that is no busy machine any more. */
const JUMP_MS = 10_000;

/**
 * Watches a clock.
 *
 * @param clock both of its readings are watched: which one jumps depends on the system
 * @param onWake gets how long the gap was
 * @returns ends the watch
 */
export function watchForWake(
  clock: Clock,
  onWake: (gapMs: number) => void,
): () => void {
  let timer: Timer;
  let wallMs = clock.now();
  let steadyMs = clock.steady();
  function look() {
    const gapMs = Math.max(clock.now() - wallMs, clock.steady() - steadyMs) -
      LOOK_MS;
    arm();
    if (gapMs >= JUMP_MS) onWake(gapMs);
  }
  function arm() {
    wallMs = clock.now();
    steadyMs = clock.steady();
    timer = clock.after(LOOK_MS, look);
  }
  arm();
  return () => timer.cancel();
}

/**
 * Watches the addresses of this machine.
 *
 * @param clock when to look
 * @param look gives the interfaces that are up, with their addresses
 * @param onChange is called when they are others than before
 * @returns ends the watch
 */
export function watchForMove(
  clock: Clock,
  look: () => Readonly<Record<string, readonly string[]>>,
  onChange: () => void,
): () => void {
  let timer: Timer;
  let seen = addressesOf(look());
  function compare() {
    timer = clock.after(LOOK_MS, compare);
    const now = addressesOf(look());
    if (now === seen) return;
    seen = now;
    onChange();
  }
  timer = clock.after(LOOK_MS, compare);
  return () => timer.cancel();
}

/** One text for one set of addresses, whatever the order. */
function addressesOf(interfaces: Readonly<Record<string, readonly string[]>>): string {
  return Object.values(interfaces).flat().sort().join(" ");
}

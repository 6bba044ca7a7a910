/**
 * Signals: the first asks the program to end in good order, the second ends it at once. Commands
 * that run until they are told to stop call it.
 *
 * @module
 */
import { deadline } from "../base/clock.ts";
import type { Host, Runtime, SignalName } from "../runtime/host.ts";

/** How long requests that are under way may take to finish. */
export const GRACE_MS = 8_000;

/** What the signals say. */
export interface Signals {
  /** Settles at the first signal. */
  readonly first: Promise<SignalName>;
  /** Settles at the second. */
  readonly second: Promise<SignalName>;
  /** Acts as if the signal had come: a terminal in raw mode sends Ctrl+C as a key. */
  raise(name: SignalName): void;
  /** Stops listening. */
  dispose(): void;
}

const ENDING: readonly SignalName[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Listens to signals that end the program.
 *
 * @param host whose
 * @param names which. @default SIGINT, SIGTERM and SIGHUP
 */
export function watchSignals(host: Host, names: readonly SignalName[] = ENDING): Signals {
  let seen = 0;
  let tellFirst!: (name: SignalName) => void;
  let tellSecond!: (name: SignalName) => void;
  const first = new Promise<SignalName>((resolve) => tellFirst = resolve);
  const second = new Promise<SignalName>((resolve) => tellSecond = resolve);
  const raise = (name: SignalName) => {
    seen++;
    if (seen === 1) tellFirst(name);
    else tellSecond(name);
  };
  const off = names.map((name) => host.onSignal(name, () => raise(name)));
  return { first, second, raise, dispose: () => off.forEach((stop) => stop()) };
}

/**
 * Waits for an orderly end, but neither beyond the grace period nor beyond a second signal.
 *
 * @param runtime whose clock
 * @param signals whose second signal
 * @param ending the orderly end, already under way
 * @param graceMs how long it may take
 * @returns whether it was reached
 */
export async function endWithin(
  runtime: Runtime,
  signals: Signals,
  ending: Promise<unknown>,
  graceMs: number,
): Promise<boolean> {
  const ended = deadline(runtime.clock, ending, graceMs, "The work under way did not end").then(
    () => true,
    () => false,
  );
  return await Promise.race([ended, signals.second.then(() => false)]);
}

/**
 * The clock suite on the runtime that runs the tests, on the clock of the Web, and on the fake one.
 *
 * @module
 */
import { FakeClock, systemClock } from "../../lib/base/clock.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { clockSuite } from "./clock_suite.ts";

const { clock, host } = detectRuntime();

for (const [name, real] of [[host.runtime.name, clock], ["the Web", systemClock]] as const) {
  clockSuite({
    name: `clock of ${name}`,
    clock: () => real,
    pass: (on, forMs) => new Promise((resolve) => void on.after(forMs, resolve)),
    keepAlive: host.keepAlive,
  });
}

clockSuite({
  name: "a fake clock",
  clock: () => new FakeClock(),
  pass: (on, forMs) => (on as FakeClock).advance(forMs),
  keepAlive: () => () => {},
});

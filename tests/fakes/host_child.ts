/**
 * A program that conformance tests start as a child, to see how a host prints, waits and ends.
 *
 * @module
 */
import process from "node:process";
import { detectRuntime } from "../../lib/runtime/detect.ts";

const { host, clock } = detectRuntime();
const [task, ...rest] = host.args;

if (task === "args") {
  host.stdout.write(JSON.stringify(rest));
} else if (task === "flood") {
  // More than a pipe holds: exit() before flush() would cut it.
  for (let line = 0; line < 20_000; line++) host.stdout.write(`${line} ${"x".repeat(50)}\n`);
  host.stderr.write("flooded");
  await host.stdout.flush();
  await host.stderr.flush();
  host.exit(7);
} else if (task === "closed pipe") {
  // Nobody reads any more: writing goes on, and the program ends by itself.
  const release = host.keepAlive();
  let rounds = 0;
  const again = () => {
    host.stdout.write("x".repeat(100_000) + "\n");
    if (++rounds < 20) return void clock.after(5, again);
    release();
    host.exit(5);
  };
  again();
} else if (task === "timer") {
  clock.after(3_600_000, () => {});
} else if (task === "kept") {
  const release = host.keepAlive();
  clock.after(20, () => {
    host.stdout.write("waited");
    release();
  });
} else if (task === "restart") {
  host.stdout.write(`${host.pid} ${JSON.stringify(rest)} ${host.env("SALLYPORT_ROUND") ?? "0"}\n`);
  await host.stdout.flush();
  if (host.env("SALLYPORT_ROUND") === undefined) {
    process.env.SALLYPORT_ROUND = "1";
    host.restart();
  }
}

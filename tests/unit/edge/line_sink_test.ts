import assert from "node:assert/strict";
import type { Logger } from "../../../lib/base/log.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { openLineSink } from "../../../lib/edge/line_sink.ts";
import type { Host } from "../../../lib/runtime/host.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

test("openLineSink() appends to a file, and to a new one once that was moved away", async () => {
  const { host } = memoryRuntime();
  const sink = await openLineSink({ to: "/log", host, logger: silentLogger });
  assert.equal(await host.files.readText("/log"), "", "it is there before the first line");
  sink.write("1\n");
  sink.write("2\n");
  await sink.flush();
  assert.equal(await host.files.readText("/log"), "1\n2\n");
  await host.files.remove("/log");
  sink.write("3\n");
  await sink.flush();
  assert.equal(await host.files.readText("/log"), "3\n");
});

test("openLineSink() prints to standard output", async () => {
  const { host } = memoryRuntime();
  const sink = await openLineSink({ to: "stdout", host, logger: silentLogger });
  sink.write("line\n");
  await sink.flush();
  assert.equal(host.stdout.text, "line\n");
});

test("openLineSink() refuses a file that cannot be written", async () => {
  const host = failing();
  await assert.rejects(
    openLineSink({ to: "/no/log", host, logger: silentLogger }),
    /^TunnelError: Cannot write the access log "\/no\/log": the disk is full$/,
  );
});

test("a line sink drops what a stuck disk cannot take, and says so once", async () => {
  const said: unknown[] = [];
  const logger: Logger = {
    log: (_level, message, fields) => void said.push([message, fields]),
    child: () => logger,
  };
  const host = failing(1);
  const sink = await openLineSink({ to: "/log", host, logger });
  for (let round = 0; round < 3; round++) {
    for (let line = 0; line < 5; line++) sink.write("x".repeat(1024 * 1024));
    await sink.flush();
  }
  assert.deepEqual(said, [["access log was not written", {
    err: 'Cannot write "/log": the disk is full',
  }]]);
  host.heal();
  sink.write("well again\n");
  await sink.flush();
  assert.deepEqual(said[1], ["access log has gaps", { lines: 15 }]);
});

/** A disk that takes so many writes, and then is full until it is healed. */
function failing(good = 0) {
  let isWell = false;
  const append = () =>
    isWell || good-- > 0
      ? Promise.resolve()
      : Promise.reject(new TunnelError("io_failed", 'Cannot write "/log": the disk is full'));
  return { files: { append }, heal: () => isWell = true } as unknown as
    & Pick<Host, "files" | "stdout">
    & { heal(): void };
}

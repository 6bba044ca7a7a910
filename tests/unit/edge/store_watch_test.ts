/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { type Logger, silentLogger } from "../../../lib/base/log.ts";
import { watchStore } from "../../../lib/edge/store_watch.ts";
import { test } from "../../harness.ts";

test("watchStore() tells of a change once, within the interval, until it is ended", async () => {
  const clock = new FakeClock();
  let version = 1;
  let changes = 0;
  const end = watchStore({
    store: { foreignVersion: () => version },
    clock,
    logger: silentLogger,
    everyMs: 500,
    onChanged: () => changes++,
  });
  await clock.advance(5_000);
  assert.equal(changes, 0);
  version = 2;
  await clock.advance(500);
  assert.equal(changes, 1);
  await clock.advance(5_000);
  assert.equal(changes, 1);
  end();
  version = 3;
  await clock.advance(5_000);
  assert.equal(changes, 1);
  assert.equal(clock.pending, 0);
});

test("watchStore() goes on after a look that failed", async () => {
  const clock = new FakeClock();
  const lines: string[] = [];
  const logger: Logger = {
    log: (level, message) => void lines.push(`${level} ${message}`),
    child: () => logger,
  };
  const answers: (number | Error)[] = [1, new Error("disk I/O error"), 2];
  let changes = 0;
  const foreignVersion = () => {
    const answer = answers.shift() ?? 2;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const onChanged = () => changes++;
  const end = watchStore({ store: { foreignVersion }, clock, logger, everyMs: 500, onChanged });
  await clock.advance(1_500);
  assert.equal(changes, 1);
  assert.deepEqual(lines, ["error database could not be asked for changes"]);
  end();
});

test("watchStore() does nothing where there is nothing to watch", () => {
  const clock = new FakeClock();
  const rest = { clock, logger: silentLogger, onChanged: () => assert.fail() };
  watchStore({ ...rest, store: { foreignVersion: () => undefined }, everyMs: 500 })();
  watchStore({ ...rest, store: { foreignVersion: () => 1 }, everyMs: 0 })();
  assert.equal(clock.pending, 0);
});

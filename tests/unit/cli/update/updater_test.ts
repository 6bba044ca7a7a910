import assert from "node:assert/strict";
import type { LogFields, Logger } from "../../../../lib/base/log.ts";
import type { UpdateState } from "../../../../lib/cli/update/update_state.ts";
import { releaseOf, updateScene } from "../../../fakes/releases.ts";
import { test } from "../../../harness.ts";

const HOUR_MS = 3_600_000;

function keptLogger() {
  const lines: { level: string; message: string; fields: LogFields }[] = [];
  const logger: Logger = {
    log: (level, message, fields = {}) => void lines.push({ level, message, fields }),
    child: () => logger,
  };
  return { lines, logger };
}

/** Waits for a state, without a timer: each state is told. */
function reaches(
  updater: ReturnType<typeof updateScene>["updater"],
  kind: UpdateState["kind"],
): Promise<UpdateState> {
  return new Promise((resolve) => {
    const off = updater.subscribe((state) => {
      if (state.kind !== kind) return;
      off();
      resolve(state);
    });
  });
}

test("S102 S143 start() looks at once, and every six hours, give or take", async () => {
  const { updater, server, clock } = updateScene();
  server.publish("stable", releaseOf("1.0.0"));
  const current = reaches(updater, "current");
  updater.start();
  updater.start();
  await current;
  assert.deepEqual(server.asked, ["https://up.test/stable.json"]);
  server.publish("stable", releaseOf("1.0.0"), releaseOf("1.1.0"));
  await clock.advance(6 * HOUR_MS - 1);
  assert.equal(server.asked.length, 1);
  const available = reaches(updater, "available");
  await clock.advance(1);
  assert.deepEqual(await available, { kind: "available", version: "1.1.0", obstacle: "" });
  assert.equal(server.asked.length, 2);
  updater.stop();
  await clock.advance(48 * HOUR_MS);
  assert.equal(server.asked.length, 2);
});

test("start() spreads the checks of many agents over more than an hour", async () => {
  for (const [random, hours] of [[0, 5.4], [1, 6.6]]) {
    const { updater, server, clock } = updateScene({ random: () => random });
    server.publish("stable");
    const current = reaches(updater, "current");
    updater.start();
    await current;
    await clock.advance(hours * HOUR_MS - 1000);
    assert.equal(server.asked.length, 1);
    await clock.advance(2000);
    assert.equal(server.asked.length, 2);
    updater.stop();
  }
});

test("start() says in the log that it cannot look, and looks again", async () => {
  const { lines, logger } = keptLogger();
  const { updater, server, clock } = updateScene({ logger });
  const failed = new Promise<void>((resolve) => {
    const { log } = logger;
    logger.log = (...line) => {
      log(...line);
      if (line[1] === "failed to check for update") resolve();
    };
  });
  updater.start();
  await failed;
  const line = lines.find(({ message }) => message === "failed to check for update");
  assert.deepEqual([line?.level, line?.fields.obj], ["warn", "updater"]);
  server.publish("stable", releaseOf("1.1.0"));
  const available = reaches(updater, "available");
  await clock.advance(7 * HOUR_MS);
  await available;
  updater.stop();
});

test("S142 update() replaces the program by the newest release", async () => {
  const { updater, server, installed, beside } = updateScene();
  server.publish("stable", releaseOf("1.1.0"), releaseOf("1.2.0"));
  const states: UpdateState["kind"][] = [];
  updater.subscribe(({ kind }) => states.push(kind));
  assert.equal(await updater.update(), "1.2.0");
  assert.equal(await installed(), "program 1.2.0");
  assert.deepEqual(await beside(), ["sallyport", "sallyport.old"]);
  assert.equal(states[0], "updating");
  assert.deepEqual(updater.state, { kind: "updated", version: "1.2.0" });
});

test("S84 update() never crosses a major version unless that is permitted", async () => {
  const { updater, server, installed } = updateScene();
  server.publish("stable", releaseOf("2.0.0"));
  assert.equal(await updater.check(), "2.0.0");
  await assert.rejects(updater.update(), {
    code: "update_failed",
    message: /^Cannot update: version 2\.0\.0 is another major version than 1\.0\.0, and nobody/,
  });
  await assert.rejects(updater.update({ version: "2.0.0" }), { code: "refused" });
  assert.equal(await installed(), "program 1.0.0");
  assert.deepEqual(updater.state, { kind: "available", version: "2.0.0", obstacle: "" });
  server.publish("stable", releaseOf("1.3.0"), releaseOf("2.0.0"));
  assert.equal(await updater.update({}), "1.3.0");
});

test("update() says that there is nothing newer, that one is under way, that one waits for a restart", async () => {
  const { updater, server } = updateScene();
  server.publish("stable", releaseOf("1.0.0"));
  await assert.rejects(updater.update(), {
    code: "update_failed",
    message: 'Cannot update: the channel "stable" has nothing newer than 1.0.0',
  });
  server.publish("stable", releaseOf("1.1.0"));
  const first = updater.update();
  await assert.rejects(updater.update(), { message: /an update is under way already$/ });
  await first;
  await assert.rejects(updater.update(), {
    message: "Cannot update: it was updated to version 1.1.0 and not restarted since",
  });
  // what waits for its restart is not offered again
  assert.equal(await updater.check(), "1.1.0");
  assert.equal(updater.state.kind, "updated");
});

test("update() refuses where a package manager does it, before it asks anybody", async () => {
  const program = { path: "/usr/bin/sallyport", isCompiled: true };
  const { updater, server } = updateScene({ host: { program, files: { [program.path]: "x" } } });
  server.publish("stable", releaseOf("1.1.0"));
  await assert.rejects(updater.update(), {
    code: "update_failed",
    message: /^Cannot update this program: "\/usr\/bin\/sallyport" belongs to the package manager/,
  });
  assert.deepEqual(server.asked, []);
  // a person is told all the same that there is one
  await updater.check();
  assert.match(JSON.stringify(updater.state), /"available".*package manager of the system/);
});

test("update() leaves the program as it was when the new one fails, and can be tried again", async () => {
  const { updater, server, installed, beside } = updateScene();
  server.publish("stable", releaseOf("1.1.0-broken"));
  await assert.rejects(updater.update(), { code: "update_failed", message: /Segmentation fault/ });
  assert.deepEqual([await installed(), await beside()], ["program 1.0.0", ["sallyport"]]);
  assert.equal(updater.state.kind, "failed");
  server.publish("stable", releaseOf("1.1.1"));
  assert.equal(await updater.update(), "1.1.1");
});

test("update() does not install what the key did not sign", async () => {
  const { updater, server, installed } = updateScene();
  server.publish("stable", releaseOf("1.1.0"));
  server.contents.set("https://up.test/1.1.0/sallyport-linux-amd64", "program 6.6.6");
  await assert.rejects(updater.update(), { code: "signature_invalid" });
  assert.equal(await installed(), "program 1.0.0");
});

test("update() sweeps up what a killed process has left, and only that", async () => {
  const { updater, server, clock, runtime, beside } = updateScene();
  const { files } = runtime.host;
  server.publish("stable", releaseOf("1.1.0"));
  await files.write("/opt/bin/.sallyport.dead.update", "half");
  await files.write("/opt/bin/.other.dead.update", "of another");
  await clock.advance(25 * HOUR_MS);
  await files.write("/opt/bin/.sallyport.live.update", "of a process that runs");
  await updater.update();
  assert.deepEqual(await beside(), [
    ".other.dead.update",
    ".sallyport.live.update",
    "sallyport",
    "sallyport.old",
  ]);
});

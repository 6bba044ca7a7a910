import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { MemoryExit, MemoryHost } from "../../../lib/runtime/memory_host.ts";
import { test } from "../../harness.ts";

test("MemoryHost starts with the environment, arguments and files it is given", async () => {
  const host = new MemoryHost({
    clock: new FakeClock(5_000),
    env: { TOKEN: "t", EMPTY: "" },
    args: ["http", "80"],
    files: { "/etc/app/a.yml": "a", "rel/b.yml": new Uint8Array([98]) },
    home: "/home/me",
  });
  assert.deepEqual([host.env("TOKEN"), host.env("EMPTY"), host.env("NONE")], [
    "t",
    undefined,
    undefined,
  ]);
  assert.deepEqual(host.args, ["http", "80"]);
  assert.equal(host.homeDir(), "/home/me");
  assert.equal(await host.files.readText("/etc/app/../app/./a.yml"), "a");
  assert.equal(await host.files.readText(`${host.cwd()}/rel/b.yml`), "b");
  assert.deepEqual(await host.files.stat("/etc/app/a.yml"), {
    kind: "file",
    size: 1,
    modifiedMs: 5_000,
  });
  assert.deepEqual(await host.files.list("/"), ["etc", "home", "work"]);
});

test("MemoryHost keeps what is printed", () => {
  const host = new MemoryHost({ clock: new FakeClock(), isTty: true });
  host.stdout.write("one ");
  host.stdout.write("two");
  host.stderr.write("oops");
  assert.deepEqual([host.stdout.text, host.stderr.text], ["one two", "oops"]);
  assert.equal(host.stdout.isTty, true);
});

test("MemoryHost.exit() keeps the code and lets nothing run after it", () => {
  const host = new MemoryHost({ clock: new FakeClock() });
  assert.throws(
    () => host.exit(3),
    (thrown) => thrown instanceof MemoryExit && thrown.exitCode === 3,
  );
  assert.equal(host.exitCode, 3);
});

test("MemoryHost.raise() tells whether anybody listened", () => {
  const host = new MemoryHost({ clock: new FakeClock() });
  assert.equal(host.raise("SIGINT"), false);
  let heard = 0;
  const off = host.onSignal("SIGINT", () => heard++);
  assert.equal(host.raise("SIGINT"), true);
  assert.equal(host.raise("SIGTERM"), false);
  off();
  assert.equal(host.raise("SIGINT"), false);
  assert.equal(heard, 1);
});

test("MemoryHost.keepAlive() counts the reasons to stay", () => {
  const host = new MemoryHost({ clock: new FakeClock() });
  const [first, second] = [host.keepAlive(), host.keepAlive()];
  assert.equal(host.kept, 2);
  first();
  first();
  assert.equal(host.kept, 1);
  second();
  assert.equal(host.kept, 0);
});

test("MemoryFiles hands out copies", async () => {
  const { files } = new MemoryHost({ clock: new FakeClock(), files: { "/f": "abc" } });
  (await files.readBytes("/f"))[0] = 0;
  assert.equal(await files.readText("/f"), "abc");
});

test("MemoryHost.restart() counts and lets nothing run after it, unless there is an obstacle", () => {
  const host = new MemoryHost({ clock: new FakeClock() });
  assert.throws(() => host.restart(), { name: "MemoryRestart" });
  assert.equal(host.restarts, 1);
  const stuck = new MemoryHost({ clock: new FakeClock(), restartObstacle: "no way" });
  assert.throws(() => stuck.restart(), { code: "usage", message: "Cannot restart: no way" });
});

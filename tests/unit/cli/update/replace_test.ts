import assert from "node:assert/strict";
import { TunnelError } from "../../../../lib/base/errors.ts";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { kindly, namesBeside, replaceProgram } from "../../../../lib/cli/update/replace.ts";
import { MemoryHost, type MemoryHostOptions } from "../../../../lib/runtime/memory_host.ts";
import { programOf, runsPrograms } from "../../../fakes/releases.ts";
import { test } from "../../../harness.ts";

const target = "/opt/bin/sallyport";
const { draft, kept } = namesBeside(target, "ab12");

function machine(next: string, run?: MemoryHostOptions["run"]) {
  const ran: string[] = [];
  const host: MemoryHost = new MemoryHost({
    clock: new FakeClock(),
    files: { [target]: programOf("1.0.0"), [draft]: programOf(next) },
    run: run ?? runsPrograms((path) => host.files.readText(path), ran),
  });
  const replace = (configPaths: readonly string[] = [], version = next) =>
    replaceProgram(host, { target, draft, version, configPaths });
  return { host, ran, replace, now: () => host.files.readText(target) };
}

test("namesBeside() names files of the same folder, which Windows runs too", () => {
  assert.deepEqual(namesBeside("/opt/bin/sallyport", "1"), {
    draft: "/opt/bin/.sallyport.1.update",
    kept: "/opt/bin/sallyport.old",
  });
  assert.deepEqual(namesBeside("C:\\Tools\\sallyport.exe", "1"), {
    draft: "C:\\Tools\\.sallyport.1.update.exe",
    kept: "C:\\Tools\\sallyport.old.exe",
  });
});

test("replaceProgram() tries the new one before and after, and keeps the old one", async () => {
  const { host, ran, replace, now } = machine("1.1.0");
  assert.equal(await replace(["/a.yml", "/b.yml"]), kept);
  assert.equal(await now(), "program 1.1.0");
  assert.equal(await host.files.readText(kept), "program 1.0.0");
  assert.deepEqual(await host.files.list("/opt/bin"), ["sallyport", "sallyport.old"]);
  assert.deepEqual(ran, [
    `${draft} version`,
    `${draft} config check --config /a.yml --config /b.yml`,
    `${target} version`,
    `${target} config check --config /a.yml --config /b.yml`,
  ]);
});

test("replaceProgram() changes nothing when the new one does not start, or is another version", async () => {
  for (
    const [next, version, message] of [
      [
        "1.1.0-broken",
        "1.1.0-broken",
        /it ended with 1 and said "Segmentation fault"; nothing was/,
      ],
      [
        "1.1.0",
        "1.2.0",
        /it ended with 0 and said "sallyport version 1\.1\.0"; nothing was changed$/,
      ],
    ] as const
  ) {
    const { host, replace, now } = machine(next);
    await assert.rejects(replace([], version), { code: "update_failed", message });
    assert.equal(await now(), "program 1.0.0");
    assert.deepEqual(await host.files.list("/opt/bin"), ["sallyport"]);
  }
  const { host, replace } = machine("1.1.0", () => {
    throw new TunnelError("permission_denied", "noexec");
  });
  await assert.rejects(replace(), { code: "update_failed", message: /it does not start: noexec/ });
  assert.deepEqual(await host.files.list("/opt/bin"), ["sallyport"]);
});

test("S86 replaceProgram() changes nothing when the new one does not take the configuration", async () => {
  const { replace, now } = machine("1.1.0");
  await assert.rejects(replace(["/bad.yml"]), {
    code: "update_failed",
    message: /it does not take the configuration: "ERROR: {2}line 3"/,
  });
  assert.equal(await now(), "program 1.0.0");
});

test("replaceProgram() puts the old one back when the new one starts only where it was tried", async () => {
  const { host, replace, now } = machine(
    "1.1.0",
    (path) =>
      Promise.resolve(
        path === draft
          ? { code: 0, output: "sallyport version 1.1.0" }
          : { code: 137, output: "Killed" },
      ),
  );
  await assert.rejects(replace(), { code: "update_failed", message: /ended with 137/ });
  assert.equal(await now(), "program 1.0.0");
  assert.deepEqual(await host.files.list("/opt/bin"), ["sallyport"]);
});

test("kindly() says who can write to the folder", () => {
  const denied = new TunnelError(
    "permission_denied",
    'Cannot write "/opt/bin/x": permission denied',
  );
  assert.match(kindly(denied, target).message, /; run "sallyport update" as the user to whom "/);
  assert.equal(kindly(denied, target).code, "permission_denied");
  const full = new TunnelError("io_failed", "no space left");
  assert.equal(kindly(full, target), full);
});

import assert from "node:assert/strict";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { findInstallation } from "../../../../lib/cli/update/installation.ts";
import { MemoryHost } from "../../../../lib/runtime/memory_host.ts";
import { test } from "../../../harness.ts";

function at(path: string, isCompiled = true) {
  const host = new MemoryHost({
    clock: new FakeClock(),
    files: { [path]: "program" },
    program: { path, isCompiled },
  });
  return findInstallation(host, "");
}

test("S142 findInstallation() lets a program replace itself that nobody else keeps up to date", async () => {
  for (const path of ["/usr/local/bin/sallyport", "/home/u/bin/sallyport", "/opt/sallyport"]) {
    assert.deepEqual(await at(path), { path, obstacle: "" });
  }
});

test("findInstallation() names the package manager and its command", async () => {
  for (
    const [path, words] of [
      ["/opt/homebrew/Cellar/sallyport/1.0/bin/sallyport", /^Homebrew .*with brew upgrade/],
      ["/nix/store/abc-sallyport-1.0/bin/sallyport", /^Nix /],
      ["/snap/sallyport/12/sallyport", /^snap .*snap refresh sallyport$/],
      ["/var/lib/snapd/snap/sallyport/12/sallyport", /^snap /],
      ["/home/u/.asdf/installs/sallyport/1.0/sallyport", /version manager/],
      ["/usr/lib/node_modules/sallyport/bin/sallyport", /^npm .*npm update --global/],
      ["/C:/Users/u/scoop/apps/sallyport/current/sallyport.exe", /^Scoop /],
      ["/C:/Program Files/WindowsApps/Sallyport/sallyport.exe", /^the Microsoft Store /],
      ["/usr/bin/sallyport", /package manager of the system.*\/usr\/local\/bin$/],
      ["/bin/sallyport", /package manager of the system/],
    ] as const
  ) {
    const { path: found, obstacle } = await at(path);
    assert.equal(found, "", path);
    assert.match(obstacle, words, path);
  }
});

test("findInstallation() says what to do where the program runs from source", async () => {
  const { obstacle } = await at("/usr/local/bin/deno", false);
  assert.match(obstacle, /^it runs from source/);
  const bare = new MemoryHost({ clock: new FakeClock() });
  assert.match((await findInstallation(bare, "")).obstacle, /^it runs from source/);
});

test("findInstallation() believes whoever packaged it", async () => {
  const host = new MemoryHost({ clock: new FakeClock() });
  const { obstacle } = await findInstallation(host, "the Debian package");
  assert.equal(obstacle, "the Debian package keeps it up to date");
});

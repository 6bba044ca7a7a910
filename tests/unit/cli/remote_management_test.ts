import assert from "node:assert/strict";
import { unsupportedError } from "../../../lib/agent/commands.ts";
import { remoteCommands, type RemoteManagement } from "../../../lib/cli/remote_management.ts";
import { releaseOf, updateScene } from "../../fakes/releases.ts";
import { test } from "../../harness.ts";

function commands(more: Partial<RemoteManagement> = {}) {
  return remoteCommands({
    isAllowed: true,
    restartObstacle: "",
    rehearse: () => Promise.resolve(),
    updater: undefined,
    updateObstacle: "no source",
    ...more,
  });
}

test("S86 remoteCommands() refuses all three where remote_management is false", () => {
  const handlers = commands({ isAllowed: false, updater: updateScene().updater });
  for (const name of ["stop", "restart", "update"] as const) {
    assert.equal(handlers[name], undefined);
    assert.match(unsupportedError(handlers, name), /\(remote_management: false\)$/);
  }
});

test("S82 S83 remoteCommands() says for each command whether it can be obeyed, or why not", () => {
  const able = commands({ updater: updateScene().updater, updateObstacle: "" });
  const unable = commands({ restartObstacle: "not on Windows" });
  for (const name of ["stop", "restart", "update"] as const) {
    assert.equal(unsupportedError(able, name), "");
  }
  assert.equal(unsupportedError(unable, "stop"), "");
  assert.equal(unsupportedError(unable, "restart"), "not on Windows");
  assert.equal(unsupportedError(unable, "update"), "no source");
});

test("S86 remoteCommands() does not restart into a configuration that would not come back", async () => {
  const handlers = commands({ rehearse: () => Promise.reject(new Error("line 3 is wrong")) });
  await assert.rejects(async () => await handlers.restart?.(), /line 3 is wrong/);
  await commands().restart?.();
});

test("S84 remoteCommands() updates within the permission given, and answers before the download", async () => {
  const { updater, server, installed } = updateScene();
  server.publish("stable", releaseOf("2.0.0"));
  const handlers = commands({ updater });
  const none = { Version: "", PermitMajorVersion: false };
  await assert.rejects(async () => await handlers.update?.(none), {
    message: /^version 2\.0\.0 is another major version than 1\.0\.0, and nobody has permitted it$/,
  });
  const updated = new Promise<void>((resolve) => {
    updater.subscribe(({ kind }) => kind === "updated" && resolve());
  });
  await handlers.update?.({ Version: "2.0.0", PermitMajorVersion: true });
  assert.equal(updater.state.kind, "updating");
  await assert.rejects(async () => await handlers.restart?.(), { code: "conflict" });
  await updated;
  assert.equal(await installed(), "program 2.0.0");
  await handlers.restart?.();
});

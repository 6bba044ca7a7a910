import assert from "node:assert/strict";
import { arch, platform } from "node:os";
import process from "node:process";
import { nodeHost } from "../../../lib/runtime/node_host.ts";
import { test } from "../../harness.ts";

test("nodeHost() names the system and the processor as Go does", () => {
  const host = nodeHost("node");
  assert.equal(host.os, platform() === "win32" ? "windows" : platform());
  if (arch() === "x64") assert.equal(host.arch, "amd64");
  if (arch() === "arm64") assert.equal(host.arch, "arm64");
  assert.equal(host.pid, process.pid);
  assert.equal(host.cwd(), process.cwd());
});

test("nodeHost() takes the home directory from HOME, or asks the system", () => {
  const host = nodeHost("node");
  const before = process.env.HOME;
  process.env.HOME = "/home/somebody";
  assert.equal(host.homeDir(), "/home/somebody");
  process.env.HOME = "";
  assert.notEqual(host.homeDir(), "");
  if (before === undefined) delete process.env.HOME;
  else process.env.HOME = before;
});

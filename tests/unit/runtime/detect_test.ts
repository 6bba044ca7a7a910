import assert from "node:assert/strict";
import process from "node:process";
import { detectRuntime } from "../../../lib/runtime/detect.ts";
import { test } from "../../harness.ts";

test("detectRuntime() picks the runtime that runs us, once", () => {
  const runtime = detectRuntime();
  const { deno, bun } = process.versions as { deno?: string; bun?: string };
  assert.equal(runtime.host.runtime.name, deno ? "deno" : bun ? "bun" : "node");
  assert.equal(detectRuntime(), runtime);
});

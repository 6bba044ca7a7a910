/**
 * Picks the adapter of the runtime that runs us. Called from `cli.ts` and `mod.ts`, never below.
 *
 * @module
 */
import { bunRuntime } from "./bun.ts";
import { denoRuntime } from "./deno.ts";
import type { Runtime } from "./host.ts";
import { nodeRuntime } from "./node.ts";

let detected: Runtime | undefined;

/** The runtime that runs this program; one object however often it is asked for. */
export function detectRuntime(): Runtime {
  return detected ??= "Deno" in globalThis
    ? denoRuntime()
    : "Bun" in globalThis
    ? bunRuntime()
    : nodeRuntime();
}

/**
 * One `test` for every runtime: Deno's own on Deno (with its leak checks), `node:test` elsewhere.
 *
 * @module
 */
import nodeTest from "node:test";

interface DenoLike {
  test(name: string, fn: () => void | Promise<void>): void;
}

const deno = (globalThis as { Deno?: DenoLike }).Deno;

/** Declares a test. The name is a sentence that begins with the symbol or the thing under test. */
export function test(name: string, fn: () => void | Promise<void>): void {
  if (deno) deno.test(name, fn);
  else nodeTest(name, { timeout: 120_000 }, fn);
}

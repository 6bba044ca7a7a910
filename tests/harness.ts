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

/** A test that takes longer hangs: it fails, and the others get their turn. */
const LIMIT_MS = 120_000;

/** Declares a test. The name is a sentence that begins with the symbol or the thing under test. */
export function test(name: string, fn: () => void | Promise<void>): void {
  if (deno) deno.test(name, () => withinLimit(fn));
  else nodeTest(name, { timeout: LIMIT_MS }, fn);
}

/** Deno has no limit of its own. */
async function withinLimit(fn: () => void | Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`still running after ${LIMIT_MS} ms`)), LIMIT_MS);
  });
  try {
    await Promise.race([fn(), late]);
  } finally {
    clearTimeout(timer);
  }
}

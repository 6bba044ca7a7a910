/**
 * One `test` for every runtime: Deno's own on Deno (with its leak checks), `node:test` elsewhere.
 *
 * In a run of the whole suite a test that fails has a second try, and what it said the first time is
 * written to the file that `SALLYPORT_TEST_UNSTEADY` names: `scripts/test.mjs` prints it, and lets only
 * a few pass (decision 0032). A test that is run by hand has one try.
 *
 * @module
 */
import { appendFileSync } from "node:fs";
import nodeTest from "node:test";
import process from "node:process";

interface DenoLike {
  test(name: string, fn: () => void | Promise<void>): void;
}

const deno = (globalThis as { Deno?: DenoLike }).Deno;

/** A test that takes longer hangs: it fails, and the others get their turn. */
const LIMIT_MS = 120_000;

/** Declares a test. The name is a sentence that begins with the symbol or the thing under test. */
export function test(name: string, fn: () => void | Promise<void>): void {
  const notes = process.env.SALLYPORT_TEST_UNSTEADY;
  const run = notes ? () => twice(name, fn, notes) : fn;
  if (deno) deno.test(name, () => withinLimit(run));
  else nodeTest(name, { timeout: LIMIT_MS }, run);
}

async function twice(name: string, fn: () => void | Promise<void>, notes: string): Promise<void> {
  try {
    await fn();
  } catch (error) {
    const text = error instanceof Error ? error.stack ?? error.message : String(error);
    appendFileSync(notes, `${JSON.stringify({ title: name, text })}\n`);
    await fn();
  }
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

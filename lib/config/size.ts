/**
 * Amounts of bytes as configuration files and flags write them: `64MiB`, `10 MB`, `4096`. The
 * schemas of agent and edge use them.
 *
 * @module
 */
import { type Schema, z } from "../base/schema.ts";

/** Decimal units count in thousands, those with an `i` in 1024s. A bare letter is binary, as in `64M` of Docker. */
const UNIT_BYTES: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 2 ** 10,
  kb: 1e3,
  kib: 2 ** 10,
  m: 2 ** 20,
  mb: 1e6,
  mib: 2 ** 20,
  g: 2 ** 30,
  gb: 1e9,
  gib: 2 ** 30,
  t: 2 ** 40,
  tb: 1e12,
  tib: 2 ** 40,
};

/**
 * Reads an amount of bytes.
 *
 * @param text a number, and a unit unless it counts bytes: `4096`, `64MiB`, `1.5 GB`
 * @returns whole bytes
 * @throws {SyntaxError} saying what is wrong with it
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseSize } from "./size.ts";
 *
 * assert.equal(parseSize("64MiB"), 67_108_864);
 * assert.equal(parseSize("10 MB"), 10_000_000);
 * ```
 */
export function parseSize(text: string): number {
  const fault = (found: string) => new SyntaxError(`"${text}" is no size: ${found}`);
  const whole = text.trim();
  if (whole === "") throw fault('it is empty; write a number and a unit, as in "64MiB"');
  if (whole.startsWith("-")) throw fault("it must not be negative");
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(whole);
  if (!match) throw fault('write a number and a unit, as in "64MiB"');
  const unit = match[2].toLowerCase();
  if (!Object.hasOwn(UNIT_BYTES, unit)) {
    throw fault(`the unit "${match[2]}" does not exist; use B, kB, KiB, MB, MiB, GB or GiB`);
  }
  const bytes = Math.round(Number(match[1]) * UNIT_BYTES[unit]);
  if (!Number.isSafeInteger(bytes)) throw fault("it is too large");
  return bytes;
}

/**
 * The schema of an amount of bytes in a document: a number, or text in the form above; comes out in
 * bytes.
 */
export function size(): Schema<number> {
  return z.union([z.int().min(0), z.string()]).meta({ examples: ["64MiB"] }).transform(
    (value, context) => {
      if (typeof value === "number") return value;
      try {
        return parseSize(value);
      } catch (thrown) {
        if (!(thrown instanceof SyntaxError)) throw thrown;
        context.addIssue({ code: "custom", message: thrown.message });
        return 0;
      }
    },
  );
}

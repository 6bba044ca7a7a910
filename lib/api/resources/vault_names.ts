/**
 * What vaults and secrets may be called.
 *
 * @module
 */
import { problem } from "../problem.ts";

/** A name has fewer characters than this. */
const NAME_LIMIT = 256;

/** Numbers of what is wrong with a name: a character, nothing there, too long. */
const CODES = { vault: [23000, 23001, 23002], secret: [24000, 24001, 24002] } as const;

/**
 * Refuses names that cannot be used.
 *
 * @param kind whose name
 * @param name as it was given
 * @returns the name
 * @throws {ApiProblem} 23000 to 23002, 24000 to 24002
 */
export function checkName(kind: "vault" | "secret", name: string): string {
  const [character, empty, long] = CODES[kind];
  if (name === "") throw problem(empty, `The name of a ${kind} must not be empty`);
  if (name.length >= NAME_LIMIT) {
    throw problem(long, `The name of a ${kind} has fewer than ${NAME_LIMIT} characters`);
  }
  // "-" is missing in the text of the ecosystem's errors and there in its examples.
  if (/^[A-Za-z0-9_/.-]+$/.test(name)) return name;
  throw problem(character, `The name "${name}" has a character that is not one of "a-zA-Z0-9_/.-"`);
}

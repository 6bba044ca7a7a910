/**
 * The traffic policy of a cloud endpoint, as far as the API looks into it: text in JSON must be an
 * object, and is kept without blanks. Whether its rules make sense is the business of the engine
 * that obeys them.
 *
 * @module
 */
import { ApiProblem, problem } from "./problem.ts";

/** A policy has fewer bytes than this. */
const POLICY_LIMIT_CHARS = 262_144;

/**
 * The policy to keep.
 *
 * @param given YAML or JSON
 * @throws {ApiProblem} 18002, 18011
 */
export function readTrafficPolicy(given: string): string {
  const text = given.trim();
  if (text === "") {
    throw problem(18011, "The traffic policy is missing: without one nobody answers");
  }
  if (text.length >= POLICY_LIMIT_CHARS) {
    throw problem(18002, `The traffic policy has fewer than ${POLICY_LIMIT_CHARS} characters`);
  }
  // A policy is a mapping: what begins like another value is none, in JSON as in YAML.
  if (!/^[[{"\d]/.test(text)) return given;
  try {
    const policy: unknown = JSON.parse(text);
    if (typeof policy === "object" && policy !== null && !Array.isArray(policy)) {
      return JSON.stringify(policy);
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message =
      `The traffic policy is not valid JSON, as which text in braces is read: ${reason}`;
    throw new ApiProblem(400, message, { ngrokCode: 18002, cause });
  }
  throw problem(18002, "The traffic policy must be an object with phases");
}

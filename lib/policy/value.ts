/**
 * Values of any type in the config of an action, with texts in them that may have expressions.
 *
 * @module
 */
import type { CompileContext } from "./action.ts";
import type { PolicyContext } from "./context.ts";
import { policyFault } from "./fault.ts";

/** A value for this traffic. */
export type Value = (traffic: PolicyContext) => unknown;

/** How deep lists and maps may lie in one another. */
const MAX_DEPTH = 16;

/**
 * Makes a value ready.
 *
 * @param field its name, for messages
 * @param given as it stands in the config
 * @param context the action
 * @throws {TunnelError} refused: 2250 when it is nested too deeply, 2224 for an expression
 */
export function compileValue(
  field: string,
  given: unknown,
  context: CompileContext,
  depth = 0,
): Value {
  if (depth > MAX_DEPTH) {
    throw policyFault(
      2250,
      `Cannot use ${context.where}: "${field}" is nested deeper than ${MAX_DEPTH} levels`,
    );
  }
  if (typeof given === "string") {
    const text = context.text(field, given);
    return (traffic) => text.of(traffic);
  }
  if (Array.isArray(given)) {
    const parts = given.map((part, at) =>
      compileValue(`${field}[${at}]`, part, context, depth + 1)
    );
    return (traffic) => parts.map((part) => part(traffic));
  }
  if (typeof given === "object" && given !== null) {
    const parts = Object.entries(given).map(([key, part]) =>
      [key, compileValue(`${field}.${key}`, part, context, depth + 1)] as const
    );
    return (traffic) => Object.fromEntries(parts.map(([key, part]) => [key, part(traffic)]));
  }
  return () => given;
}

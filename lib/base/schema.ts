/**
 * Schemas: the one place that knows the validation library. A document's schema is declared by the
 * room that obeys it (`agent/config.ts`, `edge/config.ts`); this file turns a failed check into a
 * {@linkcode TunnelError} that names every wrong place.
 *
 * @module
 */
import { type core, z as zod, type ZodType } from "zod";
import { TunnelError } from "./errors.ts";

/** The builder of schemas: `z.strictObject({ … })`. */
export const z: typeof zod = zod;

/** A schema whose checked value is a `T`. Annotate exported schemas with it. */
export type Schema<T> = ZodType<T>;

/**
 * Checks a value from outside.
 *
 * @param schema what it must be; use `z.strictObject`, so that unknown keys are errors
 * @param value what came
 * @param what names the value in the error: `the agent options`
 * @returns the value, with defaults filled in
 * @throws {TunnelError} config_invalid, naming each wrong place once
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseWith, z } from "./schema.ts";
 *
 * const schema = z.strictObject({ port: z.int().min(1).max(65535) });
 * assert.deepEqual(parseWith(schema, { port: 80 }, "the door"), { port: 80 });
 * assert.throws(() => parseWith(schema, { prot: 80 }, "the door"), /unknown key "prot"/);
 * ```
 */
export function parseWith<T>(schema: Schema<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const reasons = result.error.issues.map(describeIssue);
  throw new TunnelError("config_invalid", `Cannot use ${what}: ${reasons.join("; ")}`, {
    cause: result.error,
  });
}

function describeIssue(issue: core.$ZodIssue): string {
  const path = formatPath(issue.path);
  if (issue.code === "unrecognized_keys") {
    const keys = issue.keys.map((key) => `unknown key "${path === "" ? key : `${path}.${key}`}"`);
    return keys.join(", ");
  }
  const message = issue.message.replace(/^Invalid input: /, "").replace(/\.$/, "");
  return path === "" ? message : `"${path}": ${message}`;
}

/** `endpoints[0].url`, as people write it. */
function formatPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += text === "" ? String(part) : `.${String(part)}`;
  }
  return text;
}

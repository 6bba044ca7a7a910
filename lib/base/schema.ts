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

/** What a schema found wrong at one place. */
export type SchemaIssue = core.$ZodIssue;

/** What a check gave: the value, or all that is wrong with it. */
export type Checked<T> =
  | {
    /** It fits. */
    readonly ok: true;
    /** The value, with defaults filled in. */
    readonly value: T;
  }
  | {
    /** It does not fit. */
    readonly ok: false;
    /** Each wrong place. */
    readonly issues: readonly SchemaIssue[];
  };

/**
 * Checks a value for a caller that words the faults itself: one that knows lines and columns.
 *
 * @param schema what it must be
 * @param value what came
 */
export function check<T>(schema: Schema<T>, value: unknown): Checked<T> {
  const result = schema.safeParse(value);
  return result.success
    ? { ok: true, value: result.data }
    : { ok: false, issues: result.error.issues };
}

/**
 * The keys a schema knows at a place: what somebody who wrote an unknown one may have meant.
 *
 * @param schema of the whole
 * @param path the place, from the root
 */
export function keysAt(schema: Schema<unknown>, path: readonly PropertyKey[]): readonly string[] {
  let here = insides(schema as Schema<unknown> & Node);
  for (const part of path) {
    here = here.flatMap((node) => {
      const { shape, valueType, element } = node.def;
      if (typeof part === "number") return element ? insides(element) : [];
      if (valueType) return insides(valueType);
      const next = shape && Object.hasOwn(shape, part) ? shape[String(part)] : undefined;
      return next ? insides(next) : [];
    });
  }
  return [...new Set(here.flatMap(({ def }) => Object.keys(def.shape ?? {})))];
}

/** As much of a schema as is looked at. */
interface Node {
  readonly def: {
    readonly shape?: Readonly<Record<string, Node>>;
    readonly innerType?: Node;
    readonly in?: Node;
    readonly options?: readonly Node[];
    readonly valueType?: Node;
    readonly element?: Node;
  };
}

/** What is left of a schema without its wrappers: all members of a union, the inside of an optional. */
function insides(node: Node): Node[] {
  const { innerType, in: input, options } = node.def;
  if (options) return options.flatMap(insides);
  const wrapped = innerType ?? input;
  return wrapped ? insides(wrapped) : [node];
}

/**
 * `endpoints[0].url`, as people write it.
 *
 * @param path keys and places in lists, from the root
 */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += text === "" ? String(part) : `.${String(part)}`;
  }
  return text;
}

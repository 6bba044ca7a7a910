/**
 * Schemas: the one place that knows the validation library. A document's schema is declared by the
 * room that obeys it (`agent/config.ts`, `edge/config.ts`); this file turns a failed check into a
 * {@linkcode TunnelError} that names every wrong place.
 *
 * @module
 */
import { type core, z as zod, type ZodType } from "zod";
import { TunnelError } from "./errors.ts";
import { nearest } from "./suggest.ts";

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
  const reasons = telling(result.error.issues).map((issue) => describeIssue(issue, schema));
  throw new TunnelError("config_invalid", `Cannot use ${what}: ${reasons.join("; ")}`, {
    cause: result.error,
  });
}

function describeIssue(issue: core.$ZodIssue, schema: Schema<unknown>): string {
  const path = formatPath(issue.path);
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(schema, issue.path);
    const keys = issue.keys.map((key) => {
      const meant = nearest(key, known);
      const hint = meant === undefined ? "" : `; did you mean "${meant}"?`;
      return `unknown key "${path === "" ? key : `${path}.${key}`}"${hint}`;
    });
    return keys.join(", ");
  }
  const fault = faultOf(issue);
  return path === "" ? fault : `"${path}": ${fault}`;
}

const KINDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "keys and values",
  record: "keys and values",
  array: "a list",
};

/**
 * What is wrong at one place, in words; without the value, for it may be a secret.
 *
 * @param issue what the schema found
 */
export function faultOf(issue: SchemaIssue): string {
  if (issue.code === "invalid_type") {
    if (/received undefined/.test(issue.message)) return "it is missing";
    const received = /received (\w+)/.exec(issue.message)?.[1] ?? "";
    return `it must be ${KINDS[issue.expected] ?? issue.expected}` +
      (KINDS[received] ? `, not ${KINDS[received]}` : "");
  }
  if (issue.code === "invalid_value") {
    return `it must be ${listed(issue.values.map((value) => String(value)))}`;
  }
  if (issue.code === "invalid_union") {
    const ways = [...new Set(issue.errors.flat().map(faultOf))];
    const shared = ways.map((way) => way.replace(/^it must be /, "").replace(/, not .*$/, ""));
    if (ways.every((way) => way.startsWith("it must be "))) {
      return `it must be ${listed([...new Set(shared.flatMap((way) => way.split(" or ")))])}`;
    }
    return ways.find((way) => !way.startsWith("it must be ")) ?? "it has none of the forms allowed";
  }
  if (issue.code === "too_big" && !isOwnWords(issue.message)) {
    if (issue.origin === "string") return `it is longer than ${issue.maximum} characters`;
    if (issue.origin === "array") return `it has more than ${issue.maximum} entries`;
    return `it must be ${issue.inclusive ? "at most" : "less than"} ${issue.maximum}`;
  }
  if (issue.code === "too_small" && !isOwnWords(issue.message)) {
    const { minimum, origin } = issue;
    if ((origin === "string" || origin === "array") && minimum === 1) return "it is empty";
    if (origin === "string") return `it is shorter than ${minimum} characters`;
    if (origin === "array") return `it has less than ${minimum} entries`;
    return `it must be ${issue.inclusive ? "at least" : "more than"} ${minimum}`;
  }
  return issue.message.replace(/^Invalid input: /, "").replace(/\.$/, "");
}

/** Whether a schema says itself what is wrong. */
function isOwnWords(message: string): boolean {
  return !/^Too (?:big|small): /.test(message);
}

/** `a, b or c`. */
function listed(words: readonly string[]): string {
  return words.length < 2
    ? words.join("")
    : `${words.slice(0, -1).join(", ")} or ${words[words.length - 1]}`;
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
    : { ok: false, issues: telling(result.error.issues) };
}

/** A value of the wrong kind is also too long or too short for what it should have been: said once. */
function telling(issues: readonly SchemaIssue[]): readonly SchemaIssue[] {
  const wrongKind = new Set(
    issues.filter(({ code }) => code === "invalid_type").map(({ path }) => formatPath(path)),
  );
  return issues.filter(({ code, path }) =>
    (code !== "too_big" && code !== "too_small") || !wrongKind.has(formatPath(path))
  );
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

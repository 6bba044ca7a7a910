/**
 * Holds a YAML document against a schema, and says what does not fit as a person can use it: file,
 * line, column, key, and the key that may have been meant. Agent and edge check their files with it.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import {
  check,
  faultOf,
  formatPath,
  keysAt,
  type Schema,
  type SchemaIssue,
} from "../base/schema.ts";
import { nearest } from "../base/suggest.ts";
import type { Path, YamlDocument } from "./yaml_document.ts";

/** What the owner of a schema knows besides. */
export interface CheckOptions {
  /**
   * What somebody should know who wrote a key that does not exist: `it belongs under "agent"`.
   *
   * @param path the key
   */
  readonly hint?: (path: Path) => string | undefined;
  /** Prepares the plain value before it is checked. It must not move anything to another place. */
  readonly prepare?: (value: unknown) => unknown;
}

/** A value that is mended shows the ones below it: a union in a union is the most there is. */
const MAX_ROUNDS = 4;

/** Faults beyond this many are counted, not told. */
const MAX_FAULTS = 20;

/**
 * Checks a document.
 *
 * A number or truth value is taken as text where text is wanted, and `yes`, `no`, `on` and `off` as
 * truth values where those are, as the ngrok agent does. A key without a value is a key left out.
 *
 * @param document the file
 * @param schema what it must be; use `z.strictObject`, so that unknown keys are errors
 * @param options what the owner of the schema knows besides
 * @returns the value, with defaults filled in
 * @throws {TunnelError} config_invalid, naming each wrong place
 */
export function checkDocument<T>(
  document: YamlDocument,
  schema: Schema<T>,
  options: CheckOptions = {},
): T {
  const { prepare = (value) => value } = options;
  let value = prepare(withoutNulls(document.value ?? {}));
  for (let rounds = 0;; rounds++) {
    const result = check(schema, value);
    if (result.ok) return result.value;
    const mended = mend(document, value, result.issues);
    if (mended === value || rounds === MAX_ROUNDS) {
      throw faults(document, schema, result.issues, options);
    }
    value = mended;
  }
}

/** Drops keys without a value. Entries of lists stay: their places count. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const kept: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(value)) {
    if (one === null) continue;
    // A key may be called "__proto__": assignment would lose it.
    Object.defineProperty(kept, key, {
      value: withoutNulls(one),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return kept;
}

const TRUTH: Readonly<Record<string, boolean>> = {
  yes: true,
  on: true,
  y: true,
  no: false,
  off: false,
  n: false,
};

/** Reads single values again the way the schema wants them; the same value when nothing helped. */
function mend(document: YamlDocument, value: unknown, issues: readonly SchemaIssue[]): unknown {
  let mended = value;
  for (const issue of issues.flatMap(leaves)) {
    const written = document.writtenAt(issue.path);
    if (written === undefined || issue.code !== "invalid_type") continue;
    const now = valueAt(mended, issue.path);
    if (issue.expected === "string" && typeof now !== "string") {
      mended = replaced(mended, issue.path, written);
    } else if (issue.expected === "boolean" && typeof now === "string") {
      const truth = TRUTH[written.toLowerCase()];
      if (truth !== undefined) mended = replaced(mended, issue.path, truth);
    }
  }
  return mended;
}

/** The issues of one place; those inside of a union stand at the place of the union. */
function leaves(issue: SchemaIssue): SchemaIssue[] {
  if (issue.code !== "invalid_union") return [issue];
  // With several ways to be right, a single value is mended the first way that offers itself.
  return issue.errors.flat().map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, key) => (at as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key],
    value,
  );
}

function replaced(value: unknown, path: Path, by: unknown): unknown {
  if (path.length === 0) return by;
  const [key, ...rest] = path;
  const copy = (Array.isArray(value) ? [...value] : { ...value as object }) as Record<
    PropertyKey,
    unknown
  >;
  copy[key] = replaced(copy[key], rest, by);
  return copy;
}

/** One error for all that is wrong, in the order of the file. */
function faults<T>(
  document: YamlDocument,
  schema: Schema<T>,
  issues: readonly SchemaIssue[],
  options: CheckOptions,
): TunnelError {
  const found = issues.flatMap((issue) => wording(issue, schema, options))
    .map(({ path, said }) => ({ at: document.positionOf(path), said }))
    .sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column)
    .map(({ at, said }) => `line ${at.line}, column ${at.column}: ${said}`);
  if (found.length === 1) {
    return new TunnelError("config_invalid", `Cannot use ${document.source}: ${found[0]}`);
  }
  const told = found.slice(0, MAX_FAULTS).map((line) => `  - ${line}`);
  if (found.length > MAX_FAULTS) told.push(`  - and ${found.length - MAX_FAULTS} more`);
  return new TunnelError(
    "config_invalid",
    `Cannot use ${document.source}: ${found.length} problems\n${told.join("\n")}`,
  );
}

interface Wording {
  readonly path: Path;
  readonly said: string;
}

function wording(issue: SchemaIssue, schema: Schema<unknown>, options: CheckOptions): Wording[] {
  const { path } = issue;
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const whole = [...path, key];
      const meant = nearest(key, keysAt(schema, path));
      const hint = options.hint?.(whole) ?? (meant && `did you mean "${meant}"?`);
      return {
        path: whole,
        said: `unknown key "${formatPath(whole)}"` + (hint ? `; ${hint}` : ""),
      };
    });
  }
  if (issue.code === "invalid_union") {
    // Of several ways to be right, the one that came furthest is the one that was meant.
    const deepest = issue.errors.filter((errors) => errors.some((inner) => inner.path.length > 0));
    if (deepest.length === 1) {
      return deepest[0].flatMap((inner) =>
        wording({ ...inner, path: [...path, ...inner.path] }, schema, options)
      );
    }
  }
  const name = path.length > 0 ? `"${formatPath(path)}": ` : "";
  return [{ path, said: name + faultOf(issue) }];
}

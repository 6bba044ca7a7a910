/**
 * The `filter` of lists: a small part of CEL over one object called `obj` (spec rest-api C1 to C7).
 * CEL is parsed by a library, loaded when the first filter comes; what its tree may contain, what it
 * means, and which fields there are is decided here, before any object is looked at.
 *
 * @module
 */
import { durationMs, type FilterKind, isUnset, parseTime, readField } from "./filter_values.ts";
import { ApiProblem, problem } from "./problem.ts";

export type { FilterKind };

/** A field that a filter may name. */
export interface FilterField {
  /** What it holds. */
  readonly kind: FilterKind;
  /** Where it lies in the answer, when not under its own name. */
  readonly path?: readonly string[];
  /** Other words for its values. */
  readonly aliases?: Readonly<Record<string, string>>;
}

/** The fields that a filter may name: `created_at`, `certificate.id` … */
export type FilterFields = Readonly<Record<string, FilterKind | FilterField>>;

/** Whether an object is wanted. */
export type Filter = (object: Readonly<Record<string, unknown>>) => boolean;

/** The four fields that nearly everything can be filtered by. */
export const BASE_FILTER: FilterFields = {
  id: "id",
  created_at: "time",
  description: "text",
  metadata: "text",
};

/** Longer filters are refused before they are parsed. */
const MAX_CHARS = 4_000;

/** Deeper nesting is refused: each level costs a frame of the stack. */
const MAX_DEPTH = 200;

/** CEL's tree, as far as it is known here. */
interface Expr {
  readonly id: bigint;
  readonly exprKind: { readonly case?: string | undefined; readonly value?: unknown };
}

interface CallExpr {
  readonly function: string;
  readonly target?: Expr | undefined;
  readonly args: readonly Expr[];
}

type Kind = FilterKind | "number" | "null" | "texts";

/** A part of the filter: what it gives and how to get it. */
interface Term {
  readonly kind: Kind;
  readonly get: Filter | ((object: Readonly<Record<string, unknown>>) => unknown);
  /** Set when it is always the same. */
  readonly constant?: unknown;
  readonly field?: FilterField;
}

/**
 * Understands a filter.
 *
 * @param text as it was written
 * @param fields what it may name
 * @param nowMs what `time.now` is
 * @param root what the object is called
 * @throws {ApiProblem} 250, naming the position
 */
export async function compileFilter(
  text: string,
  fields: FilterFields,
  nowMs: number,
  root = "obj",
): Promise<Filter> {
  if (text.length > MAX_CHARS) {
    throw problem(250, `The filter cannot be used: it is longer than ${MAX_CHARS} characters`);
  }
  const { parse } = await import("@bufbuild/cel");
  let tree: { expr?: Expr; sourceInfo?: { positions: Readonly<Record<string, number>> } };
  try {
    tree = parse(text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new ApiProblem(400, `The filter cannot be parsed: ${message}`, { ngrokCode: 250, cause });
  }
  const compiler = new Compiler(fields, nowMs, tree.sourceInfo?.positions ?? {}, root);
  return compiler.condition(tree.expr!);
}

const COMPARISONS: Readonly<Record<string, (a: never, b: never) => boolean>> = {
  "_==_": (a, b) => a === b,
  "_!=_": (a, b) => a !== b,
  "_<_": (a, b) => a < b,
  "_<=_": (a, b) => a <= b,
  "_>_": (a, b) => a > b,
  "_>=_": (a, b) => a >= b,
};

const SEARCHES: Readonly<Record<string, (text: string, part: string) => boolean>> = {
  contains: (text, part) => text.includes(part),
  startsWith: (text, part) => text.startsWith(part),
  endsWith: (text, part) => text.endsWith(part),
};

class Compiler {
  readonly #fields: FilterFields;
  readonly #nowMs: number;
  readonly #positions: Readonly<Record<string, number>>;
  readonly #root: string;
  #depth = 0;

  constructor(
    fields: FilterFields,
    nowMs: number,
    positions: Readonly<Record<string, number>>,
    root: string,
  ) {
    this.#fields = fields;
    this.#nowMs = nowMs;
    this.#positions = positions;
    this.#root = root;
  }

  condition(expr: Expr): Filter {
    const term = this.#term(expr);
    if (term.kind === "flag") return term.get as Filter;
    throw this.#refuse(expr, "a condition is wanted here, that is true or false");
  }

  #term(expr: Expr): Term {
    if (this.#depth >= MAX_DEPTH) throw this.#refuse(expr, "it is nested too deep");
    this.#depth++;
    const term = this.#termOf(expr);
    this.#depth--;
    return term;
  }

  #termOf(expr: Expr): Term {
    const { case: kind, value } = expr.exprKind;
    if (kind === "constExpr") return this.#constant(expr, value);
    if (kind === "selectExpr" || kind === "identExpr") return this.#field(expr);
    if (kind === "listExpr") return this.#list(expr, value as { elements: readonly Expr[] });
    if (kind === "callExpr") return this.#call(expr, value as CallExpr);
    throw this.#refuse(expr, "macros and objects are not supported");
  }

  #constant(expr: Expr, value: unknown): Term {
    const { constantKind } = value as { constantKind: { case?: string; value?: unknown } };
    switch (constantKind.case) {
      case "stringValue":
        return constant("text", constantKind.value);
      case "boolValue":
        return constant("flag", constantKind.value);
      case "int64Value":
      case "uint64Value":
      case "doubleValue":
        return constant("number", Number(constantKind.value));
      case "nullValue":
        return constant("null", null);
    }
    throw this.#refuse(expr, "bytes are not supported");
  }

  #field(expr: Expr): Term {
    const name = pathOf(expr);
    const root = this.#root;
    if (name === undefined) throw this.#refuse(expr, `only fields of ${root} can be named`);
    if (name[0] !== root || name.length < 2) {
      throw this.#refuse(expr, `"${name.join(".")}" is unknown; fields are written "${root}.name"`);
    }
    const key = name.slice(1).join(".");
    const known = Object.hasOwn(this.#fields, key) ? this.#fields[key] : undefined;
    if (known === undefined) {
      const names = Object.keys(this.#fields).map((field) => `${root}.${field}`).join(", ");
      throw this.#refuse(expr, `"${root}.${key}" cannot be filtered by; what can: ${names}`);
    }
    const field: FilterField = typeof known === "string" ? { kind: known } : known;
    const path = field.path ?? name.slice(1);
    return { kind: field.kind, field, get: (object) => readField(object, path, field.kind) };
  }

  #list(expr: Expr, { elements }: { readonly elements: readonly Expr[] }): Term {
    const values = elements.map((element) => {
      const term = this.#term(element);
      if (term.kind === "text" && term.constant !== undefined) return term.constant;
      throw this.#refuse(element, "a list holds texts");
    });
    if (values.length === 0) throw this.#refuse(expr, "a list must not be empty");
    return constant("texts", values);
  }

  #call(expr: Expr, call: CallExpr): Term {
    const { function: name, target, args } = call;
    if (name === "_&&_" || name === "_||_") {
      const [a, b] = args.map((arg) => this.condition(arg));
      return flagTerm(name === "_&&_" ? (o) => a(o) && b(o) : (o) => a(o) || b(o));
    }
    if (name === "!_") {
      const condition = this.condition(args[0]);
      return flagTerm((object) => !condition(object));
    }
    if (Object.hasOwn(COMPARISONS, name)) return this.#comparison(expr, name, args);
    if (name === "@in") return this.#membership(expr, args);
    if (name === "size" && (target ? args.length === 0 : args.length === 1)) {
      return this.#size(expr, this.#term(target ?? args[0]));
    }
    if (target && Object.hasOwn(SEARCHES, name) && args.length === 1) {
      return this.#search(expr, name, target, args[0]);
    }
    if (name === "timestamp" && !target && args.length === 1) return this.#timestamp(args[0]);
    if (target && (name === "add" || name === "subtract") && args.length === 1) {
      return this.#shifted(expr, name, target, args[0]);
    }
    throw this.#refuse(expr, `"${name.replace(/[_@]/g, "")}" is not supported`);
  }

  #comparison(expr: Expr, name: string, args: readonly Expr[]): Term {
    const [left, right] = args.map((arg) => this.#term(arg));
    const equality = name === "_==_" || name === "_!=_";
    for (const [one, other] of [[left, right], [right, left]]) {
      const isEmpty = other.kind === "null" || (one.kind === "list" && other.constant === "");
      if (isEmpty && equality && one.kind !== "null") {
        return flagTerm((object) => isUnset(one.get(object)) === (name === "_==_"));
      }
    }
    const [a, b] = this.#alike(expr, left, right);
    if (a.kind === "flag" && !equality) throw this.#refuse(expr, "true and false have no order");
    const compare = COMPARISONS[name] as (a: unknown, b: unknown) => boolean;
    return flagTerm((object) => {
      const [x, y] = [a.get(object), b.get(object)];
      // What is not there equals nothing, and is neither more nor less than anything.
      if (x === undefined || y === undefined) return name === "_!=_" && x !== y;
      return compare(x, y);
    });
  }

  /** Two terms that can be compared; a text beside a time is read as one. */
  #alike(expr: Expr, left: Term, right: Term): [Term, Term] {
    const a = this.#asTime(expr, left, right);
    const b = this.#asTime(expr, right, left);
    const kinds = [a, b].map(({ kind }) => kind === "id" ? "text" : kind);
    if (kinds[0] === kinds[1] && !["list", "texts", "null"].includes(kinds[0])) {
      return [aliased(a, b), aliased(b, a)];
    }
    throw this.#refuse(expr, `${wordOf(a.kind)} cannot be compared with ${wordOf(b.kind)}`);
  }

  #asTime(expr: Expr, term: Term, other: Term): Term {
    if (other.kind !== "time" || term.kind !== "text" || term.constant === undefined) return term;
    return constant("time", this.#parseTime(expr, String(term.constant)));
  }

  #membership(expr: Expr, args: readonly Expr[]): Term {
    const [item, list] = args.map((arg) => this.#term(arg));
    const isText = item.kind === "text" || item.kind === "id";
    if (isText && list.kind === "texts") {
      const values = (list.constant as string[]).map((value) => alias(item.field, value));
      return flagTerm((object) => values.includes(item.get(object) as string));
    }
    if (isText && list.kind === "list") {
      return flagTerm((object) => (list.get(object) as unknown[] ?? []).includes(item.get(object)));
    }
    throw this.#refuse(expr, '"in" goes with a text on the left and a list on the right');
  }

  #size(expr: Expr, of: Term): Term {
    if (!["text", "id", "list", "texts"].includes(of.kind)) {
      throw this.#refuse(expr, `${wordOf(of.kind)} has no size`);
    }
    return {
      kind: "number",
      get(object) {
        const value = of.get(object);
        if (typeof value === "string") return [...value].length;
        return Array.isArray(value) ? value.length : 0;
      },
    };
  }

  #search(expr: Expr, name: string, target: Expr, arg: Expr): Term {
    const [text, part] = [this.#term(target), this.#term(arg)];
    if (text.kind === "id") {
      throw this.#refuse(expr, `"${name}" does not go with ids: compare them`);
    }
    if (text.kind !== "text" || part.kind !== "text") {
      throw this.#refuse(expr, `"${name}" goes with texts`);
    }
    const search = SEARCHES[name];
    return flagTerm((object) =>
      search(String(text.get(object) ?? ""), String(part.get(object) ?? ""))
    );
  }

  #timestamp(arg: Expr): Term {
    if (pathOf(arg)?.join(".") === "time.now") return constant("time", this.#nowMs);
    const term = this.#term(arg);
    if (term.kind === "time") return term;
    if (term.kind !== "text" || term.constant === undefined) {
      throw this.#refuse(arg, 'timestamp() takes a text like "2026-01-30T10:11:14Z", or time.now');
    }
    return constant("time", this.#parseTime(arg, String(term.constant)));
  }

  #parseTime(expr: Expr, text: string): number {
    const ms = parseTime(text);
    if (ms !== undefined) return ms;
    throw this.#refuse(expr, `"${text.slice(0, 40)}" is no time as RFC 3339 has it`);
  }

  #shifted(expr: Expr, name: string, target: Expr, arg: Expr): Term {
    const [time, by] = [this.#term(target), this.#term(arg)];
    if (time.kind !== "time" || by.kind !== "text" || by.constant === undefined) {
      throw this.#refuse(expr, `"${name}" goes with a time, and takes a text like "7d"`);
    }
    const ms = durationMs(String(by.constant));
    if (ms === undefined) {
      throw this.#refuse(arg, 'a duration is written like "7d", "24h", "1h30m"');
    }
    const shift = name === "add" ? ms : -ms;
    if (time.constant !== undefined) return constant("time", Number(time.constant) + shift);
    return {
      kind: "time",
      get(object) {
        const at = time.get(object);
        return at === undefined ? undefined : Number(at) + shift;
      },
    };
  }

  #refuse(expr: Expr, found: string): ApiProblem {
    const at = this.#positions[String(expr.id)];
    const where = at === undefined ? "" : ` at character ${at + 1}`;
    return problem(250, `The filter cannot be used${where}: ${found}`);
  }
}

function constant(kind: Kind, value: unknown): Term {
  return { kind, constant: value, get: () => value };
}

function flagTerm(get: Filter): Term {
  return { kind: "flag", get };
}

/** The names of `obj.a.b`, or `undefined` when it is something else. */
function pathOf(expr: Expr): string[] | undefined {
  const { case: kind, value } = expr.exprKind;
  if (kind === "identExpr") return [(value as { name: string }).name];
  if (kind !== "selectExpr") return undefined;
  const { operand, field, testOnly } = value as {
    operand?: Expr;
    field: string;
    testOnly: boolean;
  };
  const before = operand && !testOnly ? pathOf(operand) : undefined;
  return before && [...before, field];
}

function alias(field: FilterField | undefined, value: string): string {
  return field?.aliases && Object.hasOwn(field.aliases, value) ? field.aliases[value] : value;
}

function aliased(term: Term, other: Term): Term {
  if (!other.field?.aliases || typeof term.constant !== "string") return term;
  return constant("text", alias(other.field, term.constant));
}

function wordOf(kind: Kind): string {
  const words: Readonly<Record<Kind, string>> = {
    text: "a text",
    id: "an id",
    time: "a time",
    flag: "true or false",
    list: "a list",
    texts: "a list",
    number: "a number",
    null: "null",
  };
  return words[kind];
}

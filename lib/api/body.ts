/**
 * The body of a request: read within bounds, parsed, checked (spec rest-api A4 to A6).
 *
 * @module
 */
import { concat, decodeText } from "../base/bytes.ts";
import { ApiProblem, problem } from "./problem.ts";
import type { ApiCode } from "./codes.ts";
import { type JsonSchema, jsonSchemaOf } from "./json_schema.ts";
import type { BodyFacts, Json } from "./resource.ts";

/**
 * Reads and checks the body.
 *
 * @param request what came
 * @param facts what the body must be; `undefined` when there must be none
 * @param params the parameters of the path, which a body may repeat
 * @param maxBytes the longest body
 * @returns the body, without fields that are null
 * @throws {ApiProblem} 210 to 216, 812, and the numbers of single fields
 */
export async function readBody(
  request: Request,
  facts: BodyFacts | undefined,
  params: Readonly<Record<string, string>>,
  maxBytes: number,
): Promise<unknown> {
  const bytes = await readBytes(request, facts ? maxBytes : 0);
  if (!facts) {
    if (bytes.length > 0) throw problem(211, `A ${request.method} request takes no body here`);
    return undefined;
  }
  // The official TypeScript client sends the id alone, which is not even JSON.
  const isBare = bytes.length === 0 || decodeText(bytes) === params.id;
  if (facts.optional && isBare) return checkFields({}, facts, params);
  checkContentType(request.headers.get("content-type"));
  return checkFields(parseJson(bytes), facts, params);
}

function checkContentType(contentType: string | null): void {
  if (contentType === null) {
    throw problem(216, 'The body has no Content-Type; it must be "application/json"');
  }
  if (!/^application\/json\s*(;|$)/i.test(contentType.trim())) {
    const found = contentType.slice(0, 64);
    throw problem(210, `The content type "${found}" is not supported; use "application/json"`);
  }
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const declared = Number(request.headers.get("content-length") ?? "0");
  if (declared > maxBytes) throw tooLarge(request, maxBytes);
  if (!request.body) {
    if (declared > 0) throw problem(212, `The body ended before its ${declared} bytes had come`);
    return new Uint8Array(0);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.length;
      if (size > maxBytes) {
        await reader.cancel();
        throw tooLarge(request, maxBytes);
      }
      chunks.push(value);
    }
  } catch (thrown) {
    if (thrown instanceof ApiProblem) throw thrown;
    throw new ApiProblem(400, "The body could not be read to its end", {
      ngrokCode: 212,
      cause: thrown,
    });
  }
  if (size < declared) throw problem(212, `The body ended before its ${declared} bytes had come`);
  return concat(chunks, size);
}

function tooLarge(request: Request, maxBytes: number): ApiProblem {
  return maxBytes === 0
    ? problem(211, `A ${request.method} request takes no body here`)
    : problem(812, `The body is longer than ${maxBytes} bytes`);
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ApiProblem(400, "The body cannot be parsed: it is not JSON in UTF-8", {
      ngrokCode: 213,
      cause,
    });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw problem(213, "The body cannot be parsed: it must be a JSON object");
}

function checkFields(
  body: Record<string, unknown>,
  facts: BodyFacts,
  params: Readonly<Record<string, string>>,
): unknown {
  const given = withoutNulls(body, 4);
  for (const [field, param] of Object.entries(facts.echoes ?? {})) {
    if (!(field in given)) continue;
    if (given[field] !== params[param]) {
      throw problem(215, `The field "${field}" must be the one of the path, "${params[param]}"`);
    }
    delete given[field];
  }
  const result = facts.schema.safeParse(given);
  if (result.success) return result.data;
  // What nobody knows comes first: a misspelt field explains why a required one is missing.
  const issues: readonly Issue[] = result.error.issues;
  throw describe(issues.find(({ code }) => code === UNKNOWN_KEYS) ?? issues[0], facts, given);
}

/**
 * A field that is null says nothing: Go clients send every field they do not want to change so, and
 * what comes out of a GET goes back in with the nulls it had.
 */
function withoutNulls(object: Record<string, unknown>, depth: number): Record<string, unknown> {
  const rest: Record<string, unknown> = Object.create(null);
  for (const [key, value] of Object.entries(object)) {
    if (value === null) continue;
    const isObject = depth > 0 && typeof value === "object" && !Array.isArray(value);
    rest[key] = isObject ? withoutNulls(value as Record<string, unknown>, depth - 1) : value;
  }
  return { ...rest };
}

/** What zod calls fields that are not in the schema. */
const UNKNOWN_KEYS = "unrecognized_keys";

/** The part of zod's issue that is used. */
interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

function describe(issue: Issue, facts: BodyFacts, body: Json): ApiProblem {
  const name = issue.path.map(String).join(".");
  if (issue.code === UNKNOWN_KEYS) {
    const key = [...issue.path.map(String), issue.keys?.[0]].join(".");
    const known = knownFields(facts, issue.path);
    return problem(214, `The field "${key.slice(0, 64)}" is unknown${known}`);
  }
  const [field] = issue.path.map(String);
  const code = (facts.codes?.[field] ?? 215) as ApiCode;
  const reason = issue.message.replace(/^Invalid input: /, "").replace(/\.$/, "");
  const what = field !== undefined && !(field in body) ? "is required" : `is not valid: ${reason}`;
  return problem(code, name === "" ? `The body ${what}` : `The field "${name}" ${what}`);
}

/** Names what is known at a place of the body. */
function knownFields(facts: BodyFacts, path: readonly PropertyKey[]): string {
  let schema: JsonSchema | undefined = jsonSchemaOf(facts.schema, "input");
  for (const part of path) {
    schema = typeof part === "number" ? schema?.items : schema?.properties?.[String(part)];
  }
  const names = Object.keys(schema?.properties ?? {});
  return names.length === 0
    ? "; there is none here"
    : `; those known here: "${names.join('", "')}"`;
}

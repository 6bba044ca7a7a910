/**
 * The table of the API as a flat list of plain data: what `sallyport api` makes its commands of, and
 * `openapi.ts` its document.
 *
 * @module
 */
import { type JsonSchema, jsonSchemaOf } from "./json_schema.ts";
import { RESOURCES } from "./resources/mod.ts";
import type { Operation, Resource } from "./resource.ts";

/** What a parameter takes. `json` is an object, or a list of objects, as JSON text. */
export type ApiParamType = "string" | "boolean" | "integer" | "string-list" | "json";

/** A parameter of an operation. */
export interface ApiParam {
  /** Its name; nested fields are joined by `.`: `certificate_management_policy.authority`. */
  readonly name: string;
  /** Where it goes. */
  readonly in: "path" | "query" | "body";
  /** What it takes. */
  readonly type: ApiParamType;
  /** Whether it must be there. */
  readonly required: boolean;
  /** What it is for. */
  readonly doc: string;
  /** The only values, when there are only some. */
  readonly values?: readonly string[];
  /** A value that works. */
  readonly example?: unknown;
}

/** One thing the API can do. */
export interface ApiOperation {
  /** The name of the resource: `reserved_domains`. */
  readonly resource: string;
  /** The command of the resource: `reserved-domains`. */
  readonly command: string;
  /** The verb: `create`, `delete-certificate`. */
  readonly verb: string;
  /** The HTTP method. */
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** The path, with its parameters in braces. */
  readonly path: string;
  /** What it does, in a sentence. */
  readonly summary: string;
  /** What else is to know. */
  readonly details: string | undefined;
  /** Path parameters first, then query, then body. */
  readonly params: readonly ApiParam[];
  /** Whether it gives pages. */
  readonly isList: boolean;
  /** Whether there is something in the answer. */
  readonly hasAnswer: boolean;
}

/**
 * Everything the API can do.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { apiOperations } from "./operations.ts";
 *
 * const stop = apiOperations().find(({ command, verb }) =>
 *   command === "tunnel-sessions" && verb === "stop"
 * );
 * assert.equal(stop?.path, "/tunnel_sessions/{id}/stop");
 * ```
 */
export function apiOperations(): readonly ApiOperation[] {
  return RESOURCES.flatMap((resource) =>
    resource.operations.map((operation) => describe(resource, operation))
  );
}

function describe(resource: Resource, operation: Operation): ApiOperation {
  const { verb, method, path, summary, details, params, list, body, answer } = operation;
  const pathParams = Object.entries(params).map(([name, { doc }]): ApiParam => {
    return { name, in: "path", type: "string", required: true, doc };
  });
  return {
    resource: resource.name,
    command: (resource.commandName ?? resource.name).replaceAll("_", "-"),
    verb,
    method,
    path,
    summary,
    details,
    params: [
      ...pathParams,
      ...listParams(operation),
      ...(body ? bodyParams(jsonSchemaOf(body.schema, "input"), "") : []),
    ],
    isList: list?.prefix !== undefined,
    hasAnswer: answer !== undefined,
  };
}

/** The query parameters of a list. */
export function listParams({ list }: Operation): ApiParam[] {
  const params: ApiParam[] = [];
  if (list?.prefix !== undefined) {
    params.push({
      name: "before_id",
      in: "query",
      type: "string",
      required: false,
      doc: "Only objects older than this one",
    }, {
      name: "limit",
      in: "query",
      type: "integer",
      required: false,
      doc: "How many objects at most, from 1 to 100",
      example: 100,
    });
  }
  if (list?.filter) {
    const names = Object.keys(list.filter).map((name) => `obj.${name}`).join(", ");
    params.push({
      name: "filter",
      in: "query",
      type: "string",
      required: false,
      doc: `Only objects for which this CEL expression is true; it may name ${names}`,
    });
  }
  return params;
}

/** Fields of a body; the fields of objects are parameters of their own. */
function bodyParams(schema: JsonSchema, prefix: string): ApiParam[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, field]): ApiParam[] => {
    const name = `${prefix}${key}`;
    if (field.type === "object" && Object.keys(field.properties ?? {}).length > 0) {
      return bodyParams(field, `${name}.`);
    }
    return [{
      name,
      in: "body",
      type: typeOf(field),
      required: prefix === "" && (schema.required?.includes(key) ?? false),
      doc: field.description ?? "",
      ...(field.enum ? { values: field.enum } : {}),
      ...(field.examples ? { example: field.examples[0] } : {}),
    }];
  });
}

function typeOf(field: JsonSchema): ApiParamType {
  if (field.type === "boolean" || field.type === "integer") return field.type;
  if (field.type === "array") return field.items?.type === "string" ? "string-list" : "json";
  return field.type === "object" ? "json" : "string";
}

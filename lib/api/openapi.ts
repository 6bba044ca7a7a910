/**
 * The OpenAPI 3.1 document of the API, written from the same table that routes and checks its
 * requests. `edge_api.ts` serves it at `/openapi.json`.
 *
 * @module
 */
import { VERSION } from "../base/version.ts";
import { API_CODES } from "./codes.ts";
import { jsonSchemaOf } from "./json_schema.ts";
import { type ApiParam, listParams } from "./operations.ts";
import { RESOURCES } from "./resources/mod.ts";
import type { Json, Operation, Resource } from "./resource.ts";

/** Names of answers that several operations have. */
type Schemas = Record<string, Json>;

/**
 * The document.
 *
 * @param baseUrl where the API is
 */
export function openApiDocument(baseUrl: string): Json {
  const schemas: Schemas = { Error: ERROR_SCHEMA };
  const paths: Record<string, Record<string, unknown>> = {};
  for (const resource of RESOURCES) {
    for (const operation of resource.operations) {
      const path = paths[operation.path] ??= {};
      path[operation.method.toLowerCase()] = describe(resource, operation, schemas);
    }
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Sallyport API",
      version: VERSION,
      description: INTRODUCTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: baseUrl }],
    security: [{ apiKey: [] }],
    tags: RESOURCES.map(({ name, about }) => ({ name, description: about })),
    paths,
    components: {
      schemas,
      securitySchemes: {
        apiKey: { type: "http", scheme: "bearer", description: "An API key of the account" },
      },
      parameters: { version: VERSION_PARAMETER },
      responses: {
        problem: {
          description: "What went wrong; `error_code` says it to programs, `msg` to people",
          content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
        },
      },
    },
  };
}

const INTRODUCTION =
  `The REST API of a Sallyport edge. It has the paths, fields and error codes of \
the ngrok API, version 2, so that clients written for that one work with it.

Lists give the newest objects first, a hundred at a time; \`next_page_uri\` leads on. A field of a body \
that is null says the same as one that is left out. Unknown fields and unknown query parameters are \
errors.

Error codes, by HTTP status:

${
    Object.entries(API_CODES).map(([code, { status, meaning }]) =>
      `- \`ERR_NGROK_${code}\` (${status}): ${meaning}`
    ).join("\n")
  }`;

const VERSION_PARAMETER: Json = {
  name: "Ngrok-Version",
  in: "header",
  required: true,
  description: "The version of the API",
  schema: { type: "string", enum: ["2"] },
};

const ERROR_SCHEMA: Json = {
  type: "object",
  required: ["status_code", "msg", "details"],
  properties: {
    error_code: {
      type: "string",
      description: "For programs; absent where there is none, as for objects that are not there",
      examples: ["ERR_NGROK_203"],
    },
    status_code: { type: "integer", description: "The HTTP status", examples: [401] },
    msg: { type: "string", description: "For people" },
    details: {
      type: "object",
      required: ["operation_id"],
      properties: {
        operation_id: { type: "string", description: "Names the request in the log of the edge" },
      },
    },
  },
};

function describe(resource: Resource, operation: Operation, schemas: Schemas): Json {
  const { verb, summary, details, params, body, answer, status } = operation;
  const pathParams = Object.entries(params).map(([name, { doc }]) => ({
    name,
    in: "path",
    required: true,
    description: doc,
    schema: { type: "string" },
  }));
  const success = answer === undefined
    ? { description: "Done" }
    : { description: "Done", content: content(answerSchema(resource, operation, schemas)) };
  return {
    operationId: `${resource.name}_${verb.replaceAll("-", "_")}`,
    tags: [resource.name],
    summary,
    ...(details === undefined ? {} : { description: `${details}.` }),
    parameters: [
      { $ref: "#/components/parameters/version" },
      ...pathParams,
      ...listParams(operation).map(queryParameter),
    ],
    ...(body
      ? {
        requestBody: {
          required: !body.optional,
          content: content(jsonSchemaOf(body.schema, "input"), body.examples),
        },
      }
      : {}),
    responses: {
      [status]: success,
      default: { $ref: "#/components/responses/problem" },
    },
  };
}

/** The schema of an answer: objects are named once and referred to. */
function answerSchema(resource: Resource, { verb, answer }: Operation, schemas: Schemas): Json {
  const schema = jsonSchemaOf(answer!, "output");
  const name = nameOf(resource);
  const $ref = `#/components/schemas/${name}`;
  if (["get", "create", "update"].includes(verb)) {
    schemas[name] ??= schema;
    return { $ref };
  }
  if (verb !== "list") return schema;
  const properties = Object.entries(schema.properties ?? {}).map(([key, field]) => {
    if (field.type !== "array") return [key, field];
    schemas[name] ??= field.items as Json;
    return [key, { ...field, items: { $ref } }];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}

/** `reserved_domains` as `ReservedDomains`. */
function nameOf({ name }: Resource): string {
  return name.replace(/(^|_)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
}

function queryParameter({ name, type, doc, example }: ApiParam): Json {
  return {
    name,
    in: "query",
    required: false,
    description: doc,
    schema: {
      type,
      ...(name === "limit" ? { minimum: 1, maximum: 100, default: 100 } : {}),
      ...(example === undefined ? {} : { examples: [example] }),
    },
  };
}

function content(schema: Json, examples: readonly Json[] = []): Json {
  const named = examples.map((value, at) => [`example${at + 1}`, { value }]);
  return {
    "application/json": {
      schema,
      ...(named.length === 0 ? {} : { examples: Object.fromEntries(named) }),
    },
  };
}

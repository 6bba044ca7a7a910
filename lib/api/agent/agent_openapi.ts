/**
 * The OpenAPI 3.1 document of the agent's API; `agent_api.ts` serves it at `/api/openapi.json`.
 *
 * @module
 */
import { endpointSectionSchema, tunnelSectionSchema } from "../../agent/file_schema.ts";
import type { Schema } from "../../base/schema.ts";
import { VERSION } from "../../base/version.ts";
import { jsonSchemaOf } from "../json_schema.ts";

/** Method, path, what it does, what it answers, what it takes. */
type Row = readonly [
  method: string,
  path: string,
  summary: string,
  statuses: readonly number[],
  body?: Schema<unknown>,
  query?: readonly string[],
];

const ROWS: readonly Row[] = [
  ["get", "/api", "Where everything is", [200]],
  ["get", "/api/status", "How the session stands", [200]],
  ["get", "/api/tunnels", "The endpoints, in the words of version 2", [200]],
  ["post", "/api/tunnels", "Starts a tunnel", [201, 400, 502, 503], tunnelSectionSchema],
  ["get", "/api/tunnels/{name}", "One tunnel", [200, 404]],
  ["delete", "/api/tunnels/{name}", "Stops a tunnel", [204, 404]],
  ["get", "/api/endpoints", "The endpoints", [200]],
  ["post", "/api/endpoints", "Starts an endpoint", [201, 400, 502, 503], endpointSectionSchema],
  ["get", "/api/endpoints/{name}", "One endpoint, with its numbers", [200, 404]],
  [
    ...["put", "/api/endpoints/{name}", "Starts an endpoint, or replaces it"] as const,
    [200, 201, 400, 502, 503],
    endpointSectionSchema,
  ],
  ["delete", "/api/endpoints/{name}", "Stops an endpoint", [204, 404]],
  [
    ...["get", "/api/requests/http", "Captured requests, newest first", [200, 400]] as const,
    undefined,
    ["limit", "tunnel_name"],
  ],
  ["post", "/api/requests/http", "Sends one once more, by its id", [204, 400, 404]],
  ["delete", "/api/requests/http", "Throws all of them away", [204]],
  ["get", "/api/requests/http/{id}", "One of them", [200, 404]],
  [
    ...["get", "/api/inspect/exchanges", "Exchanges, newest first", [200, 400]] as const,
    undefined,
    ["limit", "before", "endpoint_name", "q"],
  ],
  ["delete", "/api/inspect/exchanges", "Throws all of them away", [204]],
  ["get", "/api/inspect/exchanges/{id}", "One with bodies and messages", [200, 404]],
  [
    ...["post", "/api/inspect/exchanges/{id}/replay", "Sends it once more, edited"] as const,
    [200, 400, 404, 502],
  ],
  ["get", "/api/inspect/headers", "Headers of the newest exchanges", [200]],
  ["get", "/api/inspect/har", "Exports HAR 1.2", [200], undefined, ["id"]],
  ["post", "/api/inspect/har", "Imports HAR 1.2", [200, 400]],
  ["get", "/api/inspect/status", "The agent, its endpoints and their numbers", [200]],
  ["get", "/api/events", "What happens, as server-sent events", [200]],
];

/**
 * The document.
 *
 * @param baseUrl where the API is
 */
export function agentOpenApi(baseUrl: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [method, path, summary, statuses, body, query = []] of ROWS) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const operation = {
      operationId: `${method}${path.replace(/[^a-z]+(.)?/g, (_, next = "") => next.toUpperCase())}`,
      summary,
      parameters: [
        ...inPath.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } })),
        ...query.map((name) => ({ name, in: "query", schema: { type: "string" } })),
      ],
      ...(body && {
        requestBody: { content: { "application/json": { schema: jsonSchemaOf(body, "input") } } },
      }),
      responses: Object.fromEntries(
        statuses.map((status) => [status, { description: status < 400 ? summary : "A problem" }]),
      ),
    };
    (paths[path] ??= {})[method] = operation;
  }
  return {
    openapi: "3.1.0",
    info: { title: "Sallyport agent API", version: VERSION },
    servers: [{ url: baseUrl }],
    paths,
  };
}

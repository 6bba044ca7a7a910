/**
 * What a source of traffic events lets through: which events its filter wants, and which of their
 * fields it sends (spec edge O, rest-api E24). Sources are checked with it when they are written;
 * the pipeline asks it for each event.
 *
 * @module
 */
import { compileFilter, type Filter, type FilterFields } from "./filter.ts";
import { problem } from "./problem.ts";
import type { Json } from "./resource.ts";

/** What filters of sources may look at, behind `ev`. */
const FILTER_FIELDS: FilterFields = {
  "conn.client_ip": "text",
  "conn.server_ip": "text",
  "conn.server_name": "text",
  "conn.server_port": "text",
};

const CONN = [...Object.keys(FILTER_FIELDS), "conn.start_ts", "conn.end_ts"];
const OUTCOME = ["duration_ms", "error"];

/** The fields of each type of event that passes often enough to be chosen from. */
const TRAFFIC_FIELDS: Readonly<Record<string, readonly string[]>> = {
  "http_request_complete.v0": [
    ...CONN,
    ...OUTCOME,
    "endpoint.id",
    "error_code",
    "http.request.body_length",
    "http.request.method",
    "http.request.url.host",
    "http.request.url.path",
    "http.request.url.scheme",
    "http.request.user_agent",
    "http.request.version",
    "http.response.body_length",
    "http.response.status_code",
    "policy_outcome",
    "tls.version",
  ],
  "tcp_connection_closed.v0": [
    ...CONN,
    ...OUTCOME,
    "conn.bytes_in",
    "conn.bytes_out",
    "endpoint.id",
  ],
};

/** What a source asks for. */
export interface Selection {
  /** The type of event. */
  readonly type: string;
  /** Paths of fields, or of what several lie in: `http.request`. */
  readonly fields?: readonly string[] | undefined;
  /** CEL over `ev`. */
  readonly filter?: string | undefined;
}

/** What a source does with an event. */
export interface Selector {
  /** Whether the event is wanted. */
  wants(object: Json): boolean;
  /** What is sent of it. */
  select(object: Json): Json;
}

/** Wants everything, whole. */
const EVERYTHING: Selector = { wants: () => true, select: (object) => object };

/**
 * Understands what a source asks for.
 *
 * @param selection as the body or the store has it
 * @param nowMs what `time.now` is in its filter
 * @throws {ApiProblem} 250 for the filter, 215 for fields that the type does not have
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { compileSelection } from "./event_selection.ts";
 *
 * const selector = await compileSelection({
 *   type: "tcp_connection_closed.v0",
 *   fields: ["conn.bytes_in"],
 *   filter: 'ev.conn.server_port == "22"',
 * }, 0);
 * const object = { conn: { server_port: "22", bytes_in: 9 } };
 * assert.ok(selector.wants(object));
 * assert.deepEqual(selector.select(object), { conn: { bytes_in: 9 } });
 * ```
 */
export async function compileSelection(selection: Selection, nowMs: number): Promise<Selector> {
  const { type, fields = [], filter = "" } = selection;
  if (fields.length === 0 && filter === "") return EVERYTHING;
  const known = TRAFFIC_FIELDS[type];
  if (!known) {
    throw problem(
      215,
      `Events of the type "${type}" are sent whole and always; "fields" and "filter" go with ` +
        Object.keys(TRAFFIC_FIELDS).join(" and "),
    );
  }
  for (const field of fields) {
    if (known.some((path) => isIn(path, field))) continue;
    throw problem(
      215,
      `Events of the type "${type}" have no field "${field}"; they have ${known.join(", ")}`,
    );
  }
  const wants: Filter = filter === ""
    ? () => true
    : await compileFilter(filter, FILTER_FIELDS, nowMs, "ev");
  if (fields.length === 0) return { wants, select: EVERYTHING.select };
  const paths = known.filter((path) => fields.some((field) => isIn(path, field)))
    .map((path) => path.split("."));
  return { wants, select: (object) => pick(object, paths) };
}

/** Whether a path is this field, or lies in it. */
function isIn(path: string, field: string): boolean {
  return path === field || path.startsWith(`${field}.`);
}

function pick(object: Json, paths: readonly string[][]): Json {
  const picked: Record<string, unknown> = {};
  for (const path of paths) {
    let from: unknown = object;
    for (const name of path) from = (from as Record<string, unknown> | undefined)?.[name];
    if (from === undefined) continue;
    let into = picked;
    for (const name of path.slice(0, -1)) {
      into = (into[name] ??= {}) as Record<string, unknown>;
    }
    into[path[path.length - 1]] = from;
  }
  return picked as Json;
}

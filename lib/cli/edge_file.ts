/**
 * The configuration file of an edge, `edge.yml`: the options of `edge/config.ts` in snake_case. The
 * file's schema is made from theirs, so an option that is declared there can be written here at once.
 *
 * Called by `sallyport edge --config` and `sallyport edge config`. Loaded only where there is a file.
 *
 * @module
 */
import { toTunnelError, TunnelError } from "../base/errors.ts";
import { type Schema, z } from "../base/schema.ts";
import { checkDocument } from "../config/check_document.ts";
import { parseDuration } from "../base/duration.ts";
import { size } from "../config/size.ts";
import { parseYamlDocument } from "../config/yaml_document.ts";
import { edgeOptionsSchema, resolveEdgeOptions } from "../edge/config.ts";
import { fileKey } from "../edge/reload.ts";
import type { Files } from "../runtime/host.ts";
import { type EdgeFileOptions, withoutRefusals } from "./edge_file_options.ts";
import { parseListenAddress, parsePorts } from "./listen_address.ts";

/** A file that was read. */
export interface EdgeFile {
  /** As it was named. */
  readonly path: string;
  /** What it says. */
  readonly options: EdgeFileOptions;
}

/**
 * Reads a file.
 *
 * @param files the file system
 * @param path as it was named
 * @throws {TunnelError} not_found …; config_invalid with line, column and key of each fault
 */
export async function readEdgeFile(files: Files, path: string): Promise<EdgeFile> {
  return { path, options: parseEdgeFile(await files.readText(path), path) };
}

/**
 * Understands the text of a file.
 *
 * @param text YAML
 * @param path what it is called in errors
 * @throws {TunnelError} config_invalid with line, column and key of each fault
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseEdgeFile } from "./edge_file.ts";
 *
 * const text = "domain: example.com\nhttp: :80\nlimits:\n  hold: 1m\n";
 * assert.deepEqual(parseEdgeFile(text, "edge.yml"), {
 *   domain: "example.com",
 *   http: { host: "", port: 80 },
 *   limits: { holdMs: 60_000 },
 * });
 * ```
 */
export function parseEdgeFile(text: string, path: string): EdgeFileOptions {
  const document = parseYamlDocument(text, `the configuration file "${path}"`);
  const options = checkDocument(document, edgeFileSchema());
  try {
    // What only shows when all is put together: on standard doors, for the flags may still come.
    const { http = { port: 80 }, https = { port: 443 }, ...rest } = options;
    resolveEdgeOptions(withoutRefusals({ ...rest, http, https }));
  } catch (thrown) {
    const { message, code } = toTunnelError(thrown);
    if (code !== "config_invalid") throw thrown;
    throw document.fault([], message.replace(/^Cannot use the edge options: /, ""));
  }
  return options;
}

/** The JSON Schema of the file, for editors. */
export function edgeFileJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(edgeFileSchema(), { io: "input", target: "draft-7" });
  return { title: "Configuration of a Sallyport edge", ...schema };
}

/** As much of a schema as is looked at. */
interface Known {
  readonly def: {
    readonly type: string;
    readonly shape?: Readonly<Record<string, AnySchema>>;
    readonly innerType?: AnySchema;
    readonly element?: AnySchema;
    readonly options?: readonly AnySchema[];
  };
}

type AnySchema = Schema<unknown> & Known;

/** Of a number, which takes one too. */
type NumberSchema = ReturnType<typeof z.number>;

let made: Schema<EdgeFileOptions> | undefined;

/** The schema of the file; what it gives has the keys of {@linkcode EdgeOptions}. */
export function edgeFileSchema(): Schema<EdgeFileOptions> {
  return made ??= formOf(edgeOptionsSchema as AnySchema, "") as Schema<EdgeFileOptions>;
}

/** Keys that are the library's own business. */
const NOT_IN_FILES = ["embedded"];

/** How the words of flags stand for what has no better form in a file. */
const WORDS: Readonly<Record<string, () => Schema<unknown>>> = {
  http: () => door("http", "none"),
  https: () => door("https", "none"),
  tls: () => door("tls", "sni"),
  agents: () => door("agents", "sni"),
  api: () => door("api", "none"),
  metrics: () => door("metrics", "none"),
  tcpPorts: () => worded("20000-20999", (text) => parsePorts(text, "")),
};

/** The form of one option in the file; `undefined` for what a file cannot hold. */
function formOf(schema: AnySchema, key: string): Schema<unknown> | undefined {
  if (Object.hasOwn(WORDS, key)) return WORDS[key]().optional();
  const { type, innerType, shape, element, options } = schema.def;
  if (innerType) return formOf(innerType as AnySchema, key)?.optional();
  if (type === "custom") return undefined;
  if (shape) return mapOf(shape);
  if (options) {
    const ways = options.map((way) => formOf(way, key)).filter((way) => way !== undefined);
    return z.union(ways as [Schema<unknown>]);
  }
  if (type === "array") {
    const one = formOf(element as AnySchema, key);
    return one && z.array(one);
  }
  if (type === "number" && key.endsWith("Ms")) return duration().pipe(schema as NumberSchema);
  if (type === "number" && key.endsWith("Bytes")) return size().pipe(schema as NumberSchema);
  return schema;
}

function mapOf(shape: Readonly<Record<string, AnySchema>>): Schema<unknown> {
  const forms: Record<string, Schema<unknown>> = {};
  const keys = new Map<string, string>();
  for (const [key, schema] of Object.entries(shape)) {
    const form = NOT_IN_FILES.includes(key) ? undefined : formOf(schema, key);
    if (!form) continue;
    forms[fileKey(key)] = form;
    keys.set(fileKey(key), key);
  }
  return z.strictObject(forms).transform((value) =>
    Object.fromEntries(Object.entries(value).map(([key, one]) => [keys.get(key)!, one]))
  );
}

/** Text that somebody else understands. */
function worded<T>(example: string, parse: (text: string) => T): Schema<T> {
  return z.string().meta({ examples: [example] }).transform((text, context) => {
    try {
      return parse(text);
    } catch (thrown) {
      if (!(thrown instanceof TunnelError || thrown instanceof SyntaxError)) throw thrown;
      context.addIssue({ code: "custom", message: thrown.message.replace(/ for --\w*: /, ": ") });
      return z.NEVER;
    }
  });
}

function duration(): Schema<number> {
  return worded("10s", parseDuration);
}

/** A place to listen, or the word for none. */
function door(flag: string, none: string): Schema<unknown> {
  const place = worded(
    "127.0.0.1:8080",
    (text) => text === none ? null : parseListenAddress(text, flag),
  );
  return z.union([
    z.strictObject({ host: z.string().optional(), port: z.int().min(0).max(65_535) }),
    // A bare port is a number in YAML.
    z.int().min(0).max(65_535).transform((port) => ({ host: "", port })),
    place,
  ]);
}

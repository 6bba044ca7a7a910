/**
 * What a command of `sallyport api` does: makes a request of the flags, sends it, prints the JSON of
 * the answer. Standard output has the JSON and nothing else; a person at a terminal sees the status
 * on standard error.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import { reasonPhrase } from "../http/response.ts";
import type { ApiOperation, ApiParam } from "../api/operations.ts";
import { askApi } from "./api_client.ts";
import { readSources } from "./api_source.ts";
import { trustedCas } from "./built_in_edge.ts";
import { type Cli, CONFIG_VARIABLES, type Flag, type Input } from "./command.ts";
import { loadConfig } from "./config_file.ts";

/** The flags every command of `sallyport api` has besides its own. */
export const API_FLAGS: readonly Flag[] = [
  {
    name: "api-url",
    value: "url",
    summary: "where the API of the edge is; without it at connect_url's edge, else on this machine",
    env: ["SALLYPORT_API_URL"],
  },
  {
    name: "api-key",
    value: "key",
    summary: "who you are to the API; better given in the environment",
    env: ["SALLYPORT_API_KEY", "NGROK_API_KEY"],
    secret: true,
  },
  {
    name: "api-cas",
    value: "cas",
    summary:
      'who may vouch for the API\'s certificate: "trusted", "host", or the path of a PEM file',
    fallback: "trusted",
    env: ["SALLYPORT_API_CAS"],
  },
  {
    name: "config",
    value: "path",
    summary: "the configuration files",
    env: CONFIG_VARIABLES,
    repeats: true,
  },
];

/** The edge on this machine, as it listens unless told otherwise. */
const LOCAL_API_URL = "http://127.0.0.1:4041";

/** How a parameter is spelt as a flag. */
export function flagName(param: ApiParam): string {
  return param.name.replaceAll("_", "-");
}

/**
 * Does it.
 *
 * @param cli the machine
 * @param operation of the API's table
 * @param input the flags
 * @returns 0
 * @throws {TunnelError} usage; refused with the API's own words; what keeps it from being reached
 */
export async function callApi(cli: Cli, operation: ApiOperation, input: Input): Promise<number> {
  const { runtime, secrets } = cli;
  const { host } = runtime;
  const { target, body } = makeRequest(operation, input, await readSources(host, operation, input));
  const { file: { agent: config } } = await loadConfig(host, input.all("config"));
  const apiKey = input.flag("api-key") ?? config.api_key;
  if (apiKey === undefined) {
    throw new TunnelError(
      "usage",
      "The API needs a key: set SALLYPORT_API_KEY, or keep one with sallyport config add-api-key",
    );
  }
  secrets.add(apiKey);
  const ownCas = input.isGiven("api-cas") ? undefined : config.connect_cas;
  const { status, json } = await askApi(runtime, {
    apiUrl: (input.flag("api-url") ?? apiOf(config.connect_url)).replace(/\/+$/, ""),
    apiCas: ownCas ?? trustedCas(input.flag("api-cas")) ?? "trusted",
    apiKey,
    method: operation.method,
    target,
    body,
  });
  if (status < 200 || status > 299) throw refusal(status, json);
  if (host.stderr.isTty) host.stderr.write(`${status} ${reasonPhrase(status)}\n`);
  if (operation.hasAnswer) host.stdout.write(`${JSON.stringify(json, null, 2)}\n`);
  return 0;
}

/** The API of the edge that agents connect to by its own name. */
function apiOf(connectUrl: string | undefined): string {
  const [, domain, port] = /^connect\.([^:/]+)(?::(\d+))?$/.exec(connectUrl ?? "") ?? [];
  if (domain === undefined) return LOCAL_API_URL;
  return `https://api.${domain}${port === undefined || port === "443" ? "" : `:${port}`}`;
}

/**
 * The request that flags ask for.
 *
 * @param operation of the API's table
 * @param input the flags
 * @param fields of the body that were read elsewhere
 * @throws {TunnelError} usage
 */
export function makeRequest(
  { method, path, params }: ApiOperation,
  input: Input,
  fields: Readonly<Record<string, string>> = {},
): { readonly target: string; readonly body: unknown } {
  let target = path;
  const query = new URLSearchParams();
  const body: Record<string, unknown> = { ...fields };
  for (const param of params) {
    const flag = flagName(param);
    if (param.in === "path") {
      const value = param.name === "id" ? input.argument : input.flag(flag);
      if (value === undefined) throw new TunnelError("usage", `Missing --${flag}: ${param.doc}`);
      target = target.replace(`{${param.name}}`, encodeURIComponent(value));
    } else if (input.isGiven(flag)) {
      if (param.in === "query") query.set(param.name, input.flag(flag)!);
      else put(body, param.name.split("."), readValue(param, input));
    }
  }
  const search = query.size > 0 ? `?${query}` : "";
  const hasBody = method === "POST" || method === "PATCH";
  return { target: target + search, body: hasBody ? body : undefined };
}

function put(into: Record<string, unknown>, [key, ...rest]: string[], value: unknown): void {
  if (rest.length === 0) into[key] = value;
  else put((into[key] ??= {}) as Record<string, unknown>, rest, value);
}

function readValue(param: ApiParam, input: Input): unknown {
  const flag = flagName(param);
  const text = input.flag(flag)!;
  switch (param.type) {
    case "boolean":
      return text === "true";
    case "integer":
      if (/^[+-]?\d{1,15}$/.test(text)) return Number(text);
      throw new TunnelError("usage", `Invalid value "${text}" for --${flag}: use a whole number`);
    case "string-list":
      // An empty text alone is how an empty list is said.
      return input.all(flag).filter((one) => one !== "");
    case "json":
      return readJson(text, flag);
    case "string":
      return text;
  }
}

function readJson(text: string, flag: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TunnelError("usage", `Invalid value for --${flag}: it must be JSON`, { cause });
  }
}

/** The API's own words, as an error of ours. */
function refusal(status: number, json: unknown): TunnelError {
  const { msg, error_code: code } = (json ?? {}) as { msg?: unknown; error_code?: unknown };
  const message = typeof msg === "string" ? msg.replace(/\.$/, "") : reasonPhrase(status);
  const number = /^ERR_NGROK_(\d+)$/.exec(String(code))?.[1];
  return new TunnelError(status === 404 ? "not_found" : "refused", message, {
    ngrokCode: number === undefined ? undefined : Number(number),
  });
}

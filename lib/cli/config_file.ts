/**
 * The configuration file `sallyport.yml`, as far as it is read today: who the agent is and which
 * edge it dials. Everything else in it is left alone and not judged.
 *
 * Called by the commands that dial, and by `sallyport config`.
 *
 * @module
 */
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Host } from "../runtime/host.ts";

/** What the file says. It yields to flags and to the environment. */
export interface FileConfig {
  /** `agent.authtoken`. */
  readonly authtoken?: string | undefined;
  /** `agent.api_key`. */
  readonly apiKey?: string | undefined;
  /** `agent.connect_url`. */
  readonly connectUrl?: string | undefined;
  /** `agent.connect_cas`. */
  readonly connectCas?: string | undefined;
}

/**
 * Where the file is unless somebody says otherwise; `undefined` when the machine has no such place.
 *
 * @param host the machine
 */
export function defaultConfigPath(host: Host): string | undefined {
  const home = host.homeDir();
  if (host.os === "windows") {
    const local = host.env("LocalAppData") ?? (home && `${home}\\AppData\\Local`);
    return local && `${local}\\sallyport\\sallyport.yml`;
  }
  if (host.os === "darwin") {
    return home && `${home}/Library/Application Support/sallyport/sallyport.yml`;
  }
  const folder = host.env("XDG_CONFIG_HOME") ?? (home && `${home}/.config`);
  return folder && `${folder}/sallyport/sallyport.yml`;
}

/**
 * Reads the file. One that was not asked for by name need not be there, nor be allowed to be read.
 *
 * @param host the machine
 * @param path as the user gave it
 * @throws {TunnelError} not_found …; config_invalid when it is no YAML, or a value is no text
 */
export async function readConfig(host: Host, path: string | undefined): Promise<FileConfig> {
  const place = path ?? defaultConfigPath(host);
  if (place === undefined) return {};
  let text: string;
  try {
    text = await host.files.readText(place);
  } catch (thrown) {
    const { code } = toTunnelError(thrown);
    if (path === undefined && (code === "not_found" || code === "permission_denied")) return {};
    throw thrown;
  }
  const content = (await parseYaml(text, place)).toJS() as unknown;
  const root = asMap(content);
  const agent = asMap(root.agent);
  // Files of version 2 have the same keys one level up (spec agent F).
  const value = (key: string) => textAt(agent[key] ?? root[key], key, place);
  return {
    authtoken: value("authtoken"),
    apiKey: value("api_key"),
    connectUrl: value("connect_url"),
    connectCas: value("connect_cas"),
  };
}

/**
 * Sets one of the agent's keys. Comments and all other keys stay; the file is made when there is
 * none, for its owner's eyes alone.
 *
 * @param host the machine
 * @param path as the user gave it
 * @param key `authtoken`, `api_key`
 * @param value the new value
 * @returns where it was written
 * @throws {TunnelError} config_invalid when the file is no YAML; usage when there is no place for it
 */
export async function writeConfig(
  host: Host,
  path: string | undefined,
  key: "authtoken" | "api_key",
  value: string,
): Promise<string> {
  const place = path ?? defaultConfigPath(host);
  if (place === undefined) {
    throw new TunnelError("usage", "There is no home folder for the file: name one with --config");
  }
  const { files } = host;
  const exists = await files.stat(place) !== undefined;
  const text = exists ? await files.readText(place) : "";
  const document = await parseYaml(text, place);
  if (!document.has("version")) document.set("version", 3);
  const isOld = String(document.get("version")) === "2";
  if (!isOld && document.get("agent") == null) document.delete("agent");
  try {
    document.setIn(isOld ? [key] : ["agent", key], value);
  } catch (cause) {
    throw invalid(place, '"agent" holds no keys', cause);
  }
  const folder = place.replace(/[/\\][^/\\]*$/, "");
  if (folder !== place && folder !== "") await files.makeDir(folder);
  await files.write(place, String(document));
  return place;
}

/** The library is loaded only where there is a file. */
async function parseYaml(text: string, place: string) {
  const { parseDocument } = await import("yaml");
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error) throw invalid(place, error.message.split("\n")[0].replace(/:$/, ""), error);
  if (document.contents !== null && typeof document.toJS() !== "object") {
    throw invalid(place, "it holds no keys");
  }
  return document;
}

function asMap(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}

function textAt(value: unknown, key: string, place: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  throw invalid(place, `"${key}" must be text`);
}

function invalid(place: string, found: string, cause?: unknown): TunnelError {
  return new TunnelError("config_invalid", `Cannot use "${place}": ${found}`, { cause });
}

/**
 * Finds the configuration files of the user, reads and merges them. `main.ts` calls it for the
 * commands that obey a configuration; `config_edit.ts` shares the places.
 *
 * @module
 */
import { mergeAgentFiles, readAgentFile } from "../agent/file.ts";
import type { AgentFile } from "../agent/file_sections.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { YamlDocument } from "../config/yaml_document.ts";
import type { Host } from "../runtime/host.ts";
import { withBuiltInEdge } from "./built_in_edge.ts";
import { type ConfigNote, type LoadedConfig, NO_CONFIG } from "./loaded_config.ts";

/**
 * Where the file is unless somebody says otherwise; `undefined` when the machine has no such place.
 *
 * @param host the machine
 */
export function defaultConfigPath(host: Host): string | undefined {
  const folder = configFolder(host);
  return folder && joined(host, folder, "sallyport", "sallyport.yml");
}

/**
 * Where a configuration is looked for when none is named: our own file, then those that the ngrok
 * agent left (spec agent D). The first that is there is read, alone.
 *
 * @param host the machine
 */
export function defaultConfigPaths(host: Host): readonly string[] {
  const own = defaultConfigPath(host);
  const folder = configFolder(host);
  const home = host.homeDir();
  return [
    ...own ? [own] : [],
    ...folder ? [joined(host, folder, "ngrok", "ngrok.yml")] : [],
    ...home ? [joined(host, home, ".ngrok2", "ngrok.yml")] : [],
  ];
}

/** The folder of the user where programs keep their configuration. */
function configFolder(host: Host): string | undefined {
  const home = host.homeDir();
  if (host.os === "windows") return host.env("LocalAppData") ?? (home && `${home}\\AppData\\Local`);
  if (host.os === "darwin") return home && `${home}/Library/Application Support`;
  return host.env("XDG_CONFIG_HOME") ?? (home && `${home}/.config`);
}

function joined(host: Host, ...parts: readonly string[]): string {
  return parts.join(host.os === "windows" ? "\\" : "/");
}

/**
 * The paths that were named: a flag may be given several times, and each may name several with commas.
 *
 * @param values of `--config` or of its environment variable
 */
export function namedPaths(values: readonly string[]): readonly string[] {
  return values.flatMap((value) => value.split(",")).map((path) => path.trim())
    .filter((path) => path !== "");
}

/**
 * Reads the configuration of a run: the files named, merged in their order, or the first default file
 * that is there and may be read.
 *
 * @param host the machine
 * @param values of `--config`
 * @throws {TunnelError} not_found, permission_denied, io_failed; config_invalid with line and column
 */
export async function loadConfig(host: Host, values: readonly string[]): Promise<LoadedConfig> {
  const named = namedPaths(values);
  if (named.length > 0) {
    const files: AgentFile[] = [];
    for (const path of named) {
      files.push(readAgentFile(await openDocument(host, path)));
    }
    return {
      file: onBuiltIn(mergeAgentFiles(files)),
      paths: named,
      notes: named.map((path) => ({ message: "open config file", fields: { path, err: null } })),
    };
  }
  const none: ConfigNote = { message: "no configuration paths supplied", fields: {} };
  const path = await firstDefault(host);
  if (path === undefined) return { ...NO_CONFIG, file: onBuiltIn(NO_CONFIG.file), notes: [none] };
  const file = readAgentFile(await openDocument(host, path));
  const used = { message: "using configuration at default config path", fields: { path } };
  const opened = { message: "open config file", fields: { path, err: null } };
  return { file: onBuiltIn(file), paths: [path], notes: [none, used, opened] };
}

function onBuiltIn(file: AgentFile): AgentFile {
  return { ...file, agent: withBuiltInEdge(file.agent) };
}

/**
 * The default file that is there; `undefined` when none is, or none may be read.
 *
 * @param host the machine
 */
export async function firstDefault(host: Host): Promise<string | undefined> {
  for (const path of defaultConfigPaths(host)) {
    try {
      if ((await host.files.stat(path))?.kind !== "file") continue;
      await host.files.readText(path);
      return path;
    } catch (thrown) {
      // A home that a service may not enter is no reason to refuse work.
      if (toTunnelError(thrown).code !== "permission_denied") throw thrown;
    }
  }
  return undefined;
}

/**
 * Reads one file as YAML, not yet checked.
 *
 * @param host the machine
 * @param path as it was named
 * @throws {TunnelError} not_found, permission_denied, io_failed; config_invalid
 */
export async function openDocument(host: Host, path: string): Promise<YamlDocument> {
  let text: string;
  try {
    text = await host.files.readText(path);
  } catch (thrown) {
    const { code, message } = toTunnelError(thrown, "io_failed");
    const found = message.replace(/^.*": /s, "");
    throw new TunnelError(code, `Error reading configuration file "${path}": ${found}`, {
      cause: thrown,
    });
  }
  return await parseConfig(text, path);
}

/**
 * Understands a text as a configuration file. The YAML library is loaded only where there is one.
 *
 * @param text YAML
 * @param path what it is called in errors
 * @throws {TunnelError} config_invalid
 */
export async function parseConfig(text: string, path: string): Promise<YamlDocument> {
  const { parseYamlDocument } = await import("../config/yaml_document.ts");
  return parseYamlDocument(text, `the configuration file "${path}"`);
}

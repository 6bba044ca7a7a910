/**
 * Changes a configuration file without losing a comment of its author: one key, or the whole layout.
 * The commands of `sallyport config` call it.
 *
 * @module
 */
import { readAgentFile, versionOf } from "../agent/file.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { YamlDocument } from "../config/yaml_document.ts";
import type { Host } from "../runtime/host.ts";
import {
  defaultConfigPath,
  firstDefault,
  namedPaths,
  openDocument,
  parseConfig,
} from "./config_file.ts";

/** A key that a command sets. */
export type EditableKey = "authtoken" | "api_key" | "connect_url";

/** What version 2 calls a key. */
const OLD_NAMES: Readonly<Partial<Record<EditableKey, string>>> = { connect_url: "server_addr" };

/**
 * The one file that a command changes: the one named, else our own default file. A file of the ngrok
 * agent is read, never changed.
 *
 * @param host the machine
 * @param values of `--config`
 * @throws {TunnelError} usage when several are named, or there is no place for one
 */
export function fileToWrite(host: Host, values: readonly string[]): string {
  const [path, second] = namedPaths(values);
  if (second !== undefined) {
    throw new TunnelError(
      "usage",
      "Only one file can be changed at a time: name one with --config",
    );
  }
  const place = path ?? defaultConfigPath(host);
  if (place !== undefined) return place;
  throw new TunnelError("usage", "There is no home folder for the file: name one with --config");
}

/**
 * The file that a command looks at: the one named, else the default file that is there.
 *
 * @param host the machine
 * @param values of `--config`
 * @throws {TunnelError} usage when several are named; not_found
 */
export async function fileToRead(host: Host, values: readonly string[]): Promise<string> {
  if (namedPaths(values).length > 0) return fileToWrite(host, values);
  const path = await firstDefault(host);
  if (path !== undefined) return path;
  throw new TunnelError(
    "not_found",
    `There is no configuration file: "sallyport config edit" makes ${
      JSON.stringify(defaultConfigPath(host) ?? "one")
    }`,
  );
}

/**
 * Sets a key. The file is made when there is none, for its owner's eyes alone; whatever else is in
 * it stays as it is, and is not judged: a file that is wrong elsewhere can still get its token.
 *
 * @param host the machine
 * @param path the file
 * @param key which
 * @param value the new value
 * @returns the file of the ngrok agent that a new one began as a copy of
 * @throws {TunnelError} config_invalid when the file is no YAML, or holds something else in that place
 */
export async function setConfigKey(
  host: Host,
  path: string,
  key: EditableKey,
  value: string,
): Promise<string | undefined> {
  const exists = await host.files.stat(path) !== undefined;
  const model = exists ? undefined : await understoodModel(host, path);
  const written = exists ? await host.files.readText(path) : model?.text ?? "";
  let document = await parseConfig(plainText(written), path);
  const root = document.value as Readonly<Record<string, unknown>> | null;
  if (root === null || (typeof root === "object" && !("version" in root))) {
    document = await withVersion(document, path);
  }
  const isOld = versionOf(document) === "2";
  document = document.with(isOld ? [OLD_NAMES[key] ?? key] : ["agent", key], value);
  await writeConfig(host, path, asBefore(document.text, written));
  return model?.path;
}

/** The text of another file, and where it is. */
export interface ConfigModel {
  /** The file. */
  readonly path: string;
  /** All of it. */
  readonly text: string;
}

/**
 * What our own file in its usual place begins with: what the ngrok agent left, for that is not read any
 * more once there is ours.
 *
 * @param host the machine
 * @param path the file that is going to be made
 * @returns `undefined` when it begins with nothing
 */
export async function modelFor(host: Host, path: string): Promise<ConfigModel | undefined> {
  const other = path === defaultConfigPath(host) ? await firstDefault(host) : undefined;
  return other === undefined ? undefined : { path: other, text: await host.files.readText(other) };
}

/** One that cannot be understood is none: a command that only sets a key cannot mend it. */
async function understoodModel(host: Host, path: string): Promise<ConfigModel | undefined> {
  const model = await modelFor(host, path);
  if (model === undefined) return undefined;
  try {
    await parseConfig(model.text, model.path);
    return model;
  } catch (thrown) {
    if (toTunnelError(thrown).code === "config_invalid") return undefined;
    throw thrown;
  }
}

/**
 * A text with line ends that can be edited line by line.
 *
 * @param text of a file, which Windows may have written
 */
export function plainText(text: string): string {
  return text.replaceAll("\r\n", "\n");
}

/**
 * A text with the line ends of another: whoever opens the file again finds it as it was.
 *
 * @param text new
 * @param before what the file was
 */
export function asBefore(text: string, before: string): string {
  return before.includes("\r\n") ? text.replaceAll("\n", "\r\n") : text;
}

/** A file of old without a version gets 2 when it has the keys of 2 at its top, else 3. */
async function withVersion(document: YamlDocument, path: string): Promise<YamlDocument> {
  const root = document.value as Readonly<Record<string, unknown>> | null ?? {};
  const isOld = "authtoken" in root || ("tunnels" in root && !("agent" in root));
  return await parseConfig(withVersionLine(document.text, `"${isOld ? 2 : 3}"`), path);
}

/**
 * A text with its version in the first line, or in the second when the first is the mark of a document.
 *
 * @param text YAML without a version
 * @param version as it is to be written
 */
export function withVersionLine(text: string, version: string): string {
  const [, mark, rest] = /^\uFEFF?(---[^\S\n]*(?:#[^\n]*)?\n)?(.*)$/s.exec(text) ?? ["", "", text];
  return `${mark ?? ""}version: ${version}\n${rest}`;
}

/**
 * Writes a configuration file in one step, with its folder, for its owner's eyes alone. One that was
 * there belongs to whom it did, perhaps a service.
 *
 * @param host the machine
 * @param path the file
 * @param text all of it
 */
export async function writeConfig(host: Host, path: string, text: string): Promise<void> {
  const folder = path.replace(/[/\\][^/\\]*$/, "");
  if (folder !== path && folder !== "") await host.files.makeDir(folder);
  await host.files.write(path, text, { mode: 0o600, keepsOwner: true });
}

/**
 * Checks a file.
 *
 * @param host the machine
 * @param path the file
 * @throws {TunnelError} config_invalid with everything that is wrong
 */
export async function checkConfig(host: Host, path: string): Promise<void> {
  readAgentFile(await openDocument(host, path));
}

/**
 * From the path of a request to a place below a served directory, and to nowhere else: what is
 * hidden, leads out or plays with encodings names nothing. `file_server.ts` asks for each request.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import type { DirectoryEntry, Files } from "../runtime/host.ts";

/** Whose file names are served. */
export interface PathRules {
  /** Windows has drives, device names, streams and names that end in dots; others do not. */
  readonly isWindows: boolean;
}

/** Names that are a device on Windows, whatever follows the dot. */
const DEVICES =
  /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])(?:\..*)?$/i;

/** Deeper than this no path is. */
const MAX_SEGMENTS = 128;

/**
 * The names on the way from the directory to what a request wants, or `undefined` when it can name
 * nothing that is served. Names with a leading dot are hidden, for `.git`, `.env` and the like are
 * not meant for visitors; `.well-known` (RFC 8615) is.
 *
 * @param pathname as in the URL, percent-encoded, with a leading slash
 * @param rules whose file names
 */
export function servedSegments(pathname: string, rules: PathRules): string[] | undefined {
  const segments: string[] = [];
  for (const part of pathname.split("/")) {
    if (part === "") continue;
    const name = decoded(part);
    if (name === undefined || !isServedName(name, rules)) return undefined;
    segments.push(name);
  }
  return segments.length > MAX_SEGMENTS ? undefined : segments;
}

/** Whether something of that name can be served: requests and listings go by the same rule. */
export function isServedName(name: string, { isWindows }: PathRules): boolean {
  // This covers "." and ".." too, however they were encoded.
  if (name.startsWith(".") && name !== ".well-known") return false;
  if (name === "" || /[/\0]/.test(name)) return false;
  if (!isWindows) return true;
  if ([...name].some((char) => char < " " || '\\:*?"<>|'.includes(char))) return false;
  return !/[. ]$/.test(name) && !DEVICES.test(name);
}

/** One decoding, no more; what is not UTF-8 names nothing. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** The directory whose content is served. */
export class ServedRoot {
  /** As it was given: other files may take the place of what it is a link to. */
  readonly path: string;
  readonly #files: Files;
  readonly #rules: PathRules;

  /**
   * Takes a directory that exists.
   *
   * @param path absolute
   * @param files where it is
   * @param rules whose file names
   */
  constructor(path: string, files: Files, rules: PathRules) {
    this.path = path;
    this.#files = files;
    this.#rules = rules;
  }

  /**
   * The real path of what these names lead to. Links are followed as long as they stay inside.
   *
   * @param segments as {@linkcode servedSegments} gave them
   * @returns `undefined` when there is nothing, or a link leads out
   * @throws {TunnelError} permission_denied, io_failed
   */
  async resolve(segments: readonly string[]): Promise<string | undefined> {
    try {
      const root = await this.#files.realPath(this.path);
      const real = await this.#files.realPath([root, ...segments].join("/"));
      return this.#holds(root, real) ? real : undefined;
    } catch (thrown) {
      if (isNothing(thrown)) return undefined;
      throw thrown;
    }
  }

  /**
   * What a visitor may see of a directory.
   *
   * @param real its real path
   * @returns links as what they lead to
   * @throws {TunnelError} permission_denied, io_failed
   */
  async entries(real: string): Promise<DirectoryEntry[]> {
    const found = await this.#files.entries(real);
    const seen: DirectoryEntry[] = [];
    for (const entry of found) {
      if (!isServedName(entry.name, this.#rules)) continue;
      const served = entry.kind === "link" ? await this.#behind(real, entry.name) : entry;
      if (served && served.kind !== "other") seen.push(served);
    }
    return seen;
  }

  async #behind(parent: string, name: string): Promise<DirectoryEntry | undefined> {
    try {
      const root = await this.#files.realPath(this.path);
      const real = await this.#files.realPath(`${parent}/${name}`);
      if (!this.#holds(root, real)) return undefined;
      const info = await this.#files.stat(real);
      return info && { name, kind: info.kind };
    } catch (thrown) {
      // A link that is broken, or nobody may follow, is not there for visitors.
      if (isNothing(thrown) || isDenied(thrown)) return undefined;
      throw thrown;
    }
  }

  #holds(root: string, real: string): boolean {
    if (real === root) return true;
    const separator = this.#rules.isWindows ? "\\" : "/";
    const inside = root.endsWith(separator) ? root : root + separator;
    if (!real.startsWith(inside)) return false;
    // On Windows "GIT~1" is another name of ".git".
    return !this.#rules.isWindows ||
      real.slice(inside.length).split("\\").every((name) => isServedName(name, this.#rules));
  }
}

/** Whether it failed because there is nothing: names that are too long and links in a circle too. */
function isNothing(thrown: unknown): boolean {
  return thrown instanceof TunnelError &&
    (thrown.code === "not_found" || thrown.code === "io_failed");
}

function isDenied(thrown: unknown): boolean {
  return thrown instanceof TunnelError && thrown.code === "permission_denied";
}

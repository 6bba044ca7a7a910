/**
 * Puts a downloaded program in the place of the one that runs. It is tried before and after; when it
 * does not start, all is as it was. `updater.ts` calls it.
 *
 * @module
 */
import { toTunnelError, TunnelError } from "../../base/errors.ts";
import type { Host } from "../../runtime/host.ts";

/** How long a program may take to say its version: the first start of a large file on a slow disk. */
const TRIAL_MS = 60_000;

/** What is added to the name of the program that was there before. */
const KEPT = ".old";

/** A replacement. */
export interface Replacement {
  /** The program that is there, without links. */
  readonly target: string;
  /** The one that takes its place, in the same folder. */
  readonly draft: string;
  /** The version it must say it is. */
  readonly version: string;
  /** The configuration files it must understand. */
  readonly configPaths: readonly string[];
}

/**
 * Names for the draft and for what was there before.
 *
 * @param target the program that is there
 * @param mark makes the name of the draft one of its own
 */
export function namesBeside(target: string, mark: string): { draft: string; kept: string } {
  const cut = Math.max(target.lastIndexOf("/"), target.lastIndexOf("\\")) + 1;
  const [folder, name] = [target.slice(0, cut), target.slice(cut)];
  // Windows runs what ends so
  const ending = /\.exe$/i.exec(name)?.[0] ?? "";
  const stem = name.slice(0, name.length - ending.length);
  return {
    draft: `${folder}.${stem}.${mark}.update${ending}`,
    kept: `${folder}${stem}${KEPT}${ending}`,
  };
}

/**
 * Replaces the program.
 *
 * @param host the machine
 * @param replacement by what
 * @returns where the program is that was there before
 * @throws {TunnelError} update_failed when the new one does not work; permission_denied, io_failed
 */
export async function replaceProgram(host: Host, replacement: Replacement): Promise<string> {
  const { files } = host;
  const { target, draft } = replacement;
  const { kept } = namesBeside(target, "");
  try {
    await tryProgram(host, draft, replacement);
    await files.swap(draft, target, kept);
  } catch (thrown) {
    await files.remove(draft).catch(() => undefined);
    throw kindly(thrown, target);
  }
  try {
    await tryProgram(host, target, replacement);
  } catch (thrown) {
    await files.swap(kept, target, draft);
    await files.remove(draft).catch(() => undefined);
    throw thrown;
  }
  return kept;
}

/** Whether a program starts, is what it should be, and understands the configuration. */
async function tryProgram(
  host: Host,
  path: string,
  { version, configPaths }: Replacement,
): Promise<void> {
  const fault = (found: string, cause?: unknown) =>
    new TunnelError(
      "update_failed",
      `Cannot update to version "${version}": ${found}; nothing was changed`,
      { cause },
    );
  // What hides in the environment of this one must not decide about that one.
  const env = { NO_COLOR: "1" };
  const run = async (args: readonly string[]) => {
    try {
      return await host.run(path, args, { timeoutMs: TRIAL_MS, env });
    } catch (thrown) {
      throw fault(`it does not start: ${toTunnelError(thrown).message}`, thrown);
    }
  };
  const said = await run(["version"]);
  if (said.code !== 0 || !said.output.split(/\s+/).includes(version)) {
    throw fault(`started for a trial, it ended with ${said.code} and said ${quote(said.output)}`);
  }
  if (configPaths.length === 0) return;
  const checked = await run([
    "config",
    "check",
    ...configPaths.flatMap((one) => ["--config", one]),
  ]);
  if (checked.code !== 0) {
    throw fault(`it does not take the configuration: ${quote(checked.output)}`);
  }
}

function quote(text: string): string {
  return JSON.stringify(text.trim().slice(0, 500));
}

/**
 * Says what to do where the folder belongs to somebody else.
 *
 * @param thrown what went wrong
 * @param target the program that is there
 */
export function kindly(thrown: unknown, target: string): TunnelError {
  const error = toTunnelError(thrown, "io_failed");
  if (error.code !== "permission_denied") return error;
  return new TunnelError(
    "permission_denied",
    `${error.message}; run "sallyport update" as the user to whom "${target}" and its folder belong`,
    { cause: error },
  );
}

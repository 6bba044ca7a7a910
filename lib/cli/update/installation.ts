/**
 * How this program came onto the machine, and whether it may replace itself. `updater.ts` asks before
 * it touches anything, and tells who does it instead.
 *
 * @module
 */
import type { Host } from "../../runtime/host.ts";
import { BUILT_IN } from "./built_in.ts";

/** Who keeps a program up to date, by where it lies; forward slashes, without regard to case. */
const MANAGERS: readonly (readonly [RegExp, string, string])[] = [
  [/\/(?:Cellar|homebrew|\.?linuxbrew)\//i, "Homebrew", "brew upgrade sallyport"],
  [/^\/nix\/store\//i, "Nix", "an update of your Nix channel or flake"],
  [/^\/(?:var\/lib\/)?snapd?\//i, "snap", "snap refresh sallyport"],
  [/\/flatpak\//i, "Flatpak", "flatpak update"],
  [/\/scoop\/apps\//i, "Scoop", "scoop update sallyport"],
  [/\/chocolatey\//i, "Chocolatey", "choco upgrade sallyport"],
  [/\/WindowsApps\//i, "the Microsoft Store", "the Microsoft Store"],
  [/\/WinGet\/Packages\//i, "WinGet", "winget upgrade sallyport"],
  [/\/\.?(?:asdf|mise)\/installs\//i, "a version manager", "your version manager"],
  [/\/node_modules\//i, "npm", "npm update --global @sallyport/sallyport"],
];

/** Where systems keep what their own package manager brought (FHS 3.0 section 4.4). */
const SYSTEM_FOLDERS = /^\/(?:usr\/)?s?bin\/[^/]+$/;

/** What may be done about the program's file. */
export interface Installation {
  /** The file, without links; empty when there is an obstacle. */
  readonly path: string;
  /** Why the program cannot replace itself, and what to do instead; empty when it can. */
  readonly obstacle: string;
}

/**
 * Looks how the program was installed.
 *
 * @param host the machine
 * @param packager who keeps it up to date, compiled in by packagers
 */
export async function findInstallation(
  host: Host,
  packager: string = BUILT_IN.packager,
): Promise<Installation> {
  const { program } = host;
  if (packager !== "") return obstacle(`${packager} keeps it up to date`);
  if (!program?.isCompiled) {
    return obstacle(
      "it runs from source, not as a program of its own; update the package that brought it, " +
        "or install the program of a release",
    );
  }
  const path = await host.files.realPath(program.path);
  const place = path.replaceAll("\\", "/");
  const manager = MANAGERS.find(([pattern]) => pattern.test(place));
  if (manager) {
    const [, name, command] = manager;
    return obstacle(`${name} installed it as "${path}"; update it with ${command}`);
  }
  if (host.os !== "windows" && SYSTEM_FOLDERS.test(place)) {
    return obstacle(
      `"${path}" belongs to the package manager of the system; update it with that, ` +
        "or install a copy in /usr/local/bin",
    );
  }
  return { path, obstacle: "" };
}

function obstacle(text: string): Installation {
  return { path: "", obstacle: text };
}

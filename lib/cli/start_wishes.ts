/**
 * Which endpoints and tunnels of the configuration `sallyport start` puts online (spec agent C).
 *
 * @module
 */
import { type FileWish, wishesOf } from "../agent/file_endpoints.ts";
import { TunnelError } from "../base/errors.ts";
import { nearest } from "../base/suggest.ts";
import type { LoadedConfig } from "./loaded_config.ts";

/** What was typed. */
export interface Choice {
  /** The names. */
  readonly names: readonly string[];
  /** Whether `--all` stood there. */
  readonly all: boolean;
  /** Whether `--none` stood there. */
  readonly none: boolean;
}

/**
 * Chooses.
 *
 * @param config the configuration
 * @param choice what was typed
 * @throws {TunnelError} usage: nothing was chosen, too much was, or a name is not there
 */
export function chooseWishes(config: LoadedConfig, choice: Choice): readonly FileWish[] {
  const { names, all, none } = choice;
  if (all && none) throw usage("--all and --none exclude each other: give one");
  if (names.length > 0 && (all || none)) {
    throw usage(`Names and --${all ? "all" : "none"} exclude each other: give one of the two`);
  }
  if (none) return [];
  const there = wishesOf(config.file);
  if (all) {
    if (there.size > 0) return [...there.values()].flat();
    throw usage(
      `There is nothing to start: ${
        whereOf(config)
      } no endpoints; "sallyport start --none" starts the session alone`,
    );
  }
  if (names.length === 0) {
    throw usage(`Say at least one name to start, or --all, or --none; ${listOf(config, there)}`);
  }
  return [...new Set(names)].flatMap((name) => {
    const wishes = there.get(name);
    if (wishes) return wishes;
    const meant = nearest(name, there.keys());
    throw usage(
      `Cannot start "${name}": there is no such endpoint` +
        (meant === undefined ? "" : `; did you mean "${meant}"?`) + `\n${listOf(config, there)}`,
    );
  });
}

function listOf(config: LoadedConfig, there: ReadonlyMap<string, unknown>): string {
  if (there.size === 0) return `${whereOf(config)} no endpoints`;
  return `${whereOf(config)} ${[...there.keys()].map((name) => `"${name}"`).join(", ")}`;
}

function whereOf({ paths }: LoadedConfig): string {
  if (paths.length === 0) return "no configuration file was found, so there are";
  return `${paths.join(", ")} ${paths.length > 1 ? "have" : "has"}`;
}

function usage(message: string): TunnelError {
  return new TunnelError("usage", message);
}

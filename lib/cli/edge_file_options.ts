/**
 * What a configuration file of an edge says, as data. Apart from the reader of the file, which is
 * loaded only where there is one.
 *
 * @module
 */
import type { EdgeOptions } from "../edge/config.ts";

/** What a file says: `null` is a door that was refused by `none`, or `sni`. */
export type EdgeFileOptions = {
  readonly [Key in keyof EdgeOptions]?: EdgeOptions[Key] | null;
};

/** The options of a file without its refusals. */
export function withoutRefusals(options: EdgeFileOptions): EdgeOptions {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== null),
  ) as EdgeOptions;
}

/**
 * What a release knows of its updates from birth. From source there is nothing: `scripts/release.ts`
 * puts it in. `update_source.ts` reads it.
 *
 * @module
 */

/** What is compiled into a release. */
export interface BuiltIn {
  /** The folder of the channels; empty when nobody publishes this build. */
  readonly url: string;
  /** The public keys of whoever publishes it, as base64. */
  readonly keys: readonly string[];
  /** Who else keeps it up to date, in words; empty when nobody does: `the Debian package`. */
  readonly packager: string;
}

/** What a build puts in the place of the name. */
declare const SALLYPORT_UPDATES: BuiltIn | undefined;

/** What is compiled into this one. */
export const BUILT_IN: BuiltIn = typeof SALLYPORT_UPDATES === "object"
  ? SALLYPORT_UPDATES
  : { url: "", keys: [], packager: "" };

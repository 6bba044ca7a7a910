/**
 * The version of this program, as agent, edge and command line say it. A test keeps it equal to the
 * package files.
 *
 * @module
 */

/** What a build of another version puts in the place of the name (`scripts/release.ts`). */
declare const SALLYPORT_VERSION: string | undefined;

/** Semantic version, without a `v`. */
export const VERSION: string = typeof SALLYPORT_VERSION === "string" ? SALLYPORT_VERSION : "0.1.0";

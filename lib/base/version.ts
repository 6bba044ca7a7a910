/**
 * The version of this program, as agent, edge and command line say it. A test keeps it equal to the
 * package files.
 *
 * @module
 */

/** Semantic version, without a `v`. */
export const VERSION = "0.1.0";

/**
 * The actions there are. A new one is a file beside this one, its test, and a line here.
 *
 * @module
 */
import type { Action } from "../action.ts";
import { deny } from "./deny.ts";

/** All of them, by name. */
export const ACTIONS: readonly Action[] = [
  deny,
];

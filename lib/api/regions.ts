/**
 * Regions as clients of the ecosystem know them. An edge has one place; what is given is checked
 * and kept.
 *
 * @module
 */
import type { ApiCode } from "./codes.ts";
import { problem } from "./problem.ts";

const REGIONS: readonly string[] = [
  "ap",
  "au",
  "eu",
  "in",
  "jp",
  "sa",
  "us",
  "us-cal-1",
  "eu-lon-1",
];

/**
 * The region to keep.
 *
 * @param given as the body has it
 * @param own the edge's, the default
 * @param code of the refusal
 */
export function readRegion(given: string | undefined, own: string, code: ApiCode): string {
  if (given === undefined || given === "") return own;
  const known = own === "" ? REGIONS : [...new Set([own, ...REGIONS])];
  if (known.includes(given)) return given;
  throw problem(code, `The region "${given}" does not exist; known are ${known.join(", ")}`);
}

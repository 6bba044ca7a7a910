/**
 * Names that somebody wants to have: the rules are those of endpoints (`lib/edge/names.ts`), the
 * numbers of their refusals are those of reservations.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import { checkReachable, isUnder, normalizeHost } from "../edge/names.ts";
import type { ApiCode } from "./codes.ts";
import { ApiProblem, problem } from "./problem.ts";

/** What a bind is refused with, and what a reservation is. */
const CODES: Readonly<Record<number, ApiCode>> = {
  326: 406,
  327: 409,
  328: 407,
  329: 408,
  330: 410,
  331: 411,
  347: 429,
  355: 438,
  396: 513,
  397: 514,
};

/** Labels under a base domain that the edge answers at itself. */
const OWN_LABELS: readonly string[] = ["connect", "api", "cname"];

/**
 * The one spelling of a domain that shall be reserved.
 *
 * @param given as it was written
 * @param domains base domains of the edge
 * @throws {ApiProblem} 402 to 411, 416, 429, 438, 448, 450, 513, 514
 */
export function readDomain(given: string, domains: readonly string[]): string {
  const labels = given.split(".");
  if (labels.slice(1).some((label) => label.includes("*"))) {
    throw refuse(402, given, 'only the first part may be "*"');
  }
  if (labels[0].includes("*") && labels[0] !== "*") {
    throw refuse(403, given, 'the first part of a wildcard is "*" and nothing else');
  }
  const domain = withOwnCodes(given, () => normalizeHost(given));
  const name = domain.startsWith("*.") ? domain.slice(2) : domain;
  const base = domains.find((base) => isUnder(name, base));
  if (name === base) throw refuse(416, given, "it is a base domain of this edge");
  if (base !== undefined) {
    const own = OWN_LABELS.find((label) => isUnder(name, `${label}.${base}`));
    if (own !== undefined) throw refuse(450, given, `the edge itself uses "${own}.${base}"`);
    return domain;
  }
  if (!name.includes(".")) {
    throw refuse(448, given, `it is not fully qualified; for example "${name}.${domains[0]}"`);
  }
  if (isUnder(name, "internal")) {
    throw refuse(411, given, 'names under ".internal" belong to everybody and need no reservation');
  }
  withOwnCodes(given, () => checkReachable(name, domains));
  return domain;
}

/** Whether a name is one of the edge's base domains or below one. */
export function isManaged(domain: string, domains: readonly string[]): boolean {
  return domains.some((base) => isUnder(domain.replace(/^\*\./, ""), base));
}

function withOwnCodes<T>(given: string, run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    if (!(thrown instanceof TunnelError) || thrown.ngrokCode === undefined) throw thrown;
    const found = thrown.message.slice(thrown.message.lastIndexOf('": ') + 3);
    throw new ApiProblem(400, `Cannot reserve "${given}": ${found}`, {
      ngrokCode: CODES[thrown.ngrokCode] ?? 406,
      cause: thrown,
    });
  }
}

function refuse(code: ApiCode, given: string, found: string): ApiProblem {
  return problem(code, `Cannot reserve "${given}": ${found}`);
}

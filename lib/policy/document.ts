/**
 * The traffic policy as its author writes it: YAML or JSON text, or the same as a map. Read once
 * when an endpoint is bound or a policy is stored; `engine.ts` makes it ready to run.
 *
 * @module
 */
import { type PhaseName, PHASES, type PolicyProto } from "./context.ts";
import { policyFault } from "./fault.ts";

/** One thing to do. */
export interface PolicyAction {
  /** Which action. */
  readonly type: string;
  /** How; what it must be is up to the action. */
  readonly config?: unknown;
}

/** What to do, and when. */
export interface PolicyRule {
  /** For people. */
  readonly name?: string;
  /** All of them must be true; none is always true. */
  readonly expressions?: readonly string[];
  /** In this order; one at least. */
  readonly actions: readonly PolicyAction[];
}

/** A policy: the rules of each phase, in order. */
export type PolicyDocument = { readonly [phase in PhaseName]?: readonly PolicyRule[] };

/** A policy text has fewer characters than this. */
export const POLICY_MAX_CHARS = 262_144;

/** The phases of each protocol. The older names mean the first and the last of them. */
const PHASES_OF: Readonly<Record<PolicyProto, readonly PhaseName[]>> = {
  http: PHASES,
  https: PHASES,
  tcp: ["on_tcp_connect"],
  tls: ["on_tcp_connect"],
};

/**
 * Reads a policy text.
 *
 * @param text JSON when it begins with a brace, else YAML; nothing but blanks is no policy
 * @param proto what the endpoint speaks
 * @throws {TunnelError} refused: 2236 when it is neither, else what {@linkcode readPolicy} says
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parsePolicy } from "./document.ts";
 *
 * const policy = await parsePolicy("on_http_request: [{ actions: [{ type: deny }] }]", "https");
 * assert.equal(policy.on_http_request?.[0].actions[0].type, "deny");
 * ```
 */
export async function parsePolicy(text: string, proto: PolicyProto): Promise<PolicyDocument> {
  if (text.trim() === "") return {};
  if (text.length >= POLICY_MAX_CHARS) {
    throw policyFault(
      2236,
      `Cannot read the traffic policy: it has ${text.length} characters, and may have fewer than ${POLICY_MAX_CHARS}`,
    );
  }
  return readPolicy(await parseText(text), proto);
}

async function parseText(text: string): Promise<unknown> {
  if (text.trimStart().startsWith("{")) {
    try {
      return JSON.parse(text);
    } catch {
      // What is not JSON may still be YAML in flow style; if it is neither, YAML says so by line.
    }
  }
  // A heavy library, which policies in JSON do without.
  const { parseDocument } = await import("yaml");
  const document = parseDocument(text, { merge: true });
  const [error] = document.errors;
  if (error) {
    throw policyFault(
      2236,
      `Cannot read the traffic policy: ${error.message.trim().split("\n")[0].replace(/:$/, "")}`,
    );
  }
  try {
    return document.toJS();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw policyFault(2236, `Cannot read the traffic policy: ${reason}`, cause);
  }
}

/**
 * Checks the shape of a policy and gives the older names their new ones: `inbound` and `outbound`.
 *
 * @param value a map of phases
 * @param proto what the endpoint speaks
 * @throws {TunnelError} refused: 2236 for a wrong shape, 2230 for a phase that the protocol does not
 * have, 2206 for a rule without actions
 */
export function readPolicy(value: unknown, proto: PolicyProto): PolicyDocument {
  if (value === undefined || value === null) return {};
  if (!isMap(value)) throw shape("it", "a map of phases", value);
  const document: { [phase in PhaseName]?: readonly PolicyRule[] } = {};
  for (const [key, rules] of Object.entries(value)) {
    if (key === "enabled" && typeof rules === "boolean") {
      if (!rules) return {};
      continue;
    }
    const phase = phaseOf(key, proto);
    if (rules === null || rules === undefined) continue;
    if (!Array.isArray(rules)) throw shape(`"${key}"`, "a list of rules", rules);
    if (rules.length === 0) continue;
    if (!PHASES_OF[proto].includes(phase)) {
      throw policyFault(
        2230,
        `Cannot use the traffic policy: ${phase} has no meaning for ${proto} endpoints, ` +
          `whose phases are ${PHASES_OF[proto].join(", ")}`,
      );
    }
    if (document[phase]) {
      throw policyFault(2236, `Cannot use the traffic policy: "${key}" gives ${phase} twice`);
    }
    document[phase] = rules.map((rule, at) => readRule(rule, `${key}, rule ${at + 1}`));
  }
  return document;
}

function phaseOf(key: string, proto: PolicyProto): PhaseName {
  if (key === "inbound") return proto === "tcp" || proto === "tls" ? PHASES[0] : PHASES[1];
  if (key === "outbound") return PHASES[2];
  const phase = PHASES.find((name) => name === key);
  if (phase) return phase;
  throw policyFault(
    2230,
    `Cannot use the traffic policy: "${key}" is no phase; there are ${PHASES.join(", ")}`,
  );
}

function readRule(value: unknown, where: string): PolicyRule {
  if (!isMap(value)) throw shape(where, "a map", value);
  const { name, expressions, actions, ...others } = value;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw policyFault(
      2236,
      `Cannot use the traffic policy: ${where} has the unknown key "${unknown}"; ` +
        "a rule has name, expressions and actions",
    );
  }
  if (isSet(name) && typeof name !== "string") throw shape(`name in ${where}`, "text", name);
  if (isSet(expressions) && !isTexts(expressions)) {
    throw shape(`expressions in ${where}`, "a list of texts", expressions);
  }
  if (isSet(actions) && !Array.isArray(actions)) {
    throw shape(`actions in ${where}`, "a list", actions);
  }
  const list = Array.isArray(actions) ? actions : [];
  if (list.length === 0) {
    throw policyFault(2206, `Cannot use the traffic policy: ${where} has no action`);
  }
  return {
    ...(typeof name === "string" && { name }),
    ...(isTexts(expressions) && { expressions }),
    actions: list.map((action, at) => readAction(action, `${where}, action ${at + 1}`)),
  };
}

function readAction(value: unknown, where: string): PolicyAction {
  if (!isMap(value)) throw shape(where, "a map", value);
  const { type, config, ...others } = value;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw policyFault(
      2236,
      `Cannot use the traffic policy: ${where} has the unknown key "${unknown}"; ` +
        "an action has type and config",
    );
  }
  if (typeof type !== "string" || type === "") throw shape(`type in ${where}`, "a name", type);
  return isSet(config) ? { type, config } : { type };
}

function shape(what: string, wanted: string, found: unknown): Error {
  const kind = found === null ? "nothing" : Array.isArray(found) ? "a list" : typeof found;
  return policyFault(
    2236,
    `Cannot use the traffic policy: ${what} must be ${wanted}, but is ${
      kind === "undefined" ? "missing" : kind
    }`,
  );
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((part) => typeof part === "string");
}

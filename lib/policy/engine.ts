/**
 * Makes a policy ready to run, and runs its phases. The edge compiles each endpoint's policy once,
 * when it is bound or patched; an endpoint without one never comes here.
 *
 * @module
 */
import { toTunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { parseWith } from "../base/schema.ts";
import type {
  Action,
  CompiledAction,
  ExpressionEngine,
  PolicyServices,
  Text,
  TlsTermination,
} from "./action.ts";
import { ACTIONS } from "./actions/mod.ts";
import {
  type ConnectContext,
  type PhaseName,
  PHASES,
  type PolicyContext,
  type PolicyProto,
  type RequestContext,
  type ResponseContext,
} from "./context.ts";
import type { PolicyAction, PolicyDocument, PolicyRule } from "./document.ts";
import { policyFault } from "./fault.ts";
import { actionFailed, type Ending, type Outcome, type Ran } from "./outcome.ts";

/** A policy that is ready to run. A phase without rules is absent and costs nothing. */
export interface CompiledPolicy {
  /** Runs for each connection. */
  readonly onTcpConnect: ((context: ConnectContext) => Ran) | undefined;
  /** Runs for each request. */
  readonly onHttpRequest: ((context: RequestContext) => Ran) | undefined;
  /** Runs for each answer. */
  readonly onHttpResponse: ((context: ResponseContext) => Ran) | undefined;
  /** How TLS ends, when the policy says so. */
  readonly termination: TlsTermination | undefined;
}

/** How {@linkcode compilePolicy} compiles. */
export interface CompileOptions {
  /** What the endpoint speaks. */
  readonly proto: PolicyProto;
  /** What the edge offers. */
  readonly services: PolicyServices;
  /** The actions there are. @default {ACTIONS} */
  readonly actions?: readonly Action[];
  /**
   * Whether the document is made of what a bind asks for: `${` in a text means itself then, and
   * whoever made it has checked what a bind may ask for. @default {false}
   */
  readonly literal?: boolean;
}

/**
 * Makes a policy ready to run.
 *
 * @param document what to do
 * @param options for which endpoint, with what
 * @returns `undefined` when there is nothing to do
 * @throws {TunnelError} refused: 2201 for an unknown action, 2202 for one in a wrong phase, 2205 for
 * a wrong protocol, 2203 for a wrong config, 2207 for one that cannot be reached, 2200 and 2224 for
 * expressions; whatever else the actions throw
 */
export async function compilePolicy(
  document: PolicyDocument,
  options: CompileOptions,
): Promise<CompiledPolicy | undefined> {
  const termination: { found?: TlsTermination } = {};
  const phases = new Map<PhaseName, readonly CompiledRule[]>();
  for (const phase of PHASES) {
    const rules = document[phase];
    if (!rules?.length) continue;
    const compiled: CompiledRule[] = [];
    for (const [at, rule] of rules.entries()) {
      compiled.push(
        await compileRule(rule, { phase, where: `${phase}, rule ${at + 1}`, termination, options }),
      );
    }
    phases.set(phase, compiled);
  }
  if (phases.size === 0) return undefined;
  const { logger } = options.services;
  const phase = <Context extends PolicyContext>(name: PhaseName) => {
    const rules = phases.get(name);
    return rules && ((context: Context) => runFrom(rules, context, logger, 0, 0));
  };
  return {
    onTcpConnect: phase<ConnectContext>("on_tcp_connect"),
    onHttpRequest: phase<RequestContext>("on_http_request"),
    onHttpResponse: phase<ResponseContext>("on_http_response"),
    termination: termination.found,
  };
}

/**
 * Two policies as one: the first is nearer to the visitor. Requests pass it first, answers last.
 *
 * @param outer nearer to the visitor
 * @param inner nearer to the service
 */
export function chainPolicies(
  outer: CompiledPolicy | undefined,
  inner: CompiledPolicy | undefined,
): CompiledPolicy | undefined {
  if (!outer || !inner) return outer ?? inner;
  return {
    onTcpConnect: inOrder(outer.onTcpConnect, inner.onTcpConnect),
    onHttpRequest: inOrder(outer.onHttpRequest, inner.onHttpRequest),
    onHttpResponse: inOrder(inner.onHttpResponse, outer.onHttpResponse),
    termination: inner.termination ?? outer.termination,
  };
}

function inOrder<Context>(
  first: ((context: Context) => Ran) | undefined,
  second: ((context: Context) => Ran) | undefined,
): ((context: Context) => Ran) | undefined {
  if (!first || !second) return first ?? second;
  return (context) => {
    const ran = first(context);
    if (ran instanceof Promise) return ran.then((ending) => ending ?? second(context));
    return ran ?? second(context);
  };
}

type Run = (context: PolicyContext) => Ran;

interface CompiledRule {
  readonly conditions: readonly ((context: PolicyContext) => boolean)[];
  readonly actions: readonly { readonly type: string; readonly run: Run }[];
}

/** Where the compiler stands. */
interface Place {
  readonly phase: PhaseName;
  readonly where: string;
  readonly termination: { found?: TlsTermination };
  readonly options: CompileOptions;
}

async function compileRule(rule: PolicyRule, place: Place): Promise<CompiledRule> {
  const { phase, where, options: { services } } = place;
  const { expressions = [] } = rule;
  const conditions = expressions.map((source) =>
    language(services.expressions, 2200, `an expression in ${where}`).condition(source, phase)
  );
  const actions: { type: string; run: Run }[] = [];
  let last: string | undefined;
  for (const [at, action] of rule.actions.entries()) {
    if (last !== undefined) {
      throw policyFault(
        2207,
        `Cannot use the traffic policy: the action "${action.type}" in ${where} is never reached, ` +
          `because "${last}" before it ends the phase`,
      );
    }
    const at1 = `${where}, action ${at + 1} (${action.type})`;
    const compiled = await compileAction(action, { ...place, where: at1 });
    if (compiled.terminates) last = action.type;
    const run = runnerOf(compiled, phase);
    if (run) actions.push({ type: action.type, run });
    if (compiled.termination) {
      if (conditions.length > 0 || place.termination.found) {
        throw policyFault(
          2203,
          `Cannot use the traffic policy: ${at1} must stand once, in a rule without expressions, ` +
            "for it holds from the first byte",
        );
      }
      place.termination.found = compiled.termination;
    }
  }
  return { conditions, actions };
}

async function compileAction(action: PolicyAction, place: Place): Promise<CompiledAction> {
  const { phase, where, options } = place;
  const { proto, services, actions = ACTIONS } = options;
  const definition = actions.find(({ type }) => type === action.type);
  if (!definition) {
    throw policyFault(
      2201,
      `Cannot use the traffic policy: ${where} is no action this edge knows; ` +
        `there are ${actions.map(({ type }) => type).sort().join(", ")}`,
    );
  }
  if (!definition.phases.includes(phase)) {
    throw policyFault(
      2202,
      `Cannot use the traffic policy: ${where} may stand in ${definition.phases.join(", ")} only`,
    );
  }
  if (definition.protos && !definition.protos.includes(proto)) {
    throw policyFault(
      2205,
      `Cannot use the traffic policy: ${where} is for ${
        definition.protos.join(", ")
      } endpoints, not for ${proto}`,
    );
  }
  let config: unknown;
  try {
    config = parseWith(definition.config, action.config ?? {}, `the config of ${where}`);
  } catch (thrown) {
    const error = toTunnelError(thrown);
    throw error.code === "config_invalid" ? policyFault(2203, error.message, error) : error;
  }
  return await definition.compile(config, {
    ...services,
    phase,
    proto,
    where,
    ownMaking: place.options.literal,
    text: (field, value) => compileText(field, value, place),
  });
}

/** A text, with or without `${}` in it. */
function compileText(field: string, value: string, place: Place): Text {
  if (place.options.literal || !value.includes("${")) return { constant: value, of: () => value };
  const what = `"${field}" in ${place.where}`;
  const of = language(place.options.services.expressions, 2224, what).text(value, place.phase);
  return { constant: undefined, of };
}

function language(
  engine: ExpressionEngine | undefined,
  ngrokCode: number,
  what: string,
): ExpressionEngine {
  if (engine) return engine;
  throw policyFault(
    ngrokCode,
    `Cannot use the traffic policy: ${what} needs the expression language, which comes with the ` +
      "full policy engine; until then rules and texts must do without expressions",
  );
}

/** The handler for a phase; `undefined` for an action that has nothing to do there. */
function runnerOf(action: CompiledAction, phase: PhaseName): Run | undefined {
  switch (phase) {
    case "on_tcp_connect":
      return action.onTcpConnect as Run | undefined;
    case "on_http_request":
      return action.onHttpRequest as Run | undefined;
    case "on_http_response":
      return action.onHttpResponse as Run | undefined;
  }
}

/** Runs from one action on, without a promise as long as no action needs one. */
function runFrom(
  rules: readonly CompiledRule[],
  context: PolicyContext,
  logger: Logger,
  firstRule: number,
  firstAction: number,
): Ran {
  for (let at = firstRule; at < rules.length; at++) {
    const { conditions, actions } = rules[at];
    // Conditions are looked at once, before the first action of their rule.
    let step = at === firstRule ? firstAction : 0;
    if (step === 0) {
      const holds = check(conditions, context, logger);
      if (typeof holds !== "boolean") return holds;
      if (!holds) continue;
    }
    for (; step < actions.length; step++) {
      const { type, run } = actions[step];
      let ran: Ran;
      try {
        ran = run(context);
      } catch (thrown) {
        return failed(type, thrown, context, logger);
      }
      if (ran instanceof Promise) {
        const next = step + 1;
        return ran.then(
          (ending) => ending ?? runFrom(rules, context, logger, at, next),
          (thrown: unknown): Outcome => failed(type, thrown, context, logger),
        );
      }
      if (ran) return ran;
    }
  }
}

function check(
  conditions: CompiledRule["conditions"],
  context: PolicyContext,
  logger: Logger,
): boolean | Ending {
  if (conditions.length === 0) return true;
  try {
    return conditions.every((condition) => condition(context));
  } catch (thrown) {
    return failed("expressions", thrown, context, logger);
  }
}

/** An action that fails lets nothing through. */
function failed(type: string, thrown: unknown, context: PolicyContext, logger: Logger): Ending {
  const error = toTunnelError(thrown);
  logger.log("error", "a policy action failed", {
    url: context.endpoint.url,
    phase: context.phase,
    action: type,
    error: error.message,
  });
  return context.phase === "on_tcp_connect"
    ? { do: "close" }
    : { do: "fail", problem: actionFailed(type) };
}

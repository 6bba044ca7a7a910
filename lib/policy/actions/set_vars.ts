/**
 * `set-vars`: gives values names, for expressions behind it in the same phase.
 *
 * @module
 */
import { type Schema, z } from "../../base/schema.ts";
import { type Action, defineAction } from "../action.ts";
import type { PolicyContext } from "../context.ts";
import { policyFault } from "../fault.ts";
import { compileValue, type Value } from "../value.ts";

interface SetVarsConfig {
  readonly vars: readonly Readonly<Record<string, unknown>>[];
}

const config: Schema<SetVarsConfig> = z.strictObject({
  vars: z.array(z.record(z.string(), z.unknown())).min(1),
});

/** The action. */
export const setVars: Action = defineAction({
  type: "set-vars",
  phases: ["on_tcp_connect", "on_http_request", "on_http_response"],
  config,
  compile({ vars }, context) {
    const values: (readonly [name: string, value: Value])[] = vars.map((entry) => {
      const [only, ...others] = Object.entries(entry);
      if (!only || others.length > 0) {
        throw policyFault(
          2252,
          `Cannot use ${context.where}: each entry of "vars" must be a map with one name in it`,
        );
      }
      return [only[0], compileValue(`vars.${only[0]}`, only[1], context)];
    });
    const run = (traffic: PolicyContext): undefined => {
      for (const [name, value] of values) traffic.vars.set(name, value(traffic));
    };
    return { onTcpConnect: run, onHttpRequest: run, onHttpResponse: run };
  },
});

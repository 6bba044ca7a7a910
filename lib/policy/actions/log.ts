/**
 * `log`: writes something down about this traffic.
 *
 * @module
 */
import { type Schema, z } from "../../base/schema.ts";
import { type Action, defineAction } from "../action.ts";
import type { PolicyContext } from "../context.ts";
import { compileValue } from "../value.ts";

interface LogConfig {
  readonly metadata: Readonly<Record<string, unknown>>;
}

const config: Schema<LogConfig> = z.strictObject({ metadata: z.record(z.string(), z.unknown()) });

/** The action. */
export const log: Action = defineAction({
  type: "log",
  phases: ["on_tcp_connect", "on_http_request", "on_http_response"],
  config,
  compile({ metadata }, context) {
    const entries = Object.entries(metadata).map(([key, value]) =>
      [key, compileValue(`metadata.${key}`, value, context)] as const
    );
    const run = (traffic: PolicyContext): undefined => {
      const said = Object.fromEntries(entries.map(([key, value]) => [key, value(traffic)]));
      traffic.results.set("log", { metadata: said });
      traffic.note(said);
    };
    return { onTcpConnect: run, onHttpRequest: run, onHttpResponse: run };
  },
});

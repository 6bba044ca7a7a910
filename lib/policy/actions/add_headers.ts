/**
 * `add-headers`: puts headers into a request or a response, behind those that are there. `host` in a
 * request takes the place of the visitor's.
 *
 * @module
 */
import { type Schema, z } from "../../base/schema.ts";
import { type Action, defineAction } from "../action.ts";
import type { PolicyContext } from "../context.ts";
import { policyFault } from "../fault.ts";
import type { HeaderEdits } from "../header_edits.ts";
import { compileHeaders, headerLines, type HeaderMap, headerMapSchema } from "../header_lines.ts";

interface AddHeadersConfig {
  readonly headers: HeaderMap;
}

const config: Schema<AddHeadersConfig> = z.strictObject({ headers: headerMapSchema });

/** The action. */
export const addHeaders: Action = defineAction({
  type: "add-headers",
  phases: ["on_http_request", "on_http_response"],
  config,
  compile({ headers }, context) {
    if (Object.keys(headers).length === 0) {
      throw policyFault(2223, `Cannot use ${context.where}: "headers" names no header`);
    }
    const texts = compileHeaders(headers, context);
    const add = (traffic: PolicyContext, edits: HeaderEdits, setsHost: boolean): undefined => {
      const lines = headerLines(texts, traffic);
      for (const [name, value] of lines) {
        if (setsHost && name === "host") edits.set(name, value);
        else edits.add(name, value);
      }
      traffic.results.set("add_headers", { headers_added: Object.fromEntries(lines) });
    };
    return {
      onHttpRequest: (traffic) => add(traffic, traffic.request.headers, true),
      onHttpResponse: (traffic) => add(traffic, traffic.response.headers, false),
    };
  },
});

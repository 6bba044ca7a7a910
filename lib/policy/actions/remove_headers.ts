/**
 * `remove-headers`: takes headers out of a request or a response, those that were added before it
 * as well.
 *
 * @module
 */
import { type Schema, z } from "../../base/schema.ts";
import { type Action, defineAction } from "../action.ts";
import { policyFault } from "../fault.ts";
import { compileNames } from "../header_lines.ts";

interface RemoveHeadersConfig {
  readonly headers: readonly string[];
}

const config: Schema<RemoveHeadersConfig> = z.strictObject({ headers: z.array(z.string()).min(1) });

/** The action. */
export const removeHeaders: Action = defineAction({
  type: "remove-headers",
  phases: ["on_http_request", "on_http_response"],
  config,
  compile({ headers }, { phase, where }) {
    const names = compileNames(headers, where);
    if (phase === "on_http_request" && names.includes("host")) {
      throw policyFault(
        14000,
        `Cannot use ${where}: the "host" header cannot be removed without a replacement; ` +
          "add-headers with a host replaces it",
      );
    }
    const results = { headers_removed: names };
    return {
      onHttpRequest({ request, results: all }) {
        for (const name of names) request.headers.remove(name);
        all.set("remove_headers", results);
      },
      onHttpResponse({ response, results: all }) {
        for (const name of names) response.headers.remove(name);
        all.set("remove_headers", results);
      },
    };
  },
});

/**
 * `redirect`: sends the visitor to another URL, made from the one it asked for.
 *
 * @module
 */
import { type Schema, z } from "../../base/schema.ts";
import { type Action, defineAction } from "../action.ts";
import { compileHeaders, headerLines, type HeaderMap, headerMapSchema } from "../header_lines.ts";
import { compileRewriting } from "../rewriting.ts";

interface RedirectConfig {
  readonly from?: string;
  readonly to: string;
  readonly status_code: number;
  readonly headers?: HeaderMap;
}

const config: Schema<RedirectConfig> = z.strictObject({
  from: z.string().min(1).optional(),
  to: z.string().min(1),
  status_code: z.union([301, 302, 303, 307, 308].map((status) => z.literal(status))).default(302),
  headers: headerMapSchema.optional(),
});

/** The action. */
export const redirect: Action = defineAction({
  type: "redirect",
  phases: ["on_http_request"],
  config,
  compile({ from, to, status_code: status, headers = {} }, context) {
    const rewrite = compileRewriting(from, to, context);
    const texts = compileHeaders(headers, context);
    return {
      onHttpRequest(traffic) {
        const rewritten = rewrite(traffic);
        if (!rewritten || rewritten.url === traffic.request.url) return undefined;
        const { url, matches } = rewritten;
        traffic.results.set("redirect", { url, matches });
        const lines = headerLines(texts, traffic);
        return {
          do: "respond",
          response: { status, headers: [["location", url], ...lines], body: "" },
        };
      },
    };
  },
});

/**
 * `url-rewrite`: changes the URL the service is asked for, while the visitor keeps its own. When
 * the host changes, the `Host` header does.
 *
 * @module
 */
import { type Schema, z } from "../../base/schema.ts";
import { type Action, defineAction } from "../action.ts";
import { compileRewriting } from "../rewriting.ts";

interface UrlRewriteConfig {
  readonly from?: string;
  readonly to: string;
}

const config: Schema<UrlRewriteConfig> = z.strictObject({
  from: z.string().min(1).optional(),
  to: z.string().min(1),
});

/** The action. */
export const urlRewrite: Action = defineAction({
  type: "url-rewrite",
  phases: ["on_http_request"],
  config,
  compile({ from, to }, context) {
    const rewrite = compileRewriting(from, to, context);
    return {
      onHttpRequest(traffic) {
        const { request } = traffic;
        const rewritten = rewrite(traffic);
        if (!rewritten || rewritten.url === request.url) return undefined;
        const { url, matches } = rewritten;
        // Documents match the authority and leave it out of the replacement: then it stays.
        const parts = /^(?:[a-z][a-z0-9+.-]*:\/\/)?([^/?#]*)([^#]*)/i.exec(url)!;
        const [, authority] = parts;
        let [, , target] = parts;
        if (!target.startsWith("/")) target = `/${target}`;
        const host = authority.slice(authority.lastIndexOf("@") + 1);
        const before = request.headers.get("host") ?? request.authority;
        if (host !== "" && host.toLowerCase() !== before.toLowerCase()) {
          request.headers.set("host", host);
        }
        request.target = target;
        traffic.results.set("url_rewrite", { url, matches });
      },
    };
  },
});

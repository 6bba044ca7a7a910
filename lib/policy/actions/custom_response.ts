/**
 * `custom-response`: answers in the service's place, or puts an answer in the place of its own.
 *
 * @module
 */
import { type Schema, z } from "../../base/schema.ts";
import { type Action, defineAction } from "../action.ts";
import type { PolicyContext } from "../context.ts";
import { compileHeaders, headerLines, type HeaderMap, headerMapSchema } from "../header_lines.ts";
import type { Ending } from "../outcome.ts";

interface CustomResponseConfig {
  readonly status_code: number;
  readonly body?: string;
  readonly headers?: HeaderMap;
}

const config: Schema<CustomResponseConfig> = z.strictObject({
  status_code: z.int().min(200).max(599).default(200),
  body: z.string().optional(),
  headers: headerMapSchema.optional(),
});

/** The action. */
export const customResponse: Action = defineAction({
  type: "custom-response",
  phases: ["on_http_request", "on_http_response"],
  config,
  compile({ status_code: status, body = "", headers = {} }, context) {
    const content = context.text("body", body);
    const texts = compileHeaders(headers, context);
    const typed = texts.some(([name]) => name === "content-type");
    const run = (traffic: PolicyContext): Ending => {
      const text = content.of(traffic);
      const lines = headerLines(texts, traffic);
      if (!typed && text !== "") lines.unshift(["content-type", inferType(text)]);
      return { do: "respond", response: { status, headers: lines, body: text } };
    };
    return { terminates: true, onHttpRequest: run, onHttpResponse: run };
  },
});

/** What a text is, by how it begins and ends. */
function inferType(text: string): string {
  const start = text.trimStart().slice(0, 64).toLowerCase();
  if (
    start.startsWith("<!doctype html") ||
    /^<(html|head|body|h\d|p|div|script|a|b|br|table|title|!--)\b/.test(start)
  ) {
    return "text/html; charset=utf-8";
  }
  if (start.startsWith("<?xml")) return "text/xml; charset=utf-8";
  if (start.startsWith("{") || start.startsWith("[")) {
    try {
      JSON.parse(text);
      return "application/json";
    } catch {
      // It only begins like JSON: then it is text.
    }
  }
  return "text/plain; charset=utf-8";
}

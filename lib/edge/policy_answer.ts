/**
 * An answer that a policy gives in place of the service, as bytes. The response phase of the policy
 * has its say about it, as about any answer. Called by the HTTP exchange.
 *
 * @module
 */
import { concat, encodeText } from "../base/bytes.ts";
import type { ByteTransform } from "../base/byte_transform.ts";
import { editHead } from "../http/edit.ts";
import { parseResponseHead, type RequestHead } from "../http/head.ts";
import { formatResponse } from "../http/response.ts";
import type { Ending, PolicyResponse } from "../policy/outcome.ts";
import type { PolicyRun } from "./policy_run.ts";

/** For whom, and what becomes of the connection. */
export interface PolicyAnswerOptions {
  /** What is answered. */
  readonly request: RequestHead;
  /** Whether the connection ends with it. */
  readonly close: boolean;
  /** The time, milliseconds since 1970. */
  readonly nowMs: number;
  /** Runs the response phase on it; `undefined` when that has run. */
  readonly run: Pick<PolicyRun, "answered" | "response"> | undefined;
}

/** What to write, or what to do instead. */
export type PolicyAnswer =
  | {
    /** Not this time. */
    readonly instead?: undefined;
    /** Head and body. */
    readonly bytes: Uint8Array;
    /** How many of them are body. */
    readonly bodyBytes: number;
  }
  | {
    /** The response phase ended otherwise. */
    readonly instead: Ending;
  };

/**
 * Writes an answer.
 *
 * @param response what the policy says
 * @param options for whom
 */
export async function formatPolicyAnswer(
  response: PolicyResponse,
  options: PolicyAnswerOptions,
): Promise<PolicyAnswer> {
  const { request, close, nowMs: dateMs, run } = options;
  const toHead = request.method === "HEAD";
  const { status } = response;
  // RFC 9110 section 6.4.1: these have no body, whatever their author wrote.
  const bodiless = status === 204 || status === 304;
  const text = bodiless ? "" : response.body;
  let body = typeof text === "string" ? encodeText(text) : text;
  // The head alone: the body may still change.
  let head = formatResponse({ ...response, body, toHead: true, close, dateMs });
  if (run) {
    const hasBody = !toHead && body.length > 0;
    const ending = await run.answered(parseResponseHead(head), hasBody);
    if (ending) return { instead: ending };
    const view = run.response!;
    const edits = view.headers.toEdits();
    if (hasBody && view.transforms.length > 0) {
      for (const transform of view.transforms) body = await transformed(transform, body);
      const set = [...edits.set ?? [], ["Content-Length", String(body.length)] as const];
      head = editHead(view.head, { ...edits, set });
    } else if (!view.headers.isEmpty) {
      head = editHead(view.head, edits);
    }
  }
  return { bytes: toHead ? head : concat([head, body]), bodyBytes: toHead ? 0 : body.length };
}

async function transformed(transform: ByteTransform, body: Uint8Array): Promise<Uint8Array> {
  const first = await transform.push(body);
  const last = await transform.end();
  return concat([first, last].filter((piece) => piece !== undefined));
}

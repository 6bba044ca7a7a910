/**
 * A request that somebody is changing before it is sent again. `replay_dialog.tsx` shows it.
 *
 * @module
 */
import { toBase64 } from "../../base/base64.ts";
import type { ExchangeDetail, HeaderJson, ReplayBody } from "../../api/agent/shapes.ts";
import { textOf } from "./body_kind.ts";
import { headerOf, readableBytes } from "./message_text.ts";

/** What stands in the form. */
export interface ReplayDraft {
  /** The method. */
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** The header lines. */
  readonly headers: readonly HeaderJson[];
  /** The trailers. */
  readonly trailers: readonly HeaderJson[];
  /** The body as text, without its content coding; `undefined` when it is no text and stays as it is. */
  readonly body: string | undefined;
  /** How often it is sent. */
  readonly times: string;
}

/** More at once would be a load test. */
export const MAX_TIMES = 100;

/** The form as it is when it opens. */
export function draftOf({ method, target, request }: ExchangeDetail): ReplayDraft {
  const { headers, trailers, body } = request;
  const undecodable = body.decoded?.error !== undefined && body.decoded?.error !== null;
  const text = undecodable ? undefined : textOf(
    readableBytes(body),
    headerOf(headers, "content-type"),
  );
  return { method, target, headers, trailers, body: text, times: "1" };
}

/** What is wrong with a form, field by field. */
export interface DraftProblems {
  /** With the method. */
  readonly method?: string;
  /** With the path. */
  readonly target?: string;
  /** With the headers. */
  readonly headers?: string;
  /** With the number. */
  readonly times?: string;
}

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/** Looks a form through. */
export function draftProblems(
  { method, target, headers, trailers, times }: ReplayDraft,
): DraftProblems {
  const problems: { -readonly [Key in keyof DraftProblems]: DraftProblems[Key] } = {};
  if (!TOKEN.test(method)) problems.method = "A method is one word, such as POST";
  if (!/^(?:\/|\*$|https?:)[^\s]*$/.test(target) || target === "") {
    problems.target = 'A path begins with "/" and has no spaces';
  }
  for (const [name, value] of [...headers, ...trailers]) {
    if (name === "" && value === "") continue;
    if (!TOKEN.test(name)) problems.headers = `"${name}" is no name of a header`;
    // deno-lint-ignore no-control-regex -- control characters are what it looks for
    else if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) {
      problems.headers = `The value of "${name}" holds a control character`;
    }
  }
  const count = Number(times);
  if (!Number.isInteger(count) || count < 1 || count > MAX_TIMES) {
    problems.times = `A number from 1 to ${MAX_TIMES}`;
  }
  return problems;
}

/**
 * What to ask of the agent: what was changed, and nothing else.
 *
 * @param draft a form without problems
 * @param exchange what it began with
 */
export function replayBodyOf(draft: ReplayDraft, exchange: ExchangeDetail): ReplayBody {
  const before = draftOf(exchange);
  const bodyChanged = draft.body !== undefined && draft.body !== before.body;
  let headers = draft.headers.filter(([name]) => name !== "");
  // The text in the form has no content coding any more; its length is counted anew.
  if (bodyChanged) {
    headers = headers.filter(([name]) => !/^(?:content-encoding|content-length)$/i.test(name));
  }
  const trailers = draft.trailers.filter(([name]) => name !== "");
  return {
    times: Number(draft.times),
    ...(draft.method !== before.method && { method: draft.method }),
    ...(draft.target !== before.target && { target: draft.target }),
    ...(!sameLines(headers, before.headers) && { headers }),
    ...(!sameLines(trailers, before.trailers) && { trailers }),
    ...(bodyChanged && { body_base64: toBase64(new TextEncoder().encode(draft.body)) }),
  };
}

function sameLines(a: readonly HeaderJson[], b: readonly HeaderJson[]): boolean {
  return a.length === b.length &&
    a.every(([name, value], at) => name === b[at][0] && value === b[at][1]);
}

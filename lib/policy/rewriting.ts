/**
 * What `redirect` and `url-rewrite` share: the URL of a request, changed by an expression.
 *
 * @module
 */
import { encodeText } from "../base/bytes.ts";
import type { CompileContext } from "./action.ts";
import type { RequestContext } from "./context.ts";
import { policyFault } from "./fault.ts";
import { compileRegex, type Regex } from "./regex.ts";

/** A URL that was changed. */
export interface Rewritten {
  /** As it is now; characters that no URL may have are percent-encoded. */
  readonly url: string;
  /** What was replaced. */
  readonly matches: readonly string[];
}

/**
 * Makes a rule ready.
 *
 * @param from what to look for; `undefined` is the whole URL
 * @param to what to put there
 * @param context the action
 * @returns gives the new URL; `undefined` when nothing matches
 * @throws {TunnelError} refused: 2261 when `from` is no expression, 2224
 */
export function compileRewriting(
  from: string | undefined,
  to: string,
  context: CompileContext,
): (traffic: RequestContext) => Rewritten | undefined {
  const pattern = from === undefined ? undefined : context.text("from", from);
  const target = context.text("to", to);
  const fixed = pattern?.constant === undefined ? undefined : compiled(pattern.constant, context);
  return (traffic) => {
    const { url } = traffic.request;
    if (!pattern) return { url: printable(target.of(traffic)), matches: [url] };
    const regex = fixed ?? compileRegex(pattern.of(traffic));
    const { text, matches } = regex.replaceAll(url, target.of(traffic));
    return matches.length === 0 ? undefined : { url: printable(text), matches };
  };
}

function compiled(source: string, { where }: CompileContext): Regex {
  try {
    return compileRegex(source);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw policyFault(
      2261,
      `Cannot use ${where}: "from" is no regular expression: ${reason}`,
      cause,
    );
  }
}

/** Percent-encodes what would end a line or is not ASCII. */
function printable(url: string): string {
  let safe = "";
  for (const byte of encodeText(url)) {
    safe += byte > 0x20 && byte < 0x7f
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return safe;
}

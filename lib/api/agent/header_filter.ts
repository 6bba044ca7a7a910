/**
 * Filters on headers, which the inspector's page leaves to the agent: its summaries hold none. The
 * list of exchanges takes them as `filter=header content-type match ^text/`, as often as wanted.
 *
 * @module
 */
import type { Exchange } from "../../inspect/exchange.ts";

/** Decides about one exchange. */
export type ExchangeTest = (exchange: Exchange) => boolean;

/** Name, operator, value. */
const SHAPE = /^\s*header\s+([\w!#$%&'*+.^`|~-]+)\s+(==|!=|!match|match)\s*(.*?)\s*$/i;

/** Longer patterns are refused: nobody types them. */
const MAX_PATTERN = 1_000;

/**
 * Reads one filter. A header agrees when any line of that name does, in the request or in the
 * response; `!=` and `!match` want that none does.
 *
 * @param text as it came
 * @throws {SyntaxError} with what is wrong with it
 */
export function headerFilter(text: string): ExchangeTest {
  const match = SHAPE.exec(text);
  if (!match) {
    throw new SyntaxError(
      `Cannot read the filter "${text}": write "header NAME match PATTERN", or ==, !=, !match`,
    );
  }
  const [, given, operator, value] = match;
  const name = given.toLowerCase();
  const agrees = operator.toLowerCase().endsWith("match")
    ? patternTest(value)
    : (found: string) => found === value;
  const wanted = !operator.startsWith("!");
  return ({ request, response }) => {
    const has = (headers: Exchange["request"]["headers"]) =>
      headers.some(([key, found]) => key.toLowerCase() === name && agrees(found));
    return (has(request.headers) || (response !== undefined && has(response.headers))) === wanted;
  };
}

function patternTest(source: string): (found: string) => boolean {
  if (source.length > MAX_PATTERN) {
    throw new SyntaxError(`Cannot read the filter: the pattern is longer than ${MAX_PATTERN}`);
  }
  try {
    const pattern = new RegExp(source);
    return (found) => pattern.test(found);
  } catch {
    throw new SyntaxError(`Cannot read the filter: "${source}" is not a regular expression`);
  }
}

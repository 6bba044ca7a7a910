/**
 * Host names of endpoints: what a valid one is, and random ones. The bind rules (`bind.ts`) and the
 * options of the edge (`config.ts`) use it.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";

/** Suffixes that no visitor can resolve in public (error 331); `.internal` has rules of its own. */
const UNREACHABLE_SUFFIXES = ["arpa", "invalid", "local", "onion"];

/** RFC 1035 2.3.4. */
const MAX_LABEL_CHARS = 63;
/** RFC 1035 2.3.4, without the final dot and the length byte. */
const MAX_NAME_CHARS = 253;

/** Whether a host name is one or lies below it: `a.b` and `b` lie under `b`. */
export function isUnder(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

/**
 * Checks a host name of an endpoint and gives its one spelling: lower case, non-ASCII labels as
 * punycode, no final dot. A `*` may be the first label.
 *
 * @param text as the agent wrote it
 * @returns the spelling that tables and certificates use
 * @throws {TunnelError} refused, with the number edge B gives to the rule that was broken
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { normalizeHost } from "./names.ts";
 *
 * assert.equal(normalizeHost("Shop.Example.COM"), "shop.example.com");
 * assert.throws(() => normalizeHost("a_b.example.com"), /underscore/);
 * ```
 */
export function normalizeHost(text: string): string {
  let host = text.toLowerCase();
  if (host.endsWith(".")) host = host.slice(0, -1);
  if (host === "") throw refuse(326, text, "it is empty");
  // deno-lint-ignore no-control-regex -- everything outside of ASCII is what IDNA is about
  if (/[^\x00-\x7f]/.test(host)) host = toPunycode(host, text);
  if (host.length > MAX_NAME_CHARS) {
    throw refuse(397, text, `it is longer than ${MAX_NAME_CHARS} characters`);
  }
  if (host.includes("..") || host.startsWith(".")) {
    throw refuse(327, text, 'it has an empty part between two "."');
  }
  if (host.includes("_")) throw refuse(355, text, "an underscore is not allowed");
  const wrong = /[^a-z0-9.*-]/.exec(host);
  if (wrong) throw refuse(326, text, `the character ${JSON.stringify(wrong[0])} is not allowed`);
  const labels = host.split(".");
  for (const [at, label] of labels.entries()) {
    if (label === "*" && at === 0) continue;
    checkLabel(label, text);
  }
  const last = labels[labels.length - 1];
  // An all-numeric last label is an IPv4 address to every URL parser (WHATWG URL 3.5).
  if (/^\d+$/.test(last)) throw refuse(326, text, "it is an address, not a name");
  if (labels[0] === "*" && labels.length < 2) {
    throw refuse(326, text, 'a name must follow "*."');
  }
  return host;
}

function checkLabel(label: string, text: string): void {
  if (label.includes("*")) {
    throw refuse(326, text, '"*" is only allowed as the whole first part');
  }
  if (label.length > MAX_LABEL_CHARS) {
    throw refuse(396, text, `one of its parts is longer than ${MAX_LABEL_CHARS} characters`);
  }
  if (label.startsWith("-")) throw refuse(328, text, `its part "${label}" begins with "-"`);
  if (label.endsWith("-")) throw refuse(329, text, `its part "${label}" ends with "-"`);
  if (label.slice(2, 4) !== "--") return;
  if (!label.startsWith("xn--")) {
    throw refuse(330, text, `its part "${label}" has "--" as third and fourth character`);
  }
  try {
    // The URL parser is the one IDNA implementation that every runtime has.
    if (new URL(`http://${label}.example`).hostname === `${label}.example`) return;
  } catch {
    // Falls through to the refusal: invalid punycode makes the URL invalid.
  }
  throw refuse(347, text, `its part "${label}" is not valid punycode`);
}

function toPunycode(host: string, text: string): string {
  try {
    return new URL(`http://${host}`).hostname;
  } catch (cause) {
    throw new TunnelError("refused", `Cannot bind the name "${text}": it is no valid IDN`, {
      ngrokCode: 347,
      cause,
    });
  }
}

/**
 * Refuses names that visitors cannot reach: a single label, and suffixes that are not public.
 *
 * @param host normalized
 * @param domains the base domains of the edge, whose names are fine whatever they end in
 * @throws {TunnelError} refused with 326 or 331
 */
export function checkReachable(host: string, domains: readonly string[]): void {
  if (domains.some((domain) => isUnder(host, domain))) return;
  if (!host.includes(".")) {
    throw refuse(326, host, `it must be a whole name, for example "${host}.${domains[0]}"`);
  }
  const suffix = host.slice(host.lastIndexOf(".") + 1);
  if (UNREACHABLE_SUFFIXES.includes(suffix)) {
    throw refuse(331, host, `names under ".${suffix}" cannot be reached over the internet`);
  }
}

function refuse(ngrokCode: number, host: string, found: string): TunnelError {
  return new TunnelError("refused", `Cannot bind the name "${host}": ${found}`, { ngrokCode });
}

const ADJECTIVES =
  ("amber bold brave brisk calm clear clever cosy crisp deft dry eager early fair fine fleet fond " +
    "fresh gentle glad gold grand green happy hardy honest jolly keen kind late lean light lively " +
    "lucid lucky mellow merry mild neat nimble noble open pale plain proud quick quiet rapid rare " +
    "red ripe sage sharp shy silver sleek snug sunny swift tidy warm wise witty young").split(" ");

const NOUNS =
  ("ant badger bear beaver bee bison crane crow deer dove duck eagle elk falcon finch fox frog gecko " +
    "goat goose hare hawk heron ibex jay kestrel kite koala lark lemur lion llama lynx mole moose " +
    "moth mouse newt otter owl panda pony puffin quail rabbit ram raven robin salmon seal shrew " +
    "snail stork swan tapir tern tiger toad trout turtle vole whale wolf wren yak").split(" ");

/**
 * A name nobody has and nobody guesses: two words for people, 32 random bits (44 with the words)
 * for everybody else.
 *
 * @returns one host label: `calm-otter-3f9c01ab`
 */
export function randomLabel(): string {
  const [first, second, number] = crypto.getRandomValues(new Uint32Array(3));
  const adjective = ADJECTIVES[first % ADJECTIVES.length];
  const noun = NOUNS[second % NOUNS.length];
  return `${adjective}-${noun}-${number.toString(16).padStart(8, "0")}`;
}

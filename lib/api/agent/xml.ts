/**
 * XML for programs that do not read JSON: answers as the ngrok agent writes them, and bodies of
 * requests in the same words. `reply.ts` and `request_body.ts` call it.
 *
 * @module
 */

/** Words that are written in capitals, as Go has them. */
const CAPITALS: ReadonlySet<string> = new Set(["id", "uri", "url", "http"]);

/** Deeper than any definition. */
const MAX_DEPTH = 32;

/**
 * Writes a value: objects as elements in order, lists as one element for each member, what is `null`
 * not at all.
 *
 * @param root the outermost element
 * @param value JSON
 */
export function toXml(root: string, value: unknown): string {
  return `${element(root, value)}\n`;
}

function element(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((one) => element(name, one)).join("");
  if (value === null || value === undefined) return "";
  const inside = typeof value !== "object"
    ? escape(String(value))
    : name === "Headers"
    ? headerElements(value)
    : Object.entries(value).map(([key, one]) => element(elementName(key), one)).join("");
  return `<${name}>${inside}</${name}>`;
}

/** Names of header lines are no names of elements. */
function headerElements(headers: object): string {
  return Object.entries(headers as Record<string, readonly string[]>)
    .flatMap(([name, values]) =>
      values.map((value) => `<Header Name="${escape(name)}">${escape(value)}</Header>`)
    ).join("");
}

/** `public_url` is `PublicURL`. */
function elementName(key: string): string {
  return key.split(/[_-]/).map((word) =>
    CAPITALS.has(word) ? word.toUpperCase() : word.charAt(0).toUpperCase() + word.slice(1)
  ).join("");
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
  "\t": "&#x9;",
  "\n": "&#xA;",
  "\r": "&#xD;",
};

function escape(text: string): string {
  // deno-lint-ignore no-control-regex -- XML 1.0 section 2.2 has no way to write these
  return text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"'\t\n\r]/g, (char) => ESCAPES[char]);
}

/** A comment, a processing instruction, CDATA, a tag, or text. */
const PIECE =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([A-Za-z_][\w.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/gy;

/** An element that is being read. */
interface Open {
  readonly name: string;
  readonly inside: Record<string, unknown>;
  text: string;
  hasElements: boolean;
}

/**
 * Reads the elements inside of the outermost one: their names as JSON spells them, their contents as
 * text, one that comes several times as a list.
 *
 * @param text what came
 * @throws {SyntaxError} saying what it trips over; a document type is refused
 */
export function parseXml(text: string): Record<string, unknown> {
  const open: Open[] = [];
  let result: Record<string, unknown> | undefined;
  PIECE.lastIndex = 0;
  const source = text.replace(/^\ufeff/, "");
  while (PIECE.lastIndex < source.length) {
    const at = PIECE.lastIndex;
    const match = PIECE.exec(source);
    if (!match) throw new SyntaxError(`unexpected "${source.slice(at, at + 20)}" in the XML`);
    const [, cdata, slash, name, , isEmpty, plain] = match;
    const top = open.at(-1);
    if (cdata !== undefined || plain !== undefined) {
      const said = cdata ?? unescape(plain);
      if (top) top.text += said;
      else if (said.trim() !== "") throw new SyntaxError("text outside of the XML's element");
    } else if (name !== undefined && slash === "") {
      if (result && !top) throw new SyntaxError("the XML has more than one outermost element");
      if (open.length === MAX_DEPTH) throw new SyntaxError("the XML is too deep");
      open.push({ name, inside: {}, text: "", hasElements: false });
      if (isEmpty !== "") result = close(open, name) ?? result;
    } else if (name !== undefined) result = close(open, name) ?? result;
  }
  if (open.length > 0 || !result) throw new SyntaxError("unexpected EOF");
  return result;
}

/** @returns what is inside, of the outermost element */
function close(open: Open[], name: string): Record<string, unknown> | undefined {
  const ended = open.pop();
  if (ended?.name !== name) throw new SyntaxError(`unexpected </${name}> in the XML`);
  const { inside, text, hasElements } = ended;
  const parent = open.at(-1);
  if (!parent) return inside;
  parent.hasElements = true;
  const key = keyOf(name);
  const value = hasElements ? inside : text;
  const before = Object.hasOwn(parent.inside, key) ? parent.inside[key] : undefined;
  const now = before === undefined ? value : [before, value].flat();
  // Also of a name that objects know otherwise, `__proto__`.
  Object.defineProperty(parent.inside, key, {
    value: now,
    enumerable: true,
    writable: true,
    configurable: true,
  });
  return undefined;
}

/** `BindTLS` is `bind_tls`, `AllowCIDRs` is `allow_cidrs`. */
function keyOf(name: string): string {
  return name.replace(/OAuth/g, "Oauth")
    .replace(/([A-Z])([A-Z]+)s(?=[A-Z]|$)/g, (_, first, rest) => `${first}${rest.toLowerCase()}s`)
    .replace(/([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])/g, "$1$3_$2$4")
    .toLowerCase();
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

function unescape(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w+));/gi, (whole, dec, hex, name) => {
    const point = dec ? Number(dec) : hex ? parseInt(hex, 16) : undefined;
    const char = point === undefined
      ? ENTITIES[name]
      : point <= 0x10ffff
      ? String.fromCodePoint(point)
      : undefined;
    if (char === undefined) throw new SyntaxError(`unknown "${whole}" in the XML`);
    return char;
  });
}

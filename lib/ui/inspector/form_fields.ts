/**
 * Names and values: those of a query, of a form, of cookies. Decoded for reading; what cannot be
 * decoded stays as it was written.
 *
 * @module
 */

/** A name and its value. */
export type NamedValue = readonly [name: string, value: string];

/** The parameters of a path with a query; none without one. */
export function queryFields(target: string): NamedValue[] {
  const at = target.indexOf("?");
  return at < 0 ? [] : formFields(target.slice(at + 1).replace(/#.*$/, ""));
}

/** The fields of an `application/x-www-form-urlencoded` text. */
export function formFields(text: string): NamedValue[] {
  return text.trim().split("&").filter((pair) => pair !== "").map((pair) => {
    const at = pair.indexOf("=");
    return at < 0 ? [decode(pair), ""] : [decode(pair.slice(0, at)), decode(pair.slice(at + 1))];
  });
}

function decode(text: string): string {
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

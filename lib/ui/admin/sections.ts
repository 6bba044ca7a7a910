/**
 * The parts of the page and their places in the address bar.
 *
 * @module
 */

/** The parts, in order. */
export const SECTIONS = ["endpoints", "agents", "authtokens", "domains"] as const;

/** One of the parts. */
export type Section = typeof SECTIONS[number];

/** The part that the fragment of a URL names; the first when it names none. */
export function sectionOf(hash: string): Section {
  const name = hash.replace(/^#\/?/, "");
  return SECTIONS.find((section) => section === name) ?? SECTIONS[0];
}

/** The fragment that names a part. */
export function hashOf(section: Section): string {
  return `#/${section}`;
}

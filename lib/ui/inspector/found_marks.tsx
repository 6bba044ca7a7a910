/**
 * Marks what is searched for wherever it stands in the exchange that is shown, without touching what
 * is shown: browsers paint it over the text (CSS Custom Highlight API). One that cannot leaves the text
 * as it is.
 *
 * @module
 */
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";
import { foundPlaces } from "./found_places.ts";

/** Lines, cells and headings: a text is looked for in each of them by itself. */
const LINES = ".code-line, .pairs th, .pairs td, .detail-title, .message-text, .diff-text";

/** The name that inspector.css knows. */
const NAME = "found";

/** More marks help nobody. */
const MAX_MARKS = 2_000;

/**
 * Marks a text in an element, and goes on doing so while the element changes.
 *
 * @param element where
 * @param wanted what is looked for; empty for nothing
 */
export function useFoundMarks(element: RefObject<HTMLElement | null>, wanted: string): void {
  useEffect(() => {
    const highlights = globalThis.CSS?.highlights;
    if (!highlights || wanted.length < 2 || !element.current) return;
    const root = element.current;
    let frame = 0;
    const mark = () => {
      frame = 0;
      highlights.set(NAME, new Highlight(...rangesIn(root, wanted.toLowerCase())));
    };
    const observer = new MutationObserver(() => frame ||= requestAnimationFrame(mark));
    observer.observe(root, { childList: true, characterData: true, subtree: true });
    mark();
    return () => {
      observer.disconnect();
      cancelAnimationFrame(frame);
      highlights.delete(NAME);
    };
  }, [wanted]);
}

function rangesIn(root: HTMLElement, wanted: string): Range[] {
  const ranges: Range[] = [];
  for (const line of root.querySelectorAll(LINES)) {
    const nodes: Node[] = [];
    const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) nodes.push(walker.currentNode);
    const texts = nodes.map((node) => node.nodeValue ?? "");
    for (const place of foundPlaces(texts, wanted, MAX_MARKS - ranges.length)) {
      const range = new Range();
      range.setStart(nodes[place.startPiece], place.startAt);
      range.setEnd(nodes[place.endPiece], place.endAt);
      ranges.push(range);
    }
    if (ranges.length >= MAX_MARKS) break;
  }
  return ranges;
}

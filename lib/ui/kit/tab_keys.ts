/**
 * Which tab a key leads to, as the tabs pattern of WAI-ARIA has it. `tabs.tsx` listens.
 *
 * @module
 */

/**
 * The tab to go to.
 *
 * @param key as keyboard events name it
 * @param at the tab that is selected, counted from 0
 * @param count how many there are
 * @returns `undefined` when the key is none of ours
 */
export function tabForKey(key: string, at: number, count: number): number | undefined {
  switch (key) {
    case "ArrowRight":
      return (at + 1) % count;
    case "ArrowLeft":
      return (at + count - 1) % count;
    case "Home":
      return 0;
    case "End":
      return count - 1;
  }
  return undefined;
}

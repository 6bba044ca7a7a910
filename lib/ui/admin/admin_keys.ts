/**
 * The keys of the page: `/` finds, digits go to its parts. `app.tsx` listens.
 *
 * @module
 */
import { type Section, SECTIONS } from "./sections.ts";

/** What of a key event decides. */
export interface AdminKey {
  /** As keyboard events name it. */
  readonly key: string;
  /** Whether a key is held that makes it the browser's. */
  readonly isHeld: boolean;
  /** Whether somebody is writing. */
  readonly isWriting: boolean;
}

/** What a key means; `undefined` when it means nothing here. */
export function adminKey({ key, isHeld, isWriting }: AdminKey): "find" | Section | undefined {
  if (isHeld || isWriting) return undefined;
  return key === "/" ? "find" : /^[1-9]$/.test(key) ? SECTIONS[Number(key) - 1] : undefined;
}

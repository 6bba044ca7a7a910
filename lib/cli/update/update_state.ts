/**
 * What is known about updates. `updater.ts` tells it, consoles show it.
 *
 * @module
 */

/** What is known about updates. */
export type UpdateState =
  /** Nothing yet. */
  | { readonly kind: "unknown" }
  /** There is nothing newer. */
  | { readonly kind: "current" }
  /** There is something newer; `obstacle` says why this program cannot take it, empty when it can. */
  | { readonly kind: "available"; readonly version: string; readonly obstacle: string }
  /** It is being fetched; `percent` goes from 0 to 100. */
  | { readonly kind: "updating"; readonly version: string; readonly percent: number }
  /** It is there, and runs from the next start on. */
  | { readonly kind: "updated"; readonly version: string }
  /** It did not work; what runs goes on. */
  | { readonly kind: "failed"; readonly version: string; readonly message: string };

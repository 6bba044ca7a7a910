/**
 * The mark: a wall with its battlements, and light in the small gate.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";

/** The mark, `size` pixels square. Decoration: the name stands beside it. */
export function Mark({ size = 28 }: { readonly size?: number }): VNode {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <path fill="currentColor" d="M3 29V6h5.5v4h4.75V6h5.5v4h4.75V6H29v23z" />
      <path class="mark-gate" d="M11.5 29v-7.5a4.5 4.5 0 0 1 9 0V29z" />
    </svg>
  );
}

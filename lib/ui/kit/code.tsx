/**
 * Text that machines read: addresses, ids, rules.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { ComponentChildren, VNode } from "preact";

/** Code within a line. */
export function Code(
  { boxed = false, children }: { readonly boxed?: boolean; readonly children: ComponentChildren },
): VNode {
  return <code class={boxed ? "code code-boxed" : "code"}>{children}</code>;
}

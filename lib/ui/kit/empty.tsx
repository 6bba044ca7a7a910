/**
 * What stands where there is nothing yet: what would be here, and how it gets there.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { ComponentChildren, VNode } from "preact";
import { Mark } from "./mark.tsx";

/** The place of a list that is empty. */
export function Empty(
  { title, children }: { readonly title: string; readonly children?: ComponentChildren },
): VNode {
  return (
    <div class="empty">
      <Mark size={40} />
      <h3>{title}</h3>
      {children}
    </div>
  );
}

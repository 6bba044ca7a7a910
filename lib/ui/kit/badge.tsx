/**
 * A word or two about the state of something.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { ComponentChildren, VNode } from "preact";

/** What a badge is. */
export interface BadgeProps {
  /** How good the news is. @default {"plain"} */
  readonly kind?: "plain" | "good" | "warn" | "bad";
  /** Whether a dot goes before the words. */
  readonly dot?: boolean;
  /** The words: colour alone says nothing to many. */
  readonly children: ComponentChildren;
}

/** A badge. */
export function Badge({ kind = "plain", dot, children }: BadgeProps): VNode {
  return (
    <span class={kind === "plain" ? "badge" : `badge badge-${kind}`}>
      {dot && <span class="dot" aria-hidden="true" />}
      {children}
    </span>
  );
}

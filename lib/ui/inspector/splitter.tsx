/**
 * The line between the list and the exchange, to be drawn with a pointer or moved by keys.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { type ListWidth, MAX_PERCENT, MIN_PERCENT } from "./list_width.ts";

/** The line. */
export function Splitter({ width }: { readonly width: ListWidth }): VNode {
  function follow(event: PointerEvent) {
    const line = event.currentTarget as HTMLElement;
    if (!line.hasPointerCapture(event.pointerId)) return;
    const { left, width: whole } = line.closest(".main")!.getBoundingClientRect();
    width.set((event.clientX - left) / whole * 100);
  }
  return (
    <div
      class="splitter"
      role="separator"
      aria-label="Width of the list"
      aria-orientation="vertical"
      aria-valuenow={Math.round(width.current)}
      aria-valuemin={MIN_PERCENT}
      aria-valuemax={MAX_PERCENT}
      title="Draw to resize, double click to reset"
      tabIndex={0}
      data-keeps-arrows
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={follow}
      onDblClick={() => width.set(undefined)}
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || !width.onKey(event.key)) return;
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}

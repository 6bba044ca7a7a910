/**
 * Bytes in rows of sixteen; only the rows in sight exist.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import { hexRow, hexRowCount } from "./hex.ts";
import { useScroll } from "./use_scroll.tsx";
import { windowOf } from "./virtual_rows.ts";

/** The same number stands in inspector.css. */
const ROW_PX = 20;

/** Bytes for reading. */
export function HexView(
  { bytes, label }: { readonly bytes: Uint8Array; readonly label: string },
): VNode {
  const box = useRef<HTMLDivElement>(null);
  const { scrollPx, heightPx } = useScroll(box);
  const count = hexRowCount(bytes);
  const { from, to } = windowOf(count, ROW_PX, scrollPx, heightPx);
  const rows: VNode[] = [];
  for (let row = from; row < to; row++) {
    const { offset, hex, text } = hexRow(bytes, row);
    rows.push(
      <div key={row} class="hex-row" style={{ transform: `translateY(${row * ROW_PX}px)` }}>
        <span class="hex-offset">{offset}</span>
        <span>{hex}</span>
        <span class="hex-text">{text}</span>
      </div>,
    );
  }
  return (
    <div
      ref={box}
      class="code-view code-long hex"
      role="region"
      aria-label={label}
      tabIndex={0}
      data-keeps-arrows
    >
      <div class="hex-rows" style={{ height: `${count * ROW_PX}px` }}>{rows}</div>
    </div>
  );
}

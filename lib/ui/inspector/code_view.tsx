/**
 * Text with line numbers and colours. A long one makes only the lines in sight.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import type { Line, Token } from "./code_line.ts";
import { useScroll } from "./use_scroll.tsx";
import { windowOf } from "./virtual_rows.ts";

/** How tall a line is; the same number stands in inspector.css. */
export const LINE_PX: number = 20;

/** More lines than this are not all made. */
export const MANY_LINES: number = 300;

/** More of one line than this is not made: a browser would stop over it. */
const LINE_CHARS = 20_000;

/** Text for reading. */
export function CodeView(
  { lines, label }: { readonly lines: readonly Line[]; readonly label: string },
): VNode {
  if (lines.length > MANY_LINES) return <LongCode lines={lines} label={label} />;
  return (
    <div class="code-view" role="region" aria-label={label} tabIndex={0} data-keeps-arrows>
      <ol class="code-lines code-wrapped">
        {lines.map((line, at) => (
          <li key={at} class="code-line" data-number={at + 1}>
            <Tokens line={line} />
          </li>
        ))}
      </ol>
    </div>
  );
}

function LongCode(
  { lines, label }: { readonly lines: readonly Line[]; readonly label: string },
): VNode {
  const box = useRef<HTMLDivElement>(null);
  const { scrollPx, heightPx } = useScroll(box);
  const { from, to } = windowOf(lines.length, LINE_PX, scrollPx, heightPx);
  return (
    <div
      ref={box}
      class="code-view code-long"
      role="region"
      aria-label={label}
      tabIndex={0}
      data-keeps-arrows
    >
      <ol class="code-lines" style={{ height: `${lines.length * LINE_PX}px` }}>
        {lines.slice(from, to).map((line, index) => (
          <li
            key={from + index}
            class="code-line code-placed"
            data-number={from + index + 1}
            style={{ transform: `translateY(${(from + index) * LINE_PX}px)` }}
          >
            <Tokens line={line} />
          </li>
        ))}
      </ol>
    </div>
  );
}

/** The coloured pieces of a line. */
export function Tokens({ line }: { readonly line: Line }): VNode {
  let room = LINE_CHARS;
  const shown: Token[] = [];
  for (const token of line) {
    if (room <= 0) break;
    shown.push(token.text.length > room ? { ...token, text: token.text.slice(0, room) } : token);
    room -= token.text.length;
  }
  return (
    <>
      {shown.map(({ kind, text }, at) =>
        kind === "plain" ? text : <span key={at} class={`tok-${kind}`}>{text}</span>
      )}
      {room < 0 && <span class="soft">… the line goes on</span>}
    </>
  );
}

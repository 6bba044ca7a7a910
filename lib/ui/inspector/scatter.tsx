/**
 * The last five minutes: a dot for each exchange, when it came and how long it took. A dot leads to
 * its exchange.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { formatNumberOf } from "../kit/format.ts";
import { CHART_BOX, dotsOf, durationY } from "./chart.ts";
import type { InspectorState } from "./inspector_state.ts";

const TICK_MS = 1_000;

const LINES = [[1, "1 ms"], [10, "10 ms"], [100, "100 ms"], [1_000, "1 s"], [
  10_000,
  "10 s",
]] as const;

const KINDS = [
  ["good", "2xx"],
  ["moved", "3xx"],
  ["warn", "4xx"],
  ["bad", "5xx, cut"],
] as const;

/** The chart. */
export function Scatter({ state }: { readonly state: InspectorState }): VNode {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  const dots = dotsOf(state.all.value, now);
  const { width, height } = CHART_BOX;
  return (
    <section class="status-part" aria-labelledby="scatter-title">
      <div class="pane-head">
        <h2 id="scatter-title">The last five minutes</h2>
        <ul class="legend">
          {KINDS.map(([kind, words]) => (
            <li key={kind}>
              <span class={`legend-dot dot-${kind}`} aria-hidden="true" />
              {words}
            </li>
          ))}
        </ul>
      </div>
      <div class="scatter">
        <div class="scatter-box">
          <svg
            viewBox={`0 0 ${width} ${height}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={`${formatNumberOf(dots.length, "exchange")} by the time they took`}
          >
            {LINES.map(([ms]) => (
              <line
                key={ms}
                class="scatter-line"
                x1="0"
                x2={width}
                y1={durationY(ms)}
                y2={durationY(ms)}
              />
            ))}
            {dots.map(({ id, x, y, kind, words }) => (
              // A line without length and with round ends: a dot that stays round in any box.
              <path
                key={id}
                class={`scatter-dot dot-${kind}`}
                d={`M${x} ${y}h0`}
                onClick={() => state.go({ id })}
              >
                <title>{words}</title>
              </path>
            ))}
          </svg>
          {LINES.map(([ms, words]) => (
            <span
              key={ms}
              class="scatter-label"
              aria-hidden="true"
              style={{ top: `${durationY(ms) / height * 100}%` }}
            >
              {words}
            </span>
          ))}
          {dots.length === 0 && <p class="scatter-empty">Nobody came.</p>}
        </div>
        <p class="scatter-times" aria-hidden="true">
          <span>5 min ago</span>
          <span>now</span>
        </p>
      </div>
    </section>
  );
}

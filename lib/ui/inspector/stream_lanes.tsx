/**
 * The messages of a stream on a line of time. A mark leads to its message; screen readers and keys
 * have the list below it for that.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import type { StreamMessageJson } from "../../api/agent/shapes.ts";
import { formatDuration, formatLatency, formatNumberOf } from "../kit/format.ts";
import { LANE_WIDTH, laneMarks, laneMs } from "./lanes.ts";

/** What is drawn. */
export interface StreamLanesProps {
  /** The messages. */
  readonly messages: readonly StreamMessageJson[];
  /** The place of the one that is chosen; -1 without one. */
  readonly pickedAt: number;
  /** Hears which one was pressed. */
  readonly onPick: (at: number) => void;
}

const LANES = { visitor: 14, service: 38 } as const;
const HEIGHT = 52;

/** The line. */
export function StreamLanes({ messages, pickedAt, onPick }: StreamLanesProps): VNode {
  const marks = useMemo(() => laneMarks(messages), [messages]);
  const endMs = laneMs(messages);
  const isOneWay = messages.every(({ from }) => from === "service");
  return (
    <div class="lanes">
      <div class="lanes-names" aria-hidden="true">
        {!isOneWay && <span class="lane-visitor">visitor ↑</span>}
        <span class="lane-service">service ↓</span>
      </div>
      <svg
        class={isOneWay ? "lanes-box lanes-one" : "lanes-box"}
        viewBox={isOneWay ? `0 26 ${LANE_WIDTH} 26` : `0 0 ${LANE_WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${formatNumberOf(messages.length, "message")} by their time`}
      >
        {Object.entries(LANES).slice(isOneWay ? 1 : 0).map(([from, y]) => (
          <line key={from} class="lane-line" x1="0" x2={LANE_WIDTH} y1={y} y2={y} />
        ))}
        {marks.map(({ at, x, from, sizePx, isControl }) => (
          // A line without length and with round ends: a dot that stays round in any box.
          <path
            key={at}
            class={[
              "lane-mark",
              `lane-${from}`,
              isControl && "lane-control",
              at === pickedAt && "lane-picked",
            ].filter(Boolean).join(" ")}
            d={`M${x} ${LANES[from]}h0`}
            style={{ strokeWidth: `${at === pickedAt ? sizePx + 5 : sizePx}px` }}
            onClick={() => onPick(at)}
          />
        ))}
      </svg>
      <span class="lanes-end" aria-hidden="true">
        {endMs < 60_000 ? formatLatency(endMs) : formatDuration(endMs)}
      </span>
    </div>
  );
}

/**
 * The list of exchanges. However many there are, only the rows in sight exist; for screen readers and
 * keys it is one list box all the same.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ExchangeSummary } from "../../api/agent/shapes.ts";
import { Button } from "../kit/button.tsx";
import { formatBytes, formatLatency } from "../kit/format.ts";
import { durationY, statusKind } from "./chart.ts";
import { CHART_BOX } from "./chart.ts";
import type { InspectorState } from "./inspector_state.ts";
import { clockTime, kindWord, statusWord } from "./words.ts";
import { useScroll } from "./use_scroll.tsx";
import { scrollTo, windowOf } from "./virtual_rows.ts";

/** The same numbers stand in inspector.css. */
const ROW_PX = 38;
const TALL_ROW_PX = 58;
const TALL = "(max-width: 40rem), (pointer: coarse)";

/** The list. */
export function ExchangeListView({ state }: { readonly state: InspectorState }): VNode {
  const box = useRef<HTMLDivElement>(null);
  const { scrollPx, heightPx } = useScroll(box);
  const rowPx = useRowHeight();
  const rows = state.shown.value;
  const { id, otherId } = state.route.value;
  const current = otherId ?? id;
  const at = current === undefined ? -1 : rows.findIndex((row) => row.id === current);
  const newest = rows[0]?.id;
  const last = useRef({ newest, count: rows.length });

  useEffect(() => {
    if (at < 0) return;
    const to = scrollTo(at, rowPx, box.current!.scrollTop, box.current!.clientHeight);
    if (to !== undefined) box.current!.scrollTop = to;
    // Only when another one was selected: news must not scroll.
  }, [current, rowPx]);
  useLayoutEffect(() => {
    // What is being read stays where it is while new ones come in above it.
    const grown = rows.findIndex((row) => row.id === last.current.newest);
    if (grown > 0 && box.current!.scrollTop > 0) box.current!.scrollTop += grown * rowPx;
    last.current = { newest, count: rows.length };
  }, [rows]);

  const { from, to } = windowOf(rows.length, rowPx, scrollPx, heightPx);
  return (
    <div
      ref={box}
      id="exchanges"
      class="list"
      role="listbox"
      aria-label="Exchanges, newest first"
      aria-activedescendant={at >= from && at < to ? `row-${current}` : undefined}
      tabIndex={0}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || at < 0) return;
        const { value: first } = state.comparing;
        if (first !== undefined && first !== current) return state.select(current!);
        document.querySelector<HTMLElement>("#exchange [data-focus-first]")?.focus();
      }}
    >
      {rows.length === 0 && state.isLoaded.value && <NoRows state={state} />}
      <div class="list-rows" role="presentation" style={{ height: `${rows.length * rowPx}px` }}>
        {rows.slice(from, to).map((exchange, index) => (
          <Row
            key={exchange.id}
            exchange={exchange}
            top={(from + index) * rowPx}
            place={from + index + 1}
            count={rows.length}
            isSelected={exchange.id === current}
            isBase={exchange.id === state.comparing.value}
            onSelect={() => state.select(exchange.id)}
          />
        ))}
      </div>
    </div>
  );
}

interface RowProps {
  readonly exchange: ExchangeSummary;
  readonly top: number;
  readonly place: number;
  readonly count: number;
  readonly isSelected: boolean;
  readonly isBase: boolean;
  readonly onSelect: () => void;
}

function Row(props: RowProps): VNode {
  const { exchange, top, place, count, isSelected, isBase, onSelect } = props;
  const { id, method, target, duration_ms: duration, replay_of: original } = exchange;
  const query = target.indexOf("?");
  const path = query < 0 ? target : target.slice(0, query);
  const kind = kindWord(exchange);
  const time = clockTime(exchange.started_at);
  const took = duration === null ? "" : formatLatency(duration);
  const words = [
    method,
    target,
    statusWord(exchange),
    took && `took ${took}`,
    kind,
    original !== null && "replay",
    `at ${time}`,
  ].filter(Boolean).join(", ");
  return (
    <div
      id={`row-${id}`}
      class={isBase ? "row row-base" : "row"}
      role="option"
      aria-selected={isSelected}
      aria-setsize={count}
      aria-posinset={place}
      aria-label={words}
      style={{ transform: `translateY(${top}px)` }}
      onClick={onSelect}
    >
      <StatusPill exchange={exchange} />
      <span class="row-method">{method}</span>
      <span class="row-target">
        <span class="row-path">{path}</span>
        {query >= 0 && <span class="row-query">{target.slice(query)}</span>}
      </span>
      <span class="row-marks">
        {original !== null && <span class="mark-word" title="A replay">↻</span>}
        {kind && <span class="mark-word">{kind}</span>}
      </span>
      <span class="row-size">{formatBytes(exchange.response_bytes)}</span>
      <span class="row-took">
        {took}
        {duration !== null && (
          <span
            class="row-bar"
            style={{ width: `${barPercent(duration)}%` }}
          />
        )}
      </span>
      <time class="row-time" dateTime={exchange.started_at}>{time}</time>
    </div>
  );
}

function barPercent(durationMs: number): number {
  return Math.max(2, Math.round((1 - durationY(durationMs) / CHART_BOX.height) * 100));
}

/** The status in its colour; while there is none, that it goes on. */
export function StatusPill(
  { exchange }: { readonly exchange: Pick<ExchangeSummary, "status" | "state"> },
): VNode {
  const kind = statusKind(exchange);
  return (
    <span class={`pill pill-${kind}`}>
      {kind === "open" && exchange.status === null
        ? <span class="pill-wait" aria-hidden="true" />
        : exchange.status ?? "cut"}
    </span>
  );
}

function NoRows({ state }: { readonly state: InspectorState }): VNode {
  if (state.all.value.length === 0) {
    return (
      <div class="list-empty">
        <p>
          {state.memory.value.maxBytes === 0
            ? "Nothing is kept: inspection is off in this agent (inspect_db_size is -1)."
            : "Nothing yet. What visitors ask for appears here at once."}
        </p>
      </div>
    );
  }
  return (
    <div class="list-empty">
      <p>No exchange matches.</p>
      <Button
        onClick={() => {
          state.setText("");
          state.setFilters([]);
        }}
      >
        Show all
      </Button>
    </div>
  );
}

function useRowHeight(): number {
  const [isTall, setTall] = useState(() => matchMedia(TALL).matches);
  useEffect(() => {
    const query = matchMedia(TALL);
    const change = () => setTall(query.matches);
    query.addEventListener("change", change);
    return () => query.removeEventListener("change", change);
  }, []);
  return isTall ? TALL_ROW_PX : ROW_PX;
}

/**
 * Two exchanges, line by line: what stands in one and not in the other.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { ExchangeDetail } from "../../api/agent/shapes.ts";
import { Button } from "../kit/button.tsx";
import { formatLatency, formatNumberOf } from "../kit/format.ts";
import { TabPanel, Tabs } from "../kit/tabs.tsx";
import { type DiffLine, diffLines, foldSame } from "./diff.ts";
import { changedParts, type Part } from "./diff_words.ts";
import { StatusPill } from "./exchange_list_view.tsx";
import type { InspectorState } from "./inspector_state.ts";
import { requestLines, responseLines } from "./message_text.ts";
import { clockTime } from "./words.ts";

/** More rows of a comparison are not shown. */
const MAX_ROWS = 3_000;

/** What is compared. */
export interface CompareProps {
  /** The state. */
  readonly state: InspectorState;
  /** The first. */
  readonly before: ExchangeDetail;
  /** The second. */
  readonly after: ExchangeDetail;
}

/** Two exchanges. */
export function Compare({ state, before, after }: CompareProps): VNode {
  const [tab, setTab] = useState<"request" | "response">("response");
  const diffs = useMemo(() => ({
    request: diffLines(requestLines(before), requestLines(after)),
    response: diffLines(responseLines(before), responseLines(after)),
  }), [before, after]);
  const changes = (key: "request" | "response") =>
    diffs[key].filter(({ kind }) => kind !== "same").length;
  const rows = useMemo(() => foldSame(diffs[tab]).slice(0, MAX_ROWS + 1), [diffs, tab]);
  const parts = useMemo(() => changedParts(rows), [rows]);
  return (
    <article class="detail" aria-labelledby="compare-title">
      <header class="detail-head">
        <div class="compare-head">
          <h2 id="compare-title" tabIndex={-1} data-focus-first>Two exchanges compared</h2>
          <Button kind="quiet" icon="close" onClick={() => state.go({ id: before.id })}>
            Close
          </Button>
        </div>
        <div class="compare-two">
          <Side sign="−" exchange={before} state={state} />
          <Side sign="+" exchange={after} state={state} />
        </div>
        <Button
          kind="quiet"
          icon="compare"
          onClick={() => state.go({ id: after.id, otherId: before.id })}
        >
          The other way round
        </Button>
      </header>
      <Tabs
        label="What is compared"
        selected={`compare-${tab}`}
        onSelect={(key) => setTab(key === "compare-request" ? "request" : "response")}
        tabs={[
          { key: "compare-request", label: "Request", count: changes("request") },
          { key: "compare-response", label: "Response", count: changes("response") },
        ]}
      />
      <TabPanel of={`compare-${tab}`}>
        {changes(tab) === 0
          ? <p class="soft no-body">There is no difference.</p>
          : (
            <ol class="diff" aria-label={`Differences of the ${tab}`}>
              {rows.slice(0, MAX_ROWS).map((row, at) =>
                row.kind === "gap"
                  ? (
                    <li key={at} class="diff-gap">
                      {formatNumberOf(row.count, "line")} the same
                    </li>
                  )
                  : (
                    <li key={at} class={`diff-row diff-${row.kind}`}>
                      <span class="diff-number" aria-hidden="true">{row.left ?? ""}</span>
                      <span class="diff-number" aria-hidden="true">{row.right ?? ""}</span>
                      <span class="diff-sign">
                        {row.kind === "added" ? "+" : row.kind === "removed" ? "−" : ""}
                      </span>
                      <span class="diff-text">
                        <Words row={row} parts={parts.get(row)} />
                      </span>
                    </li>
                  )
              )}
              {rows.length > MAX_ROWS && <li class="diff-gap">The rest is not shown</li>}
            </ol>
          )}
      </TabPanel>
    </article>
  );
}

/** A line, with the words marked that changed in it. */
function Words(
  { row, parts }: { readonly row: DiffLine; readonly parts: readonly Part[] | undefined },
): VNode {
  if (!parts) return <>{row.text}</>;
  return (
    <>
      {parts.map(({ text, isChanged }, at) =>
        isChanged ? <mark key={at} class="diff-word">{text}</mark> : text
      )}
    </>
  );
}

function Side(
  { sign, exchange, state }: {
    readonly sign: string;
    readonly exchange: ExchangeDetail;
    readonly state: InspectorState;
  },
): VNode {
  const { id, method, target, started_at: at, duration_ms: duration } = exchange;
  return (
    <a
      class={sign === "+" ? "compare-side compare-after" : "compare-side compare-before"}
      href={`#/${id}`}
      onClick={(event) => {
        event.preventDefault();
        state.go({ id });
      }}
    >
      <span class="compare-sign" aria-hidden="true">{sign}</span>
      <StatusPill exchange={exchange} />
      <span class="compare-words">
        <span class="detail-method">{method}</span> {target}
      </span>
      <span class="soft small">
        {clockTime(at)}
        {duration !== null && ` · ${formatLatency(duration)}`}
      </span>
    </a>
  );
}

/**
 * One exchange in full: what was asked, what came back, what was said in between, and what can be
 * done with it.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { ExchangeDetail } from "../../api/agent/shapes.ts";
import { Button } from "../kit/button.tsx";
import { formatBytes, formatLatency } from "../kit/format.ts";
import { Notice } from "../kit/notice.tsx";
import { type Actions, type Overlay, replayObstacle } from "./actions.ts";
import { Age } from "./age.tsx";
import { StatusPill } from "./exchange_list_view.tsx";
import type { InspectorState } from "./inspector_state.ts";
import { MessagePane } from "./message_pane.tsx";
import { StreamView } from "./stream_view.tsx";
import { TimeLine } from "./time_line.tsx";
import { fullTime } from "./words.ts";

/** What is shown. */
export interface DetailProps {
  /** The state. */
  readonly state: InspectorState;
  /** What can be done. */
  readonly actions: Actions;
  /** The exchange. */
  readonly exchange: ExchangeDetail;
  /** Opens a dialog. */
  readonly open: (overlay: Overlay) => void;
}

/** One exchange. */
export function Detail({ state, actions, exchange, open }: DetailProps): VNode {
  const { method, target, status, response, replay_of: original } = exchange;
  const obstacle = replayObstacle(exchange);
  const [busy, setBusy] = useState(false);
  async function replay() {
    setBusy(true);
    await actions.replay({});
    setBusy(false);
  }
  return (
    <article class="detail" aria-labelledby="exchange-title">
      <header class="detail-head">
        <div class="detail-back">
          <Button kind="quiet" icon="back" onClick={() => state.go({})}>Exchanges</Button>
        </div>
        <h2 id="exchange-title" class="detail-title" tabIndex={-1} data-focus-first>
          <span class="detail-method">{method}</span> <Target target={target} />
        </h2>
        <div class="detail-facts">
          <span class="detail-status">
            <StatusPill exchange={exchange} />
            {response?.reason || (status === null && exchange.state === "open" && "waiting")}
          </span>
          {exchange.duration_ms !== null && <span>{formatLatency(exchange.duration_ms)}</span>}
          <span title="Bytes of the bodies: request, response">
            ↑ {formatBytes(exchange.request_bytes)} ↓ {formatBytes(exchange.response_bytes)}
          </span>
          <span>
            <time dateTime={exchange.started_at}>{fullTime(exchange.started_at)}</time>{" "}
            <Age of={exchange.started_at} />
          </span>
          <span class="detail-whence">
            <span>
              <span class="soft">from</span> {exchange.client_addr}
            </span>
            <span class="detail-endpoint" title={exchange.endpoint_name}>
              <span class="soft">at</span> {exchange.endpoint_url}
            </span>
          </span>
        </div>
        <div class="detail-actions">
          <Button
            kind="primary"
            icon="restart"
            busy={busy}
            disabled={obstacle !== undefined}
            onClick={() => void replay()}
          >
            Replay
          </Button>
          <Button
            label="Replay several times"
            disabled={obstacle !== undefined}
            onClick={() => open("many")}
          >
            ×N
          </Button>
          <Button icon="edit" disabled={obstacle !== undefined} onClick={() => open("edit")}>
            Edit and replay
          </Button>
          <span class="detail-gap" />
          <Button kind="quiet" icon="compare" onClick={() => actions.run("compare")}>
            Compare
          </Button>
          <Button kind="quiet" icon="copy" label="Copy as curl" onClick={() => actions.run("curl")}>
            curl
          </Button>
          <Button
            kind="quiet"
            icon="copy"
            label="Copy as fetch"
            onClick={() => actions.run("fetch")}
          >
            fetch
          </Button>
        </div>
        {obstacle && <p class="soft small">{obstacle}.</p>}
        {exchange.error && <Notice kind="bad">{exchange.error}</Notice>}
        {original !== null && (
          <Notice>
            A replay of{" "}
            <a
              href={`#/${original}`}
              onClick={(event) => {
                event.preventDefault();
                state.go({ id: original });
              }}
            >
              another exchange
            </a>.{" "}
            <button
              type="button"
              class="link"
              onClick={() => state.go({ id: original, otherId: exchange.id })}
            >
              Compare the two
            </button>
          </Notice>
        )}
        <TimeLine exchange={exchange} />
      </header>
      {(exchange.kind !== "http" || exchange.messages.length > 0) && (
        <StreamView exchange={exchange} copy={actions.copy} />
      )}
      <div class="panes">
        <MessagePane
          of="Request"
          exchange={exchange}
          message={exchange.request}
          actions={actions}
          views={state.views}
        />
        {response
          ? (
            <MessagePane
              of="Response"
              exchange={exchange}
              message={response}
              actions={actions}
              views={state.views}
            />
          )
          : (
            <section class="pane" aria-label="Response">
              <h3>Response</h3>
              <p class="soft">
                {exchange.state === "open" ? "The service has not answered yet." : "None came."}
              </p>
            </section>
          )}
      </div>
    </article>
  );
}

function Target({ target }: { readonly target: string }): VNode {
  const at = target.indexOf("?");
  if (at < 0) return <span>{target}</span>;
  return (
    <>
      <span>{target.slice(0, at)}</span>
      <span class="row-query">{target.slice(at)}</span>
    </>
  );
}

/**
 * The exchanges: search and filters, the list, and what is selected in it.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "../kit/button.tsx";
import type { Actions, Overlay } from "./actions.ts";
import { Compare } from "./compare.tsx";
import { Detail } from "./detail.tsx";
import { ExchangeListView } from "./exchange_list_view.tsx";
import { FilterBar } from "./filter_bar.tsx";
import { FilterDialog } from "./filter_dialog.tsx";
import { useFoundMarks } from "./found_marks.tsx";
import type { InspectorState } from "./inspector_state.ts";
import type { ListWidth } from "./list_width.ts";
import { Overview } from "./overview.tsx";
import { ReplayDialog, ReplayManyDialog } from "./replay_dialog.tsx";
import { Splitter } from "./splitter.tsx";

/** What the part is made of. */
export interface RequestsPageProps {
  /** The state. */
  readonly state: InspectorState;
  /** What can be done. */
  readonly actions: Actions;
  /** What is open above it. */
  readonly overlay: Overlay | undefined;
  /** Opens something above it. */
  readonly open: (overlay: Overlay | undefined) => void;
  /** How wide the list is. */
  readonly width: ListWidth;
}

/** The exchanges. */
export function RequestsPage(props: RequestsPageProps): VNode {
  const { state, actions, overlay, open, width } = props;
  const { id, otherId } = state.route.value;
  const detail = state.detail.value;
  const other = state.other.value;
  const failure = state.detailFailure.value;
  const close = () => open(undefined);
  const sheet = useRef<HTMLElement>(null);
  // While the next one is read the last one stays, out of reach: nothing flickers.
  const last = useRef(detail);
  last.current = id === undefined || failure ? undefined : detail ?? last.current;
  const shown = last.current;
  useLayoutEffect(() => {
    if (sheet.current) sheet.current.scrollTop = 0;
  }, [shown?.id, otherId]);
  useFoundMarks(sheet, state.wanted);
  return (
    <>
      <h1 class="visually-hidden" tabIndex={-1} data-focus-home>Exchanges</h1>
      <section class="side" aria-label="List">
        <FilterBar state={state} open={open} />
        {state.comparing.value && (
          <div class="comparing" role="status">
            <span>
              Choose the exchange to compare with{" "}
              <span class="comparing-keys">
                <kbd>j</kbd> <kbd>k</kbd> <kbd>c</kbd>
              </span>
            </span>
            <Button kind="quiet" onClick={() => state.comparing.value = undefined}>Cancel</Button>
          </div>
        )}
        <ExchangeListView state={state} />
        <Splitter width={width} />
      </section>
      <section ref={sheet} class="sheet" aria-label="Exchange" id="exchange">
        {id === undefined ? <Overview state={state} /> : failure
          ? (
            <div class="sheet-empty">
              <p>{failure.message}</p>
              <Button icon="back" onClick={() => state.go({})}>Back to the list</Button>
            </div>
          )
          : otherId !== undefined && detail && other
          ? <Compare state={state} before={detail} after={other} />
          : shown && otherId === undefined
          ? (
            <div inert={!detail} aria-busy={!detail}>
              <Detail key={shown.id} state={state} actions={actions} exchange={shown} open={open} />
            </div>
          )
          : null}
      </section>
      {overlay === "filter" && <FilterDialog state={state} onClose={close} />}
      {overlay === "edit" && detail && (
        <ReplayDialog key={detail.id} exchange={detail} actions={actions} onClose={close} />
      )}
      {overlay === "many" && detail && <ReplayManyDialog actions={actions} onClose={close} />}
    </>
  );
}

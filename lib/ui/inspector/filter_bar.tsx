/**
 * The line above the list: what is searched for, the filters in force, and what can be done with all.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import { AGENT_PATHS } from "../../api/agent/shapes.ts";
import { Button } from "../kit/button.tsx";
import { Icon } from "../kit/icons.tsx";
import type { Overlay } from "./actions.ts";
import { filterText } from "./filters.ts";
import { toFailure } from "./inspector_client.ts";
import type { InspectorState } from "./inspector_state.ts";
import { SearchLine } from "./search_line.tsx";

/** The line above the list. */
export function FilterBar(
  { state, open }: { readonly state: InspectorState; readonly open: (overlay: Overlay) => void },
): VNode {
  const file = useRef<HTMLInputElement>(null);
  const filters = state.filters.value;
  const hasAny = state.all.value.length > 0;

  async function importHar(from: HTMLInputElement) {
    const chosen = from.files?.[0];
    if (!chosen) return;
    try {
      await state.client.importHar(await chosen.text());
      state.toasts.good(`${chosen.name} was taken in.`);
      await state.load();
    } catch (thrown) {
      state.toasts.bad(toFailure(thrown));
    } finally {
      from.value = "";
    }
  }

  return (
    <div class="filter-bar" role="search">
      <SearchLine state={state} />
      <div class="filter-tools">
        <Button kind="quiet" icon="filter" label="Add a filter" onClick={() => open("filter")} />
        <a
          id="save-har"
          class="button button-quiet button-icon"
          href={AGENT_PATHS.har}
          download="sallyport.har"
          aria-label="Save all as HAR"
          title="Save all as HAR"
        >
          <Icon name="download" />
        </a>
        <Button
          kind="quiet"
          icon="upload"
          label="Open a HAR file"
          onClick={() => file.current!.click()}
        />
        <input
          ref={file}
          id="open-har"
          class="visually-hidden"
          type="file"
          accept=".har,.json,application/json"
          aria-label="HAR file"
          tabIndex={-1}
          onChange={(event) => void importHar(event.currentTarget)}
        />
        <Button
          kind="quiet"
          icon="trash"
          label="Clear all"
          disabled={!hasAny}
          onClick={() => open("clear")}
        />
      </div>
      {filters.length > 0 && (
        <ul class="chips" aria-label="Filters">
          {filters.map((filter, at) => (
            <li key={filterText(filter)} class="chip">
              <span>{filterText(filter)}</span>
              <button
                type="button"
                aria-label={`Remove the filter ${filterText(filter)}`}
                onClick={() => state.setFilters(filters.filter((_, index) => index !== at))}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

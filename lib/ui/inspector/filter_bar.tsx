/**
 * The line above the list: what is searched for, the filters in force, and what can be done with all.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useRef, useState } from "preact/hooks";
import { AGENT_PATHS } from "../../api/agent/shapes.ts";
import { Button } from "../kit/button.tsx";
import { Icon } from "../kit/icons.tsx";
import type { Overlay } from "./actions.ts";
import { filterText, parseFilter } from "./filters.ts";
import { toFailure } from "./inspector_client.ts";
import type { InspectorState } from "./inspector_state.ts";

/** The line above the list. */
export function FilterBar(
  { state, open }: { readonly state: InspectorState; readonly open: (overlay: Overlay) => void },
): VNode {
  const [problem, setProblem] = useState("");
  const file = useRef<HTMLInputElement>(null);
  const filters = state.filters.value;
  const text = state.text.value;
  const hasAny = state.all.value.length > 0;

  /** A filter that was typed becomes one. */
  function onEnter() {
    try {
      const filter = parseFilter(text);
      if (!filter) return;
      state.setText("");
      state.setFilters([...filters, filter]);
      setProblem("");
    } catch (thrown) {
      setProblem((thrown as Error).message);
    }
  }

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
      <div class="search">
        <Icon name={state.isSearching.value ? "spin" : "search"} />
        <input
          id="search"
          class="search-input"
          type="search"
          value={text}
          placeholder="Search, or status >= 400"
          aria-label="Search bodies and headers, or type a filter"
          aria-invalid={problem ? "true" : undefined}
          aria-describedby={problem ? "search-problem" : undefined}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          onInput={(event) => {
            setProblem("");
            const { value } = event.currentTarget;
            state.setText(value);
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter") onEnter();
            else if (event.key === "ArrowDown") document.getElementById("exchanges")?.focus();
          }}
        />
        <kbd class="search-key" aria-hidden="true">/</kbd>
      </div>
      <div class="filter-tools">
        <Button kind="quiet" icon="filter" label="Add a filter" onClick={() => open("filter")} />
        <a
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
      {problem && <p id="search-problem" class="field-problem" role="alert">{problem}</p>}
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

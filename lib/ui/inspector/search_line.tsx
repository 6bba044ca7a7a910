/**
 * The line that searches and takes filters, with what can be written next below it. For screen readers
 * it is a combobox with a list (ARIA Authoring Practices).
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Icon } from "../kit/icons.tsx";
import { parseFilter } from "./filters.ts";
import type { InspectorState } from "./inspector_state.ts";
import { suggest, type Suggestion } from "./suggest.ts";

/** The line. */
export function SearchLine({ state }: { readonly state: InspectorState }): VNode {
  const [problem, setProblem] = useState("");
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const text = state.text.value;
  const offered = isOpen
    ? suggest(text, { exchanges: state.all.value, headers: state.headerWords.value })
    : [];
  const isOffering = offered.length > 0;

  useEffect(() => {
    if (isOffering) void state.loadHeaderWords();
  }, [isOffering]);
  useEffect(() => {
    document.getElementById(`offered-${active}`)?.scrollIntoView({ block: "nearest" });
  }, [active]);

  function write(line: string) {
    setProblem("");
    setActive(-1);
    setOpen(true);
    state.setText(line);
  }
  /** A filter that was typed becomes one. */
  function enter(line: string) {
    try {
      const filter = parseFilter(line);
      setOpen(false);
      if (!filter) return;
      write("");
      state.setFilters([...state.filters.value, filter]);
    } catch (thrown) {
      setProblem((thrown as Error).message);
    }
  }
  function take({ line, isWhole }: Suggestion) {
    if (isWhole) enter(line);
    else write(line);
    document.getElementById("search")?.focus();
  }
  function onKeyDown(event: KeyboardEvent) {
    if (event.isComposing) return;
    const { key } = event;
    if (isOffering && (key === "ArrowDown" || key === "ArrowUp")) {
      event.preventDefault();
      const by = key === "ArrowDown" ? 1 : -1;
      // One place more than there are: the line itself.
      const places = offered.length + 1;
      setActive((active + 1 + by + places) % places - 1);
    } else if (active >= 0 && active < offered.length && (key === "Enter" || key === "Tab")) {
      event.preventDefault();
      take(offered[active]);
    } else if (isOffering && key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      setOpen(false);
      setActive(-1);
    } else if (key === "Enter") {
      enter(text);
    } else if (key === "ArrowDown") {
      document.getElementById("exchanges")?.focus();
    }
  }

  return (
    <div class="search">
      <Icon name={state.isSearching.value ? "spin" : "search"} />
      <input
        id="search"
        class="search-input"
        type="search"
        role="combobox"
        // Its own list, not one of the browser's.
        list={undefined}
        value={text}
        placeholder="Search, or status >= 400"
        aria-label="Search bodies and headers, or type a filter"
        aria-autocomplete="list"
        aria-expanded={isOffering}
        aria-controls="offered"
        aria-activedescendant={active >= 0 && isOffering ? `offered-${active}` : undefined}
        aria-invalid={problem ? "true" : undefined}
        aria-describedby={problem ? "search-problem" : undefined}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        onInput={(event) => write(event.currentTarget.value)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
      />
      {text === "" ? <kbd class="search-key" aria-hidden="true">/</kbd> : (
        <button
          type="button"
          class="search-clear"
          aria-label="Clear the search"
          onClick={() => {
            write("");
            document.getElementById("search")?.focus();
          }}
        >
          <Icon name="close" />
        </button>
      )}
      <ul
        id="offered"
        class="offered"
        role="listbox"
        aria-label="What can be written next"
        hidden={!isOffering}
      >
        {offered.map((suggestion, at) => (
          <li
            key={suggestion.line}
            id={`offered-${at}`}
            class="offered-item"
            role="option"
            aria-selected={at === active}
            // The focus stays in the line.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => take(suggestion)}
          >
            <span class="offered-words">{suggestion.words}</span>
            <span class="offered-hint">{suggestion.hint}</span>
          </li>
        ))}
      </ul>
      {problem && <p id="search-problem" class="field-problem" role="alert">{problem}</p>}
    </div>
  );
}

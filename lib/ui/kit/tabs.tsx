/**
 * Tabs: one stop for the Tab key, arrows in between (WAI-ARIA tabs pattern).
 *
 * @module
 */
/** @jsxImportSource preact */
import type { ComponentChildren, VNode } from "preact";
import { useRef } from "preact/hooks";
import { tabForKey } from "./tab_keys.ts";

/** One tab. */
export interface Tab {
  /** Names it in `selected`, and its panel in the page. */
  readonly key: string;
  /** What it says. */
  readonly label: string;
  /** How many things are behind it. */
  readonly count?: number | undefined;
}

/** What a row of tabs is. */
export interface TabsProps {
  /** What they are parts of. */
  readonly label: string;
  /** In order. */
  readonly tabs: readonly Tab[];
  /** The key of the tab in front. */
  readonly selected: string;
  /** Hears which one shall be. */
  readonly onSelect: (key: string) => void;
}

/** A row of tabs. */
export function Tabs({ label, tabs, selected, onSelect }: TabsProps): VNode {
  const list = useRef<HTMLDivElement>(null);
  function onKeyDown(event: KeyboardEvent) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const at = tabs.findIndex(({ key }) => key === selected);
    const next = tabForKey(event.key, at, tabs.length);
    if (next === undefined) return;
    event.preventDefault();
    onSelect(tabs[next].key);
    (list.current!.children[next] as HTMLElement).focus();
  }
  return (
    <div ref={list} class="tabs" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
      {tabs.map(({ key, label, count }) => (
        <button
          key={key}
          type="button"
          class="tab"
          role="tab"
          id={`tab-${key}`}
          aria-selected={key === selected}
          aria-controls={`panel-${key}`}
          tabIndex={key === selected ? 0 : -1}
          onClick={() => onSelect(key)}
        >
          {label}
          {count !== undefined && <span class="tab-count">{count}</span>}
        </button>
      ))}
    </div>
  );
}

/** What belongs to the tab in front. */
export function TabPanel(
  { of, children }: { readonly of: string; readonly children: ComponentChildren },
): VNode {
  return (
    <div
      key={of}
      class="tab-panel"
      role="tabpanel"
      id={`panel-${of}`}
      aria-labelledby={`tab-${of}`}
      tabIndex={0}
    >
      {children}
    </div>
  );
}

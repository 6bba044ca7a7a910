/**
 * Starts the inspector in a browser. `scripts/ui.ts` makes one file of it and of all it needs; the
 * agent serves that file (`lib/api/agent/inspector_page.ts`).
 *
 * @module
 */
/** @jsxImportSource preact */
import { render } from "preact";
import { AGENT_PATHS, type AgentApiEvent } from "../../api/agent/shapes.ts";
import { systemClock } from "../../base/clock.ts";
import { ThemeChoice } from "../kit/theme.ts";
import { App } from "./app.tsx";
import { InspectorClient } from "./inspector_client.ts";
import { type InspectorPage, InspectorState } from "./inspector_state.ts";
import { ListWidth } from "./list_width.ts";

const EVENTS: readonly AgentApiEvent["type"][] = [
  "exchange.added",
  "exchange.updated",
  "exchange.evicted",
  "exchange.cleared",
  "status",
];

/** A browser gives up when it was refused; this one asks again. */
const RETRY_MS = 2_000;

// Before the first paint: this script stands in the head.
const theme = new ThemeChoice({
  root: document.documentElement,
  storage: () => localStorage,
});

const width = new ListWidth(() => localStorage);

const listen: InspectorPage["listen"] = (onEvent, onOpen, onLost) => {
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    source = new EventSource(AGENT_PATHS.events);
    for (const type of EVENTS) {
      source.addEventListener(type, (event) => onEvent(JSON.parse(event.data)));
    }
    source.onopen = onOpen;
    source.onerror = () => {
      onLost();
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, RETRY_MS);
    };
  };
  open();
  return {
    close() {
      clearTimeout(timer);
      source.close();
    },
  };
};

const state = new InspectorState(systemClock, {
  address: () => ({ path: location.pathname, hash: location.hash }),
  go: (address, isNew) =>
    isNew ? history.pushState(null, "", address) : history.replaceState(null, "", address),
  frame: (run) => requestAnimationFrame(run),
  listen,
}, new InspectorClient((path, init) => fetch(path, init)));

addEventListener("popstate", () => state.onAddress());
addEventListener("pagehide", () => state.stop());
// Out of the back/forward cache.
addEventListener("pageshow", (event) => event.persisted && state.start());
document.addEventListener("DOMContentLoaded", () => {
  render(<App state={state} theme={theme} width={width} />, document.getElementById("app")!);
  state.start();
});

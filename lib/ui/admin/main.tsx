/**
 * Starts the admin page in a browser. `scripts/ui.ts` makes one file of it and of all it needs; the
 * edge serves that file (`lib/api/admin.ts`).
 *
 * @module
 */
/** @jsxImportSource preact */
import { render } from "preact";
import { systemClock } from "../../base/clock.ts";
import { ThemeChoice } from "../kit/theme.ts";
import { App } from "./app.tsx";
import { AppState } from "./app_state.ts";

// Before the first paint: this script stands in the head.
const theme = new ThemeChoice({
  root: document.documentElement,
  storage: () => localStorage,
});

const app = new AppState(systemClock, {
  fetch: (path, init) => fetch(path, init),
  hash: () => location.hash,
  setHash: (hash) => history.pushState(null, "", hash),
});

addEventListener("popstate", () => app.onHash());
addEventListener("hashchange", () => app.onHash());
document.addEventListener("visibilitychange", () => {
  // Nobody looks: the edge is left alone.
  const edge = app.edge.value;
  if (document.hidden) edge?.stop();
  else void edge?.resume();
});
addEventListener("pagehide", () => app.signOut());
document.addEventListener("DOMContentLoaded", () => {
  render(<App app={app} theme={theme} />, document.getElementById("app")!);
});

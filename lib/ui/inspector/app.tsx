/**
 * The page: its head, the part in front, the wall it stands on, and the keys.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { Badge } from "../kit/badge.tsx";
import { Button } from "../kit/button.tsx";
import { Confirm } from "../kit/dialog.tsx";
import { formatBytes, formatCount, formatNumberOf } from "../kit/format.ts";
import { Mark } from "../kit/mark.tsx";
import { Notice } from "../kit/notice.tsx";
import type { ThemeChoice } from "../kit/theme.ts";
import { ThemeButton } from "../kit/theme_button.tsx";
import { ToastCorner } from "../kit/toast.tsx";
import { makeActions, type Overlay } from "./actions.ts";
import { Announcer } from "./announcer.tsx";
import { Help } from "./help.tsx";
import type { InspectorState } from "./inspector_state.ts";
import { toFailure } from "./inspector_client.ts";
import type { ListWidth } from "./list_width.ts";
import { RequestsPage } from "./requests_page.tsx";
import { addressOf } from "./route.ts";
import { commandFor } from "./shortcuts.ts";
import { StatusPage } from "./status_page.tsx";

/** The same stands in inspector.css. */
const NARROW = "(max-width: 56rem)";

/** What the page is made of. */
export interface AppProps {
  /** Its state. */
  readonly state: InspectorState;
  /** Light or dark. */
  readonly theme: ThemeChoice;
  /** How wide the list is. */
  readonly width: ListWidth;
}

/** The page. */
export function App({ state, theme, width }: AppProps): VNode {
  const [overlay, open] = useState<Overlay>();
  const actions = useMemo(
    () =>
      makeActions(
        state,
        open,
        (text) => navigator.clipboard.writeText(text),
        () => matchMedia(NARROW).matches,
      ),
    [state],
  );
  const { page, id } = state.route.value;
  const count = state.all.value.length;
  useEffect(() => {
    document.title = `${page === "status" ? "Status" : "Inspector"} · Sallyport`;
  }, [page]);
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (document.querySelector("dialog[open]")) return;
      const target = event.target as HTMLElement;
      const command = commandFor({
        key: event.key,
        held: event.ctrlKey || event.metaKey || event.altKey,
        isWriting: target.matches?.("input, select, textarea"),
        keepsArrows: target.closest?.('[role="tablist"], [data-keeps-arrows]') !== null,
      });
      if (!command) return;
      if (command === "back" && target.matches?.("input, textarea")) {
        target.blur();
        document.getElementById("exchanges")?.focus();
        return;
      }
      event.preventDefault();
      switch (command) {
        case "help":
          return open("help");
        case "theme":
          return theme.turn();
        case "status":
          return state.go({ page: "status" });
        case "requests":
          return state.go({});
        case "clear":
          return state.all.value.length > 0 ? open("clear") : undefined;
        case "save":
          return document.getElementById("save-har")?.click();
        case "import":
          return document.getElementById("open-har")?.click();
      }
      if (state.route.value.page !== "requests") return;
      switch (command) {
        case "search":
          return document.getElementById("search")?.focus();
        case "filter":
          return open("filter");
        case "nextView":
          return state.turnView(1);
        case "previousView":
          return state.turnView(-1);
        case "messages":
          return document.getElementById("messages")?.focus();
        case "next":
          return state.step(1);
        case "previous":
          return state.step(-1);
        case "first":
          return state.step(-Infinity);
        case "last":
          return state.step(Infinity);
        case "back":
          if (state.comparing.value) state.comparing.value = undefined;
          else if (state.route.value.otherId) state.go({ id: state.route.value.id });
          else state.go({});
          return document.getElementById("exchanges")?.focus();
        default:
          return actions.run(command);
      }
    }
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [actions]);
  return (
    <>
      <header class="top">
        <span class="brand">
          <Mark size={22} />
          <span class="brand-name">Sallyport</span>
        </span>
        <nav class="nav" aria-label="Parts of this page">
          {([["requests", "Exchanges"], ["status", "Status"]] as const).map(([part, words]) => (
            <a
              key={part}
              class="nav-link"
              href={addressOf({ page: part, id: undefined, otherId: undefined })}
              aria-current={page === part ? "page" : undefined}
              onClick={(event) => {
                if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                event.preventDefault();
                state.go({ page: part });
              }}
            >
              {words}
            </a>
          ))}
        </nav>
        <span class="top-tools">
          <Connection state={state} />
          <Button kind="quiet" icon="help" label="Keys: ?" onClick={() => open("help")} />
          <ThemeButton choice={theme} />
        </span>
      </header>
      <Banners state={state} />
      <main
        class={page === "status" ? "main main-status" : id ? "main main-detail" : "main"}
        style={width.percent.value === undefined ? "" : { "--list": `${width.percent.value}%` }}
      >
        {page === "status" ? <StatusPage state={state} /> : (
          <RequestsPage
            state={state}
            actions={actions}
            open={open}
            overlay={overlay}
            width={width}
          />
        )}
      </main>
      <Wall state={state} />
      <Announcer state={state} />
      {overlay === "help" && <Help onClose={() => open(undefined)} />}
      {overlay === "clear" && (
        <Confirm
          title="Clear all exchanges?"
          action="Clear"
          busy={false}
          onConfirm={() => {
            open(undefined);
            state.clear().catch((thrown) => state.toasts.bad(toFailure(thrown)));
          }}
          onCancel={() => open(undefined)}
        >
          <p>
            {formatNumberOf(count, "exchange")}{" "}
            will be forgotten, here and in the agent. What goes on goes on.
          </p>
        </Confirm>
      )}
      <ToastCorner toasts={state.toasts} />
    </>
  );
}

/** What the edge wants people to see, and what went wrong with it. */
function Banners({ state }: { readonly state: InspectorState }): VNode {
  const [gone, setGone] = useState<readonly string[]>([]);
  const status = state.status.value;
  const notices = (status?.notices ?? []).filter((words) => !gone.includes(words));
  const trouble = status && status.session.status !== "online" ? status.session.error : null;
  return (
    <div class="banners" role="region" aria-label="Messages">
      {trouble && <Notice kind="bad">{trouble}</Notice>}
      {notices.map((words) => (
        <div key={words} class="banner">
          <Notice kind="warn">{words}</Notice>
          <Button
            kind="quiet"
            icon="close"
            label="Dismiss this message"
            onClick={() => setGone([...gone, words])}
          />
        </div>
      ))}
    </div>
  );
}

const SESSION = {
  online: ["good", "Online"],
  connecting: ["warn", "Connecting"],
  reconnecting: ["warn", "Reconnecting"],
  closing: ["bad", "Shutting down"],
} as const;

/** Whether what is shown is what is. */
function Connection({ state }: { readonly state: InspectorState }): VNode {
  const status = state.status.value;
  const [kind, words] = state.isLost.value
    ? ["bad", "Agent away"] as const
    : status
    ? SESSION[status.session.status]
    : ["plain", "Connecting"] as const;
  return (
    <span class="connection" role="status">
      <Badge kind={kind} dot>{words}</Badge>
    </span>
  );
}

/** What the page stands on, with what it holds. */
function Wall({ state }: { readonly state: InspectorState }): VNode {
  const { usedBytes, maxBytes } = state.memory.value;
  const all = state.all.value.length;
  const shown = state.shown.value.length;
  return (
    <footer class="wall">
      <span class="wall-words" aria-live="off">
        {shown === all
          ? formatNumberOf(all, "exchange")
          : `matched ${formatCount(shown)} of ${formatCount(all)}`}
      </span>
      {maxBytes > 0 && (
        <span class="wall-words wall-memory">
          {formatBytes(usedBytes)} of {formatBytes(maxBytes)} kept
        </span>
      )}
      <span class="wall-words wall-end">
        {state.status.value && `Version ${state.status.value.version}`}
      </span>
    </footer>
  );
}

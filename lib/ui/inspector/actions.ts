/**
 * What can be done with the exchange that is shown, by button or by key.
 *
 * @module
 */
import type { ExchangeDetail, ReplayBody } from "../../api/agent/shapes.ts";
import { formatCount } from "../kit/format.ts";
import { curlText, fetchText } from "./copy_as.ts";
import { filterText } from "./filters.ts";
import { toFailure } from "./inspector_client.ts";
import type { InspectorState } from "./inspector_state.ts";
import type { Command } from "./shortcuts.ts";

/** What can be open above the page. */
export type Overlay = "edit" | "many" | "filter" | "clear" | "help";

/** What can be done. */
export interface Actions {
  /** Does what a key means. */
  readonly run: (command: Command) => void;
  /** Leaves those exchanges in the list that have this header. */
  readonly filterBy: (name: string, value: string) => void;
  /** Copies a text and says so. */
  readonly copy: (text: string, what: string) => void;
  /**
   * Sends a request again.
   *
   * @returns whether the agent did
   */
  readonly replay: (wish: ReplayBody) => Promise<boolean>;
}

/** Why a request cannot be sent again; `undefined` when it can. */
export function replayObstacle({ request, kind }: ExchangeDetail): string | undefined {
  if (request.body.truncated) return "The request is too long: only its beginning was kept";
  if (kind === "websocket") return "A WebSocket cannot be sent again";
  return undefined;
}

/**
 * The actions on a state.
 *
 * @param state the page
 * @param open opens a dialog
 * @param write puts a text into the clipboard
 * @param isNarrow whether the list and the exchange do not fit beside each other
 */
export function makeActions(
  state: InspectorState,
  open: (dialog: Overlay) => void,
  write: (text: string) => Promise<void>,
  isNarrow: () => boolean = () => false,
): Actions {
  const actions: Actions = {
    run(command) {
      const detail = state.detail.value;
      if (!detail) return;
      switch (command) {
        case "replay":
          return void actions.replay({});
        case "edit": {
          const obstacle = replayObstacle(detail);
          return obstacle ? refuse(obstacle) : open("edit");
        }
        case "many": {
          const obstacle = replayObstacle(detail);
          return obstacle ? refuse(obstacle) : open("many");
        }
        case "compare": {
          const first = state.comparing.value;
          if (first !== undefined && first !== detail.id) return state.select(detail.id);
          state.comparing.value = detail.id;
          // Where the list is out of sight it has to come back to be chosen from.
          return isNarrow() ? state.go({}) : undefined;
        }
        case "curl":
          return actions.copy(curlText(detail), "The curl command");
        case "fetch":
          return actions.copy(fetchText(detail), "The call of fetch()");
      }
    },
    filterBy(name, value) {
      const filter = {
        field: "header",
        name: name.toLowerCase(),
        operator: "==",
        value,
      } as const;
      const known = state.filters.value.map(filterText);
      if (known.includes(filterText(filter))) return;
      state.setFilters([...state.filters.value, filter]);
    },
    copy(text, what) {
      write(text).then(
        () => state.toasts.good(`${what} is in the clipboard.`),
        () => refuse("The browser does not let this page write to the clipboard."),
      );
    },
    async replay(wish) {
      const detail = state.detail.value;
      if (!detail) return false;
      const obstacle = replayObstacle(detail);
      if (obstacle) {
        refuse(obstacle);
        return false;
      }
      try {
        const { ids } = await state.client.replay(detail.id, wish);
        const times = ids.length === 1 ? "once" : `${formatCount(ids.length)} times`;
        state.toasts.good(`${detail.method} ${shortened(detail.target)} was sent again, ${times}.`);
        if (ids.length > 0) state.go({ id: ids.at(-1) });
        return true;
      } catch (thrown) {
        state.toasts.bad(toFailure(thrown));
        return false;
      }
    },
  };
  return actions;

  function refuse(message: string) {
    state.toasts.bad({ message, code: undefined });
  }
}

function shortened(target: string): string {
  return target.length > 40 ? `${target.slice(0, 39)}…` : target;
}

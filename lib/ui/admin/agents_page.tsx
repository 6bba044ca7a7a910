/**
 * The agents that are connected; each can be restarted and stopped.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useMemo, useState } from "preact/hooks";
import { Button } from "../kit/button.tsx";
import { Code } from "../kit/code.tsx";
import { Confirm } from "../kit/dialog.tsx";
import { Empty } from "../kit/empty.tsx";
import { formatAgo, formatCount, formatLatency, formatNumberOf } from "../kit/format.ts";
import { type Column, Table } from "../kit/table.tsx";
import { Action } from "./action.ts";
import type { AppState } from "./app_state.ts";
import { type EdgeState, urlOf } from "./edge_state.ts";
import type { Session } from "./model.ts";

interface Wish {
  readonly session: Session;
  readonly verb: "stop" | "restart";
}

/** The agents. */
export function AgentsPage(
  { app, edge }: { readonly app: AppState; readonly edge: EdgeState },
): VNode {
  const [wish, setWish] = useState<Wish>();
  const sessions = edge.sessions.value;
  const live = edge.live.value!;
  const health = new Map(live.sessions.map((one) => [one.id, one]));
  const urls = new Map(edge.endpoints.value.map((endpoint) => [endpoint.id, urlOf(endpoint)]));
  const tokens = new Map(edge.credentials.value.map((one) => [one.id, one]));
  const columns: Column<Session>[] = [
    {
      label: "Agent",
      order: ({ ip }) => ip ?? "",
      cell: (session) => <AgentWords session={session} />,
    },
    {
      label: "Endpoints",
      width: "25%",
      cell: ({ id }) => <Served urls={health.get(id)?.endpoint_ids.map((id) => urls.get(id))} />,
    },
    {
      label: "Authtoken",
      width: "14%",
      cell: ({ credential }) => {
        const token = credential && tokens.get(credential.id);
        return token?.description || (credential && <Code>{shortId(credential.id)}</Code>);
      },
    },
    {
      label: "Round trip",
      width: "6rem",
      numeric: true,
      order: ({ id }) => health.get(id)?.latency_ms ?? 0,
      cell: ({ id }) => {
        const ms = health.get(id)?.latency_ms;
        return ms === undefined || ms === null ? "" : formatLatency(ms);
      },
    },
    {
      label: "Open",
      width: "4.5rem",
      numeric: true,
      order: ({ id }) => health.get(id)?.open ?? 0,
      cell: ({ id }) => health.has(id) ? formatCount(health.get(id)!.open) : "",
    },
    {
      label: "Connected",
      width: "6.5rem",
      numeric: true,
      order: ({ started_at: at }) => live.at_ms - Date.parse(at),
      cell: ({ started_at: at }) => formatAgo(live.at_ms - Date.parse(at)),
    },
    {
      label: "Actions",
      labelHidden: true,
      width: "10.5rem",
      cell: (session) => (
        <div class="table-actions">
          <Button
            kind="quiet"
            icon="restart"
            label={`Restart the agent at ${session.ip}`}
            onClick={() => setWish({ session, verb: "restart" })}
          >
            Restart
          </Button>
          <Button
            kind="quiet"
            icon="stop"
            label={`Stop the agent at ${session.ip}`}
            onClick={() => setWish({ session, verb: "stop" })}
          >
            Stop
          </Button>
        </div>
      ),
    },
  ];
  return (
    <>
      {sessions.length === 0
        ? (
          <Empty title="No agent is connected">
            <p>An agent that connects with one of your authtokens appears here at once.</p>
          </Empty>
        )
        : (
          <Table
            caption="Agents that are connected"
            columns={columns}
            rows={sessions}
            rowKey={({ id }) => id}
            words={({ id, ip, os, agent_version: version, metadata, credential }) => [
              ...[id, ip, os, version, metadata],
              credential && tokens.get(credential.id)?.description,
              ...(health.get(id)?.endpoint_ids ?? []).map((id) => urls.get(id)),
            ]}
          />
        )}
      {wish && (
        <Command
          key={wish.verb + wish.session.id}
          app={app}
          edge={edge}
          wish={wish}
          endpoints={health.get(wish.session.id)?.endpoint_ids.length ?? 0}
          onClose={() => setWish(undefined)}
        />
      )}
    </>
  );
}

function Command(
  { app, edge, wish: { session, verb }, endpoints, onClose }: {
    readonly app: AppState;
    readonly edge: EdgeState;
    readonly wish: Wish;
    readonly endpoints: number;
    readonly onClose: () => void;
  },
): VNode {
  const action = useMemo(() => new Action(), []);
  const stops = verb === "stop";
  async function command() {
    const done = await action.run(() =>
      edge.client.post(`/tunnel_sessions/${session.id}/${verb}`, {})
    );
    if (!done) return;
    onClose();
    app.toasts.good(`The agent at ${session.ip} ${stops ? "stops" : "starts anew"}.`);
    void edge.look();
  }
  const its = formatNumberOf(endpoints, "endpoint");
  return (
    <Confirm
      title={stops ? "Stop this agent?" : "Restart this agent?"}
      action={stops ? "Stop" : "Restart"}
      danger={stops}
      busy={action.busy.value}
      problem={action.failure.value}
      onConfirm={command}
      onCancel={onClose}
    >
      <p>
        {stops
          ? `The agent at ${session.ip} ends, and with it ${its}. Somebody has to start it again on its machine.`
          : `The agent at ${session.ip} starts itself anew with the same arguments; ${its} will be away for a moment.`}
      </p>
    </Confirm>
  );
}

function AgentWords({ session }: { readonly session: Session }): VNode {
  const { ip, os, agent_version: version, metadata } = session;
  return (
    <span class="stack">
      <Code>{ip}</Code>
      <span class="soft small">{[os, version].filter(Boolean).join(" · ")}</span>
      {metadata && <span class="soft small">{metadata}</span>}
    </span>
  );
}

/** Two addresses are enough to know which agent it is. */
const SHOWN_URLS = 2;

function Served(
  { urls = [] }: { readonly urls: readonly (string | undefined)[] | undefined },
): VNode {
  const known = urls.filter((url) => url !== undefined);
  const more = known.length - SHOWN_URLS;
  return (
    <span class="stack">
      {known.slice(0, SHOWN_URLS).map((url) => (
        <Code key={url}>{url.replace(/^https?:\/\//, "")}</Code>
      ))}
      {more > 0 && <span class="soft small">and {more} more</span>}
      {known.length === 0 && <span class="soft">none</span>}
    </span>
  );
}

function shortId(id: string): string {
  return `${id.slice(0, 9)}…`;
}

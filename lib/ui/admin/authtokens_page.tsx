/**
 * The authtokens: who may open what. A new one is shown once; one that is revoked takes its agents
 * with it.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useMemo, useState } from "preact/hooks";
import { Badge } from "../kit/badge.tsx";
import { Button } from "../kit/button.tsx";
import { Code } from "../kit/code.tsx";
import { Confirm } from "../kit/dialog.tsx";
import { Empty } from "../kit/empty.tsx";
import { formatAgo, formatCount, formatNumberOf } from "../kit/format.ts";
import { type Column, Table } from "../kit/table.tsx";
import { allowsEverything, describeRule } from "./acl_rules.ts";
import { Action } from "./action.ts";
import type { AppState } from "./app_state.ts";
import { AuthtokenForm } from "./authtoken_form.tsx";
import { AuthtokenOnce } from "./authtoken_once.tsx";
import type { EdgeState } from "./edge_state.ts";
import type { Credential } from "./model.ts";

type Open =
  | { readonly what: "form"; readonly credential: Credential | undefined }
  | { readonly what: "once" | "revoke"; readonly credential: Credential };

/** The authtokens. */
export function AuthtokensPage(
  { app, edge }: { readonly app: AppState; readonly edge: EdgeState },
): VNode {
  const [open, setOpen] = useState<Open>();
  const credentials = edge.credentials.value;
  const live = edge.live.value!;
  const close = () => setOpen(undefined);
  const columns: Column<Credential>[] = [
    {
      label: "Authtoken",
      order: ({ id, description }) => description || id,
      cell: ({ id, description }) => (
        <span class="stack">
          {description || <span class="soft">No description</span>}
          <span class="soft small">
            <Code>{id}</Code>
          </span>
        </span>
      ),
    },
    { label: "May open", width: "32%", cell: ({ acl }) => <Rules acl={acl} /> },
    {
      label: "Agents",
      width: "5rem",
      numeric: true,
      order: ({ id }) => agentsOf(edge, id),
      cell: ({ id }) => formatCount(agentsOf(edge, id)),
    },
    {
      label: "Made",
      width: "6.5rem",
      numeric: true,
      order: ({ created_at: at }) => live.at_ms - Date.parse(at),
      cell: ({ created_at: at }) => formatAgo(live.at_ms - Date.parse(at)),
    },
    {
      label: "Actions",
      labelHidden: true,
      width: "10rem",
      cell: (credential) => (
        <div class="table-actions">
          <Button
            kind="quiet"
            label={`Edit ${nameOf(credential)}`}
            onClick={() => setOpen({ what: "form", credential })}
          >
            Edit
          </Button>
          <Button
            kind="quiet"
            label={`Revoke ${nameOf(credential)}`}
            onClick={() => setOpen({ what: "revoke", credential })}
          >
            Revoke
          </Button>
        </div>
      ),
    },
  ];
  return (
    <>
      <div class="panel-head">
        <p class="soft">
          An agent shows its authtoken to be let in. The edge keeps a hash of it, no more.
        </p>
        <Button
          kind="primary"
          icon="add"
          onClick={() => setOpen({ what: "form", credential: undefined })}
        >
          New authtoken
        </Button>
      </div>
      {credentials.length === 0
        ? (
          <Empty title="There is no authtoken">
            <p>Without one no agent is let in.</p>
          </Empty>
        )
        : (
          <Table
            caption="Authtokens"
            columns={columns}
            rows={credentials}
            rowKey={({ id }) => id}
            words={({ id, description, acl }) => [id, description, ...acl ?? []]}
          />
        )}
      {open?.what === "form" && (
        <AuthtokenForm
          edge={edge}
          credential={open.credential}
          onClose={close}
          onSaved={(credential) => {
            if (open.credential === undefined) return setOpen({ what: "once", credential });
            close();
            app.toasts.good("The authtoken was changed.");
          }}
        />
      )}
      {open?.what === "once" && (
        <AuthtokenOnce edge={live.edge} credential={open.credential} onClose={close} />
      )}
      {open?.what === "revoke" && (
        <Revoke app={app} edge={edge} credential={open.credential} onClose={close} />
      )}
    </>
  );
}

function Revoke(
  { app, edge, credential, onClose }: {
    readonly app: AppState;
    readonly edge: EdgeState;
    readonly credential: Credential;
    readonly onClose: () => void;
  },
): VNode {
  const action = useMemo(() => new Action(), []);
  const agents = agentsOf(edge, credential.id);
  async function revoke() {
    const done = await action.run(async () => {
      await edge.client.delete(`/credentials/${credential.id}`);
      await edge.loadCredentials();
    });
    if (!done) return;
    onClose();
    app.toasts.good("The authtoken was revoked.");
    void edge.look();
  }
  return (
    <Confirm
      title="Revoke this authtoken?"
      action="Revoke"
      busy={action.busy.value}
      problem={action.failure.value}
      onConfirm={revoke}
      onCancel={onClose}
    >
      <p>
        {nameOf(credential)}: nobody can connect with it any more
        {agents > 0 &&
          `, and ${formatNumberOf(agents, "agent")} of it ${
            agents === 1 ? "is" : "are"
          } cut off now`}
        . This cannot be taken back.
      </p>
    </Confirm>
  );
}

function Rules({ acl }: { readonly acl: readonly string[] | null | undefined }): VNode {
  if (allowsEverything(acl)) return <span class="soft">everything</span>;
  return (
    <span class="rules">
      {acl!.map((rule) => (
        <Badge key={rule}>
          <Code>{describeRule(rule)}</Code>
        </Badge>
      ))}
    </span>
  );
}

function agentsOf(edge: EdgeState, credentialId: string): number {
  return edge.sessions.value.filter(({ credential }) => credential?.id === credentialId).length;
}

function nameOf({ id, description }: Credential): string {
  return description ? `“${description}”` : id;
}

/**
 * The names that belong to the account.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useMemo, useState } from "preact/hooks";
import { Badge } from "../kit/badge.tsx";
import { Button } from "../kit/button.tsx";
import { Code } from "../kit/code.tsx";
import { Confirm, Dialog } from "../kit/dialog.tsx";
import { Empty } from "../kit/empty.tsx";
import { TextField } from "../kit/field.tsx";
import { formatAgo } from "../kit/format.ts";
import { type Column, Table } from "../kit/table.tsx";
import { Action } from "./action.ts";
import type { AppState } from "./app_state.ts";
import { describeCertificate } from "./certificate_words.ts";
import type { EdgeState } from "./edge_state.ts";
import type { Domain } from "./model.ts";

/** What each part of the page is given. */
interface PartProps {
  readonly app: AppState;
  readonly edge: EdgeState;
}

/** The domains. */
export function DomainsPage({ app, edge }: PartProps): VNode {
  const [adding, setAdding] = useState(false);
  const [doomed, setDoomed] = useState<Domain>();
  const domains = edge.domains.value;
  const live = edge.live.value!;
  const columns: Column<Domain>[] = [
    {
      label: "Domain",
      order: ({ domain }) => domain,
      cell: ({ domain, description }) => (
        <span class="stack">
          <Code>{domain}</Code>
          {description && <span class="soft small">{description}</span>}
        </span>
      ),
    },
    {
      label: "DNS",
      width: "30%",
      cell: ({ cname_target: target }) =>
        target
          ? (
            <span class="small">
              CNAME to <Code>{target}</Code>
            </span>
          )
          : <span class="soft small">below the edge’s own</span>,
    },
    {
      label: "Certificate",
      width: "20%",
      cell: (domain) => {
        const { kind, words, more } = describeCertificate(domain);
        return (
          <span class="stack">
            <Badge kind={kind}>{words}</Badge>
            {more && <span class="soft small">{more}</span>}
          </span>
        );
      },
    },
    {
      label: "Added",
      width: "6.5rem",
      numeric: true,
      order: ({ created_at: at }) => live.at_ms - Date.parse(at),
      cell: ({ created_at: at }) => formatAgo(live.at_ms - Date.parse(at)),
    },
    {
      label: "Actions",
      labelHidden: true,
      width: "7rem",
      cell: (domain) => (
        <div class="table-actions">
          <Button
            kind="quiet"
            label={`Remove ${domain.domain}`}
            onClick={() => setDoomed(domain)}
          >
            Remove
          </Button>
        </div>
      ),
    },
  ];
  return (
    <>
      <div class="panel-head">
        <p class="soft">Names that only your agents may open, whether they are online or not.</p>
        <Button kind="primary" icon="add" onClick={() => setAdding(true)}>Add a domain</Button>
      </div>
      {domains.length === 0
        ? (
          <Empty title="No domain is reserved">
            <p>
              Agents get names below <Code>{live.edge.domain}</Code>{" "}
              as they come. A name that must stay yours is reserved here.
            </p>
          </Empty>
        )
        : (
          <Table
            caption="Reserved domains"
            columns={columns}
            rows={domains}
            rowKey={({ id }) => id}
            words={(one) => [one.domain, one.description, one.cname_target]}
          />
        )}
      {adding && <AddDomain app={app} edge={edge} onClose={() => setAdding(false)} />}
      {doomed && (
        <RemoveDomain
          app={app}
          edge={edge}
          domain={doomed}
          onClose={() => setDoomed(undefined)}
        />
      )}
    </>
  );
}

function AddDomain({ app, edge, onClose }: PartProps & { readonly onClose: () => void }): VNode {
  const action = useMemo(() => new Action(), []);
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [asked, setAsked] = useState(false);
  const domain = name.trim().toLowerCase();
  async function add() {
    setAsked(true);
    if (domain === "") return;
    const done = await action.run(async () => {
      await edge.client.post("/reserved_domains", { domain, description: description.trim() });
      await edge.loadDomains();
    });
    if (!done) return;
    onClose();
    app.toasts.good(`${domain} is yours.`);
  }
  return (
    <Dialog
      title="Add a domain"
      onClose={onClose}
      onSubmit={add}
      problem={action.failure.value}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" submit busy={action.busy.value}>Add</Button>
        </>
      }
    >
      <TextField
        label="Domain"
        mono
        autofocus
        value={name}
        placeholder={`app.${edge.live.value!.edge.domain}`}
        hint="A name below the edge’s own, or any domain you own. *. in front takes all names below it."
        problem={asked && domain === "" ? "Say which domain" : undefined}
        onInput={setName}
      />
      <TextField
        label="What is it for?"
        maxLength={255}
        value={description}
        onInput={setDescription}
      />
    </Dialog>
  );
}

function RemoveDomain(
  { app, edge, domain, onClose }: PartProps & {
    readonly domain: Domain;
    readonly onClose: () => void;
  },
): VNode {
  const action = useMemo(() => new Action(), []);
  async function remove() {
    const done = await action.run(async () => {
      await edge.client.delete(`/reserved_domains/${domain.id}`);
      await edge.loadDomains();
    });
    if (!done) return;
    onClose();
    app.toasts.good(`${domain.domain} was removed.`);
  }
  return (
    <Confirm
      title="Remove this domain?"
      action="Remove"
      busy={action.busy.value}
      problem={action.failure.value}
      onConfirm={remove}
      onCancel={onClose}
    >
      <p>
        <Code>{domain.domain}</Code> is free for others from then on, when nobody holds it.
      </p>
    </Confirm>
  );
}

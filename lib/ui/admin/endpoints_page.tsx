/**
 * The public addresses that are online, and what passes through each of them.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { Badge } from "../kit/badge.tsx";
import { Code } from "../kit/code.tsx";
import { CopyField } from "../kit/copy_field.tsx";
import { Empty } from "../kit/empty.tsx";
import { formatAgo, formatBytes, formatCount, formatRate } from "../kit/format.ts";
import { type Column, Table } from "../kit/table.tsx";
import { type EdgeState, urlOf } from "./edge_state.ts";
import { agentCommand } from "./commands.ts";
import type { Endpoint, EndpointTraffic } from "./model.ts";
import { STILL } from "./rates.ts";

/** The endpoints. */
export function EndpointsPage({ edge }: { readonly edge: EdgeState }): VNode {
  const endpoints = edge.endpoints.value;
  const live = edge.live.value!;
  if (endpoints.length === 0) {
    return (
      <Empty title="No endpoint is online">
        <p>Start an agent on the machine with your service, with one of your authtokens:</p>
        <CopyField label="Command" labelHidden value={agentCommand(live.edge)} />
      </Empty>
    );
  }
  const rates = edge.measured.value?.byEndpoint;
  const totals = new Map(live.endpoints.map((traffic) => [traffic.id, traffic]));
  const columns: Column<Endpoint>[] = [
    { label: "Address", order: urlOf, cell: (endpoint) => <Address endpoint={endpoint} /> },
    {
      label: "Forwards to",
      width: "21%",
      order: ({ upstream_url: upstream }) => upstream ?? "",
      cell: ({ upstream_url: upstream }) => upstream && <Code>{upstream}</Code>,
    },
    traffic("Requests", ({ requests }) => requests, ({ id }) => [
      `${formatRate((rates?.get(id) ?? STILL).requests)}/s`,
      (total) => formatCount(total.requests),
    ]),
    traffic("From visitors", ({ in_bytes: bytes }) => bytes, ({ id }) => [
      `${formatBytes((rates?.get(id) ?? STILL).inBytes)}/s`,
      (total) => formatBytes(total.in_bytes),
    ]),
    traffic("To visitors", ({ out_bytes: bytes }) => bytes, ({ id }) => [
      `${formatBytes((rates?.get(id) ?? STILL).outBytes)}/s`,
      (total) => formatBytes(total.out_bytes),
    ]),
    {
      label: "Open",
      width: "4.5rem",
      numeric: true,
      order: ({ id }) => totals.get(id)?.open ?? 0,
      cell: ({ id }) => totals.has(id) ? formatCount(totals.get(id)!.open) : "",
    },
    {
      label: "Online",
      width: "6.5rem",
      numeric: true,
      order: ({ created_at: at }) => live.at_ms - Date.parse(at),
      cell: ({ created_at: at }) => formatAgo(live.at_ms - Date.parse(at)),
    },
  ];
  return (
    <Table
      caption="Endpoints that are online"
      columns={columns}
      rows={endpoints}
      rowKey={({ id }) => id}
      words={(one) => [urlOf(one), one.upstream_url, one.name, one.description]}
    />
  );

  /** A column with the rate now above the sum so far. */
  function traffic(
    label: string,
    sum: (traffic: EndpointTraffic) => number,
    read: (endpoint: Endpoint) => [rate: string, words: (traffic: EndpointTraffic) => string],
  ): Column<Endpoint> {
    return {
      label,
      width: "7rem",
      numeric: true,
      // By the sum: the rates of a moment would make the rows jump.
      order: ({ id }) => totals.has(id) ? sum(totals.get(id)!) : 0,
      cell: (endpoint) => {
        const total = totals.get(endpoint.id);
        if (!total) return null;
        const [rate, words] = read(endpoint);
        return (
          <span class="now-and-sum">
            <span>{rate}</span>
            <span class="soft small">{words(total)}</span>
          </span>
        );
      },
    };
  }
}

function Address({ endpoint }: { readonly endpoint: Endpoint }): VNode {
  const url = urlOf(endpoint);
  const words = endpoint.description || endpoint.name;
  return (
    <span class="stack">
      {/^https?:/.test(url)
        ? (
          <a href={url} target="_blank" rel="noreferrer">
            <Code>{url}</Code>
          </a>
        )
        : <Code>{url}</Code>}
      {words && <span class="soft small">{words}</span>}
      {endpoint.type === "cloud" && <Badge>served by the edge</Badge>}
    </span>
  );
}

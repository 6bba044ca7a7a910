/**
 * How the agent stands: its session, what passes now, its endpoints with their numbers, its settings.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import type { EndpointStatusJson, MetricsJson } from "../../api/agent/shapes.ts";
import { Badge } from "../kit/badge.tsx";
import { Code } from "../kit/code.tsx";
import { Figure, Figures } from "../kit/figure.tsx";
import { formatCount, formatDuration, formatLatency, formatRate } from "../kit/format.ts";
import type { InspectorState } from "./inspector_state.ts";
import { COURSE_LENGTH } from "./inspector_state.ts";
import { NameValues } from "./name_values.tsx";
import { QrCode } from "./qr_code.tsx";
import { Scatter } from "./scatter.tsx";
import { isReachable } from "./words.ts";

/** The status of the agent. */
export function StatusPage({ state }: { readonly state: InspectorState }): VNode {
  const status = state.status.value;
  if (!status) {
    return (
      <div class="status-page">
        <h1 tabIndex={-1} data-focus-home>Status</h1>
        <p class="soft">The agent has not answered yet.</p>
      </div>
    );
  }
  const { session, endpoints, config } = status;
  const course = state.course.value;
  const now = course.at(-1)!;
  const latency = session.latency_ms;
  const [latencyValue, latencyUnit] = latency === null
    ? ["–", ""]
    : formatLatency(latency).split(" ");
  const [p50Value, p50Unit] = formatLatency(now.p50Ms).split(" ");
  return (
    <div class="status-page">
      <header class="status-head">
        <h1 tabIndex={-1} data-focus-home>
          {session.status === "online" ? "All is well" : SESSION_TITLES[session.status]}
        </h1>
        <ul class="facts">
          <li>Version {status.version}</li>
          <li>up {formatDuration(Date.now() - Date.parse(status.started_at))}</li>
          {session.account && <li>{session.account}</li>}
          {session.region && <li>region {session.region}</li>}
          <li>
            {session.connect_url
              ? (
                <>
                  {session.status === "online" ? "connected to" : "its edge is"}{" "}
                  <Code>{session.connect_url}</Code>
                </>
              )
              : "with an edge of its own"}
          </li>
        </ul>
      </header>
      <section aria-label="Now">
        <Figures>
          <Figure
            label="Requests"
            quantity={{ value: formatRate(now.requests), unit: "/s" }}
            course={course.map(({ requests }) => requests)}
            slots={COURSE_LENGTH}
          />
          <Figure
            label="Open connections"
            quantity={{ value: formatCount(now.open), unit: "" }}
            course={course.map(({ open }) => open)}
            slots={COURSE_LENGTH}
          />
          <Figure
            label="Half answered within"
            quantity={{ value: p50Value, unit: p50Unit ?? "" }}
            course={course.map(({ p50Ms }) => p50Ms)}
            slots={COURSE_LENGTH}
          />
          <Figure
            label="Round trip to the edge"
            quantity={{ value: latencyValue, unit: latencyUnit }}
            course={course.map(({ latencyMs }) => latencyMs)}
            slots={COURSE_LENGTH}
          />
        </Figures>
      </section>
      <Scatter state={state} />
      <section class="status-part" aria-labelledby="endpoints-title">
        <h2 id="endpoints-title">Endpoints</h2>
        {endpoints.length === 0 && <p class="soft">No endpoint is online.</p>}
        {endpoints.map((endpoint) => <Endpoint key={endpoint.name} endpoint={endpoint} />)}
      </section>
      <section class="status-part" aria-labelledby="config-title">
        <h2 id="config-title">Configuration</h2>
        <NameValues label="Configuration" items={Object.entries(config)} />
      </section>
    </div>
  );
}

const SESSION_TITLES = {
  connecting: "Connecting",
  reconnecting: "Reconnecting",
  closing: "Shutting down",
} as const;

function Endpoint({ endpoint }: { readonly endpoint: EndpointStatusJson }): VNode {
  const { name, url, upstream, online, inspect, conns, http } = endpoint;
  const isWeb = /^https?:/.test(url);
  return (
    <article class="endpoint" aria-label={name}>
      <div class="endpoint-head">
        <div class="endpoint-words">
          <h3>{name}</h3>
          {isWeb
            ? <a class="try-link" href={url} target="_blank" rel="noreferrer">{url}</a>
            : <Code>{url}</Code>}
          <span class="soft small">
            leads to <Code>{upstream}</Code>
          </span>
          <span class="endpoint-badges">
            {online
              ? <Badge kind="good" dot>online</Badge>
              : <Badge kind="warn" dot>offline</Badge>}
            {!inspect && <Badge>not inspected</Badge>}
          </span>
        </div>
        {isWeb && isReachable(url) && <QrCode text={url} />}
      </div>
      <div class="metrics-box">
        <table class="metrics">
          <caption class="visually-hidden">Numbers of {name}</caption>
          <thead>
            <tr>
              <th scope="col">
                <span class="visually-hidden">What</span>
              </th>
              <th scope="col">count</th>
              <th scope="col">open</th>
              <th scope="col">1 min</th>
              <th scope="col">5 min</th>
              <th scope="col">15 min</th>
              <th scope="col">p50</th>
              <th scope="col">p90</th>
              <th scope="col">p95</th>
              <th scope="col">p99</th>
            </tr>
          </thead>
          <tbody>
            <MetricsRow words="Connections" metrics={conns} />
            {isWeb && <MetricsRow words="HTTP requests" metrics={http} />}
          </tbody>
        </table>
      </div>
    </article>
  );
}

function MetricsRow(
  { words, metrics }: { readonly words: string; readonly metrics: MetricsJson },
): VNode {
  const { count, gauge, rate1, rate5, rate15, p50, p90, p95, p99 } = metrics;
  return (
    <tr>
      <th scope="row">{words}</th>
      <td>{formatCount(count)}</td>
      <td>{gauge === undefined ? "" : formatCount(gauge)}</td>
      {[rate1, rate5, rate15].map((rate, at) => <td key={at}>{formatRate(rate)}/s</td>)}
      {[p50, p90, p95, p99].map((ns, at) => (
        <td key={at}>{count === 0 ? "–" : formatLatency(ns / 1e6)}</td>
      ))}
    </tr>
  );
}

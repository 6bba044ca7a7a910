/**
 * The page: the way in, or the edge with its parts.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { Badge } from "../kit/badge.tsx";
import { Button } from "../kit/button.tsx";
import { Code } from "../kit/code.tsx";
import { Figure, Figures } from "../kit/figure.tsx";
import { bytesQuantity, formatCount, formatDuration, formatRate } from "../kit/format.ts";
import { Icon } from "../kit/icons.tsx";
import { Mark } from "../kit/mark.tsx";
import { Notice } from "../kit/notice.tsx";
import { TabPanel, Tabs } from "../kit/tabs.tsx";
import type { ThemeChoice } from "../kit/theme.ts";
import { ThemeButton } from "../kit/theme_button.tsx";
import { ToastCorner } from "../kit/toast.tsx";
import { adminKey } from "./admin_keys.ts";
import { AgentsPage } from "./agents_page.tsx";
import type { AppState } from "./app_state.ts";
import { AuthtokensPage } from "./authtokens_page.tsx";
import { CA_FILE } from "./commands.ts";
import { DomainsPage } from "./domains_page.tsx";
import { COURSE_LENGTH, type EdgeState } from "./edge_state.ts";
import { EndpointsPage } from "./endpoints_page.tsx";
import { Login } from "./login.tsx";
import type { Section } from "./sections.ts";

/** What the page is made of. */
export interface AppProps {
  /** Its state. */
  readonly app: AppState;
  /** Light or dark. */
  readonly theme: ThemeChoice;
}

/** The page. */
export function App({ app, theme }: AppProps): VNode {
  const edge = app.edge.value;
  const domain = edge?.live.value?.edge.domain;
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (!app.edge.value || document.querySelector("dialog[open]")) return;
      const key = adminKey({
        key: event.key,
        isHeld: event.ctrlKey || event.metaKey || event.altKey,
        isWriting: (event.target as HTMLElement).matches?.("input, select, textarea"),
      });
      if (!key) return;
      event.preventDefault();
      if (key === "find") document.querySelector<HTMLElement>("[data-find]")?.focus();
      else app.show(key);
    }
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [app]);
  useEffect(() => {
    document.title = domain === undefined ? "Sallyport" : `${domain} · Sallyport`;
  }, [domain]);
  return (
    <>
      <div class="page">
        <header class="top">
          {edge && (
            <span class="brand">
              <Mark size={24} />
              <span class="brand-name">Sallyport</span>
            </span>
          )}
          <span class="top-tools">
            {edge && <Connection edge={edge} />}
            <ThemeButton choice={theme} />
            {edge && (
              <Button kind="quiet" icon="out" onClick={() => app.signOut()}>
                Sign out
              </Button>
            )}
          </span>
        </header>
        {edge ? <EdgePage app={app} edge={edge} /> : <Login app={app} />}
      </div>
      <footer class="wall">The gate through which those inside go out.</footer>
      <ToastCorner toasts={app.toasts} />
    </>
  );
}

function EdgePage({ app, edge }: { readonly app: AppState; readonly edge: EdgeState }): VNode {
  const section = app.section.value;
  return (
    <main>
      <Status edge={edge} />
      <Traffic edge={edge} />
      <Tabs
        label="Parts of this edge"
        selected={section}
        onSelect={(key) => app.show(key as Section)}
        tabs={[
          { key: "endpoints", label: "Endpoints", count: edge.endpoints.value.length },
          { key: "agents", label: "Agents", count: edge.sessions.value.length },
          { key: "authtokens", label: "Authtokens", count: edge.credentials.value.length },
          { key: "domains", label: "Domains", count: edge.domains.value.length },
        ]}
      />
      <TabPanel of={section}>
        {!edge.isWhole.value && (section === "endpoints" || section === "agents") && (
          <Notice>Only the newest are shown: the API and the command line list them all.</Notice>
        )}
        {section === "endpoints" && <EndpointsPage edge={edge} />}
        {section === "agents" && <AgentsPage app={app} edge={edge} />}
        {section === "authtokens" && <AuthtokensPage app={app} edge={edge} />}
        {section === "domains" && <DomainsPage app={app} edge={edge} />}
      </TabPanel>
    </main>
  );
}

function Status({ edge }: { readonly edge: EdgeState }): VNode {
  const live = edge.live.value!;
  const { domain, version, started_at_ms: startedAtMs, connect_address: connect } = live.edge;
  return (
    <section class="status" aria-label="This edge">
      <h1 tabIndex={-1} data-focus-home>{domain}</h1>
      <ul class="facts">
        <li>Version {version}</li>
        <li>up {formatDuration(live.at_ms - startedAtMs)}</li>
        {connect && (
          <li>
            agents connect to <Code>{connect}</Code>
          </li>
        )}
        {live.edge.has_ca && (
          <li>
            <a class="facts-link" href="/_sallyport/ca.pem" download={CA_FILE}>
              <Icon name="download" />Certificate authority
            </a>
          </li>
        )}
      </ul>
    </section>
  );
}

function Traffic({ edge }: { readonly edge: EdgeState }): VNode {
  const { total } = edge.measured.value!;
  const course = edge.course.value;
  const perSecond = (bytes: number) => {
    const { value, unit } = bytesQuantity(bytes);
    return { value, unit: `${unit}/s` };
  };
  return (
    <section class="traffic" aria-label="Traffic now">
      <Figures>
        <Figure
          label="Requests"
          quantity={{ value: formatRate(total.requests), unit: "/s" }}
          course={course.map(({ requests }) => requests)}
          slots={COURSE_LENGTH}
        />
        <Figure
          label="From visitors"
          quantity={perSecond(total.inBytes)}
          course={course.map(({ inBytes }) => inBytes)}
          slots={COURSE_LENGTH}
        />
        <Figure
          label="To visitors"
          quantity={perSecond(total.outBytes)}
          course={course.map(({ outBytes }) => outBytes)}
          slots={COURSE_LENGTH}
        />
        <Figure
          label="Open"
          quantity={{ value: formatCount(total.open), unit: "" }}
          course={course.map(({ open }) => open)}
          slots={COURSE_LENGTH}
        />
      </Figures>
    </section>
  );
}

/** Whether what is shown is what is. Its width is kept free, so that nothing moves when it changes. */
function Connection({ edge }: { readonly edge: EdgeState }): VNode {
  const lost = edge.lost.value;
  return (
    <span class="connection" role="status" title={lost?.message}>
      {lost ? <Badge kind="warn" dot>Trying again</Badge> : <Badge kind="good" dot>Live</Badge>}
    </span>
  );
}

/**
 * What a person reads when an edge has started: where it is, and what to paste on the agent's side.
 * `edge_server.ts` prints it.
 *
 * @module
 */
import { VERSION } from "../base/version.ts";
import type { Address } from "../runtime/net.ts";
import { dialable, isEverywhere } from "./listen_address.ts";
import { row, spread } from "./render.ts";

/** What is known of an edge that has started. */
export interface EdgeFacts {
  /** The first base domain. */
  readonly domain: string;
  /** Where HTTP visitors arrive. */
  readonly http: Address | undefined;
  /** Where HTTPS and TLS visitors arrive. */
  readonly https: Address | undefined;
  /** Where agents arrive. */
  readonly agents: Address | undefined;
  /** The ports of TCP endpoints, in words. */
  readonly tcpPorts: string;
  /** The path of the authority's certificate. */
  readonly ca: string;
  /** What agents are told to connect to. */
  readonly connectUrl: string;
  /** Where programs on this machine reach the API, without a slash at the end. */
  readonly api: string | undefined;
  /** Where everybody does. */
  readonly apiUrl: string | undefined;
  /** The owner's API key, when it was made just now. */
  readonly newApiKey: string | undefined;
  /** The owner's authtoken, when it was made just now. */
  readonly newAuthtoken: string | undefined;
  /** Whether it was given in the environment. */
  readonly isPreset: boolean;
}

/** The whole status. */
export function formatEdgeStatus(facts: EdgeFacts, columns: number): string {
  const rows: [string, string][] = [
    ["Version", VERSION],
    ["Domain", facts.domain],
    ["HTTP", place(facts.http)],
    ["HTTPS and TLS", place(facts.https)],
    ["Agents", place(facts.agents)],
    ["TCP ports", facts.tcpPorts],
    [
      "API and admin page",
      [...new Set([facts.apiUrl, facts.api])].filter(Boolean).join(" ") || "-",
    ],
    ["Certificate authority", facts.ca],
  ];
  return [
    spread("sallyport edge", "(Ctrl+C to quit)", columns),
    "",
    ...rows.map(([label, value]) => row(label, value)),
    "",
    formatPaste(facts),
  ].join("\n") + "\n";
}

/** What to paste on the machine with the service. */
export function formatPaste(facts: EdgeFacts): string {
  const { newAuthtoken, newApiKey, isPreset, connectUrl, ca } = facts;
  const token = newAuthtoken ??
    (isPreset ? "<what SALLYPORT_EDGE_AUTHTOKEN is here>" : "<what the first start printed>");
  const made = [newAuthtoken && "The authtoken", newApiKey && "The API key"].filter(Boolean);
  const once = made.length === 0
    ? []
    : made.length === 1
    ? ["", `${made[0]} is shown this once: keep it. Only a hash of it is stored.`]
    : ["", "The authtoken and the API key are shown this once: keep them. Only hashes are stored."];
  return [
    "On the machine with your service, next to a copy of the authority's certificate:",
    "",
    `  export SALLYPORT_AUTHTOKEN=${token}`,
    `  sallyport http 8080 --connect-url ${connectUrl} --connect-cas ${shellWord(ca)}`,
    ...apiPaste(facts),
    ...once,
    "",
  ].join("\n");
}

/** How the API is asked from here, while its key can be shown. */
function apiPaste({ newApiKey, api, apiUrl, ca }: EdgeFacts): string[] {
  if (newApiKey === undefined) return [];
  const cas = api === undefined && ca !== "" ? ` --api-cas ${shellWord(ca)}` : "";
  return [
    "",
    "To look after the edge through its API, or log in to its admin page with the key:",
    "",
    `  export SALLYPORT_API_KEY=${newApiKey}`,
    `  sallyport api endpoints list --api-url ${api ?? apiUrl}${cas}`,
  ];
}

/** A place as operators write it: `*` is every address of the machine. */
function place(address: Address | undefined): string {
  if (!address) return "-";
  return isEverywhere(address) ? `*:${address.port}` : dialable(address);
}

/** A word as a shell reads it back. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./\\-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

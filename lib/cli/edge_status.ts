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
  const { newAuthtoken, isPreset, connectUrl, ca } = facts;
  const token = newAuthtoken ??
    (isPreset ? "<what SALLYPORT_EDGE_AUTHTOKEN is here>" : "<what the first start printed>");
  const once = newAuthtoken === undefined ? [] : [
    "",
    "The authtoken is shown this once: keep it. Only a hash of it is stored.",
  ];
  return [
    "On the machine with your service, next to a copy of the authority's certificate:",
    "",
    `  export SALLYPORT_AUTHTOKEN=${token}`,
    `  sallyport http 8080 --connect-url ${connectUrl} --connect-cas ${shellWord(ca)}`,
    ...once,
    "",
  ].join("\n");
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

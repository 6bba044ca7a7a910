/**
 * The first request of a session, its answer, and what a refusal means: try again, or stop for good
 * (wire-protocol 5.1 and 8.3).
 *
 * @module
 */
import { parseNgrokError, TunnelError } from "../base/errors.ts";
import { VERSION } from "../base/version.ts";
import type { Host } from "../runtime/host.ts";
import { pick } from "../wire/codec.ts";
import {
  type AuthRequest,
  type AuthResponse,
  type AuthResponseExtra,
  FEATURES,
  PROTOCOL_VERSIONS,
} from "../wire/messages.ts";
import { unsupportedError } from "./commands.ts";
import type { AgentConfig } from "./config.ts";

/** What is kept of a session so that the next connection continues it. */
export interface SessionTicket {
  /** The id the server gave; empty for a new session. */
  readonly clientId: string;
  /** The server's own note; empty when there is none. */
  readonly cookie: string;
}

/** No session yet. */
export const NEW_SESSION: SessionTicket = { clientId: "", cookie: "" };

/** What the server said about the session. */
export interface SessionInfo {
  /** The server's id of the session: stable across reconnects. */
  readonly sessionId: string;
  /** The id of this very connection in the server's API, where it has one. */
  readonly agentSessionId: string;
  /** The version of the server. */
  readonly serverVersion: string;
  /** Where it is. */
  readonly region: string;
  /** Whose account. */
  readonly accountName: string;
  /** The account's plan. */
  readonly planName: string;
  /** A message for the user; mostly empty. */
  readonly banner: string;
  /** The server warns that this client is getting old; mostly empty. */
  readonly deprecation: string;
  /** How long the session may last in seconds; 0 is without limit. */
  readonly sessionDurationS: number;
}

/** An address of an edge. */
export interface EdgeRegion {
  /** Where it is; empty when the edge does not say. */
  readonly region: string;
  /** `host:port` */
  readonly address: string;
}

/** An accepted session. */
export interface AuthResult {
  /** What the server said. */
  readonly info: SessionInfo;
  /** For the next connection. */
  readonly ticket: SessionTicket;
  /** What only two Sallyport ends understand. */
  readonly features: readonly string[];
  /** Where the edge can be reached, `host:port`; more than one ask for further legs. */
  readonly connectAddresses: readonly string[];
  /** The same, each with the region it is in; empty where the edge does not say. */
  readonly regions: readonly EdgeRegion[];
}

/** Names of operating systems as Go has them; the server compares them. */
const GO_OS: Readonly<Record<Host["os"], string>> = {
  linux: "linux",
  darwin: "darwin",
  windows: "windows",
  freebsd: "freebsd",
  other: "other",
};

const NS_PER_MS = 1_000_000;

/**
 * The request. Its keys, their order and their spelling are those of the official Go client, except
 * for `AuthToken`, spelled as the Rust one does: servers must take both (wire-protocol 5).
 *
 * @param config the agent's options
 * @param host the machine
 * @param ticket what is left of the session before
 * @param legNumber 0, or which further leg asks
 */
export function buildAuthRequest(
  config: AgentConfig,
  host: Host,
  ticket: SessionTicket,
  legNumber = 0,
): AuthRequest {
  const own = `sallyport/${VERSION}`;
  return {
    Version: [...PROTOCOL_VERSIONS],
    ClientId: ticket.clientId,
    Extra: {
      OS: GO_OS[host.os],
      Arch: host.arch,
      AuthToken: config.authtoken,
      Version: VERSION,
      Hostname: host.hostName(),
      UserAgent: config.userAgent === "" ? own : `${config.userAgent} ${own}`,
      Metadata: config.metadata,
      Cookie: ticket.cookie,
      HeartbeatInterval: Math.round(config.heartbeatIntervalMs * NS_PER_MS),
      HeartbeatTolerance: Math.round(config.heartbeatToleranceMs * NS_PER_MS),
      Fingerprint: null,
      UpdateUnsupportedError: unsupportedError(config.commands, "update"),
      StopUnsupportedError: unsupportedError(config.commands, "stop"),
      RestartUnsupportedError: unsupportedError(config.commands, "restart"),
      ProxyType: config.proxy?.kind ?? "",
      MutualTLS: false,
      ServiceRun: config.serviceRun,
      ConfigVersion: "",
      CustomInterface: config.connectInterface !== undefined,
      CustomCAs: config.connectCas !== "trusted" &&
        config.connectCas !== "host",
      ClientType: "sallyport",
      LegNumber: legNumber,
      SallyportFeatures: [...FEATURES],
    },
  };
}

/**
 * Reads the answer.
 *
 * @param object the JSON that came
 * @throws {TunnelError} refused with the server's text and number; message_invalid
 */
export function readAuthResponse(object: Record<string, unknown>): AuthResult {
  const response = pick<AuthResponse>(
    object,
    { Version: "string", ClientId: "string", Error: "string", Extra: "object" },
    "the Auth response",
  );
  if (response.Error) throw refusal(response.Error);
  const extra = pick<AuthResponseExtra>(response.Extra ?? {}, {
    Version: "string",
    Region: "string",
    Cookie: "string",
    AccountName: "string",
    SessionDuration: "number",
    PlanName: "string",
    Banner: "string",
    DeprecationWarning: "any",
    ConnectAddresses: "any",
    AgentSessionID: "string",
    SallyportFeatures: "strings",
  }, "the Auth response");
  const clientId = response.ClientId ?? "";
  const regions = edgeRegions(extra.ConnectAddresses);
  return {
    info: {
      sessionId: clientId,
      agentSessionId: extra.AgentSessionID ?? "",
      serverVersion: extra.Version ?? "",
      region: extra.Region ?? "",
      accountName: extra.AccountName ?? "",
      planName: extra.PlanName ?? "",
      banner: extra.Banner ?? "",
      deprecation: deprecationText(extra.DeprecationWarning),
      sessionDurationS: extra.SessionDuration ?? 0,
    },
    ticket: { clientId, cookie: extra.Cookie ?? "" },
    features: extra.SallyportFeatures ?? [],
    connectAddresses: regions.map(({ address }) => address),
    regions,
  };
}

/** The addresses of a list that may be anything: what is not understood is left out. */
function edgeRegions(list: unknown): EdgeRegion[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: { ServerAddr?: unknown; Region?: unknown } | null) => {
    const { ServerAddr: address, Region: region } = entry ?? {};
    if (typeof address !== "string" || address === "") return [];
    return [{ address, region: typeof region === "string" ? region : "" }];
  });
}

/** The notice's words. It is advice: one that cannot be read is no reason to refuse a session. */
function deprecationText(warning: unknown): string {
  if (typeof warning !== "object" || warning === null) return "";
  const text = (warning as { Msg?: unknown }).Msg;
  return typeof text === "string" ? text : "";
}

/**
 * The error of an `Error` field.
 *
 * @param text the whole field
 */
export function refusal(text: string): TunnelError {
  const { message, ngrokCode } = parseNgrokError(text);
  return new TunnelError(
    "refused",
    message || `The server refused: ERR_NGROK_${ngrokCode}`,
    {
      ngrokCode,
    },
  );
}

/** The server's own trouble and its rate limits: they pass (edge.md K). */
// deno-fmt-ignore
const PASSING_CODES: ReadonlySet<number> = new Set([702, 703, 714, 715, 722, 734, 741, 742, 743]);

/** Whether a refusal speaks of trouble on the server's side that passes. */
export function isPassing(error: TunnelError): boolean {
  return error.ngrokCode !== undefined && PASSING_CODES.has(error.ngrokCode);
}

/**
 * Session codes that no repetition mends: the account, the token, the address we come from, the
 * version we speak (edge.md K).
 */
// deno-fmt-ignore
const FINAL_CODES: ReadonlySet<number> = new Set([
  100, 102, 103, 105, 106, 107, 109, 111, 112, 115, 116, 119, 120, 121, 122, 124, 126, 127,
  300, 301, 338, 636, 800, 801, 811, 813, 4018, 8013, 8014, 9009, 9040,
]);

/** The server does not accept the cookie we came back with: ask for a new session. */
export const BAD_COOKIE_CODE = 110;

/**
 * Whether an attempt to connect failed for good.
 *
 * At the first connect anything the server says no to is final, unless it speaks of its own
 * trouble, and so is a certificate that cannot be trusted: somebody is sitting there to mend it.
 * Afterwards nobody is: only what certainly never mends itself ends the agent.
 *
 * @param error why the attempt failed
 * @param connectedBefore whether there was a session before
 */
export function isFinal(error: TunnelError, connectedBefore: boolean): boolean {
  switch (error.code) {
    case "refused": {
      return connectedBefore ? FINAL_CODES.has(error.ngrokCode ?? 0) : !isPassing(error);
    }
    case "tls_untrusted":
    case "tls_name_mismatch":
    case "tls_expired":
    case "permission_denied":
    case "config_invalid":
    case "address_invalid":
    case "internal":
      return !connectedBefore;
    default:
      return false;
  }
}

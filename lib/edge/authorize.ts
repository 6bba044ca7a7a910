/**
 * The Auth RPC: reads who connects, checks the authtoken, recognises an agent that was here before,
 * and writes the answer (wire-protocol 5.1).
 *
 * Called by `rpc.ts`.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { randomHex } from "../base/bytes.ts";
import { TunnelError } from "../base/errors.ts";
import { VERSION } from "../base/version.ts";
import { pick } from "../wire/codec.ts";
import {
  type AuthExtra,
  type AuthRequest,
  type AuthResponse,
  FEATURES,
  PROTOCOL_VERSIONS,
} from "../wire/messages.ts";
import type { AgentSession, PeerKind, SessionFacts } from "./agent_session.ts";
import type { Authenticator } from "./auth.ts";
import type { Signer } from "./tokens.ts";

const AUTH_FIELDS = { Version: "strings", ClientId: "string", Extra: "object" } as const;

const EXTRA_FIELDS = {
  OS: "string",
  Arch: "string",
  AuthToken: "string",
  Version: "string",
  Hostname: "string",
  UserAgent: "string",
  Metadata: "string",
  Cookie: "string",
  HeartbeatInterval: "number",
  HeartbeatTolerance: "number",
  Fingerprint: "any",
  UpdateUnsupportedError: "string",
  StopUnsupportedError: "string",
  RestartUnsupportedError: "string",
  ProxyType: "string",
  MutualTLS: "boolean",
  ServiceRun: "boolean",
  ConfigVersion: "string",
  CustomInterface: "boolean",
  CustomCAs: "boolean",
  ClientType: "string",
  LegNumber: "number",
  SallyportFeatures: "strings",
} as const;

/** Edge I: what a user's programs may say about a session. */
const MAX_METADATA_CHARS = 4096;

/** What the edge keeps of the texts an agent sends about itself. */
const MAX_FACT_CHARS = 512;

/** More legs than this are a mistake. */
const MAX_LEG_NUMBER = 64;

const NS_PER_MS = 1_000_000;

/** What authorizing needs. */
export interface AuthorizeOptions {
  /** Decides about authtokens. */
  readonly authenticator: Authenticator;
  /** Signs cookies. */
  readonly signer: Signer;
  /** Time. */
  readonly clock: Clock;
  /** Where the edge is, for the agent's screen. */
  readonly region: string;
  /** Where else agents reach the edge, their own address first; fewer than two ask for no further legs. */
  readonly connectAddresses?: () => readonly string[];
  /** How often an agent is pinged that does not say how often it pings. */
  readonly heartbeatIntervalMs: number;
  /** How long one may stay silent beyond that. */
  readonly heartbeatToleranceMs: number;
  /** Agents that want less are refused (111, 112). */
  readonly minHeartbeatMs: number;
  /** Agents that want more get this. */
  readonly maxHeartbeatMs: number;
  /** Has the last word before an agent is let in. @throws {TunnelError} refused */
  readonly onAdmit: (session: AgentSession, facts: SessionFacts) => void;
  /** Hears of each agent that was let in. */
  readonly onAdmitted?: ((session: AgentSession) => void) | undefined;
}

/**
 * Authenticates a session and lets it in.
 *
 * @param session the connection
 * @param message the parsed request
 * @param options keys and limits
 * @returns the answer
 * @throws {TunnelError} refused with what the authenticator says (4018, 105, 107, 300, 103, 115 …),
 * 811, 111, 112, 100; message_invalid with 109
 */
export async function authorize(
  session: AgentSession,
  message: Record<string, unknown>,
  options: AuthorizeOptions,
): Promise<AuthResponse> {
  const { request, extra } = readAuth(message);
  const protocolVersion = chooseVersion(request.Version ?? []);
  const heartbeat = heartbeatOf(extra, options);
  if ((extra.Metadata ?? "").length > MAX_METADATA_CHARS) {
    throw refuse(100, `the metadata is longer than ${MAX_METADATA_CHARS} characters`);
  }
  const { grant, refusal } = await options.authenticator.authenticate(
    extra.AuthToken ?? "",
    session.remote.host,
  );
  if (!grant) {
    throw new TunnelError("refused", refusal.message, { ngrokCode: refusal.ngrokCode });
  }

  const resumedId = await knownClient(request.ClientId ?? "", extra, grant.accountId, options);
  const clientId = resumedId ?? randomHex(16);
  const features = FEATURES.filter((feature) => extra.SallyportFeatures?.includes(feature));
  const userAgent = (extra.UserAgent ?? "").slice(0, MAX_FACT_CHARS);
  const facts: SessionFacts = {
    grant,
    clientId,
    resumed: resumedId !== undefined,
    legNumber: legNumberOf(extra),
    kind: kindOf(userAgent, extra.SallyportFeatures !== undefined),
    protocolVersion,
    userAgent,
    agentVersion: (extra.Version ?? "").slice(0, MAX_FACT_CHARS),
    os: (extra.OS ?? "").slice(0, MAX_FACT_CHARS),
    arch: (extra.Arch ?? "").slice(0, MAX_FACT_CHARS),
    metadata: extra.Metadata ?? "",
    commands: {
      stop: supportOf(extra.StopUnsupportedError),
      restart: supportOf(extra.RestartUnsupportedError),
      update: supportOf(extra.UpdateUnsupportedError),
    },
    startedAtMs: options.clock.now(),
  };
  const cookie = await options.signer.seal("cookie", { c: clientId, a: grant.accountId });
  options.onAdmit(session, facts);
  session.admit(facts, heartbeat);
  options.onAdmitted?.(session);
  if (features.includes("window-growth")) session.allowWindowGrowth();
  return {
    Version: protocolVersion,
    ClientId: clientId,
    Error: "",
    Extra: {
      Version: `sallyport/${VERSION}`,
      Region: options.region,
      Cookie: cookie,
      AccountName: grant.accountName,
      SessionDuration: 0,
      PlanName: grant.planName,
      Banner: "",
      DeprecationWarning: null,
      // Two or more make agents open further legs (wire-protocol 8.2).
      ConnectAddresses: connectAddressesOf(options),
      AgentSessionID: session.id,
      ...(features.length > 0 ? { SallyportFeatures: features } : {}),
    },
  };
}

function connectAddressesOf(options: AuthorizeOptions): { Region: string; ServerAddr: string }[] {
  const addresses = options.connectAddresses?.() ?? [];
  if (addresses.length < 2) return [];
  return addresses.map((ServerAddr) => ({ Region: options.region, ServerAddr }));
}

function readAuth(
  message: Record<string, unknown>,
): { request: Partial<AuthRequest>; extra: Partial<AuthExtra> } {
  try {
    const request = pick<AuthRequest>(message, AUTH_FIELDS, "the Auth request");
    const extra = pick<AuthExtra>({ ...request.Extra }, EXTRA_FIELDS, "Auth's Extra");
    return { request, extra };
  } catch (thrown) {
    // The same fault has another number here than in a bind.
    if (!(thrown instanceof TunnelError)) throw thrown;
    throw new TunnelError("message_invalid", thrown.message, { ngrokCode: 109, cause: thrown });
  }
}

/** The first version of the agent's list that we speak. */
function chooseVersion(wanted: readonly string[]): string {
  const known: readonly string[] = PROTOCOL_VERSIONS;
  const chosen = wanted.find((version) => known.includes(version));
  if (chosen !== undefined) return chosen;
  const asked = wanted.slice(0, 8).map((version) => version.slice(0, 16)).join('", "');
  throw refuse(
    811,
    `it wants protocol version "${asked}", and this edge speaks "${known.join('", "')}"`,
  );
}

function heartbeatOf(
  extra: Partial<AuthExtra>,
  options: AuthorizeOptions,
): { intervalMs: number; toleranceMs: number } {
  const { minHeartbeatMs: min, maxHeartbeatMs: max } = options;
  // 0 and absent: the agent leaves it to us.
  const intervalMs = (extra.HeartbeatInterval || 0) / NS_PER_MS || options.heartbeatIntervalMs;
  const toleranceMs = (extra.HeartbeatTolerance || 0) / NS_PER_MS || options.heartbeatToleranceMs;
  if (!(intervalMs >= min)) {
    throw refuse(111, `its heartbeat interval of ${intervalMs} ms is less than ${min} ms`);
  }
  if (!(toleranceMs >= min)) {
    throw refuse(112, `its heartbeat tolerance of ${toleranceMs} ms is less than ${min} ms`);
  }
  return { intervalMs: Math.min(intervalMs, max), toleranceMs: Math.min(toleranceMs, max) };
}

/**
 * The id of an agent that was here before. The cookie proves it; an id with another's cookie, or
 * with none, makes a new agent: nobody takes over a session by knowing its name.
 */
async function knownClient(
  clientId: string,
  extra: Partial<AuthExtra>,
  accountId: string,
  options: AuthorizeOptions,
): Promise<string | undefined> {
  if (clientId === "" || !extra.Cookie) return undefined;
  const note = await options.signer.open("cookie", extra.Cookie);
  if (note.status !== "valid") return undefined;
  const { c, a } = note.payload;
  return c === clientId && a === accountId ? clientId : undefined;
}

function legNumberOf(extra: Partial<AuthExtra>): number {
  const leg = extra.LegNumber ?? 0;
  if (Number.isInteger(leg) && leg >= 0 && leg <= MAX_LEG_NUMBER) return leg;
  throw new TunnelError("message_invalid", `Cannot authenticate: ${leg} is no leg number`, {
    ngrokCode: 109,
  });
}

/** The family of an agent, from what it calls itself. */
export function kindOf(userAgent: string, announcesFeatures: boolean): PeerKind {
  if (announcesFeatures || /(^|\s)sallyport\//.test(userAgent)) return "sallyport";
  if (userAgent.includes("ngrok-rust/")) return "rust";
  // The command-line agents, v2 and v3, are Go programs.
  if (userAgent.includes("ngrok-go/") || /^ngrok\/[23]/.test(userAgent)) return "go";
  return "other";
}

/** Empty when supported; absent is a client too old (wire-protocol 5.1). */
function supportOf(unsupported: string | null | undefined): string {
  return unsupported ?? "the agent is too old";
}

function refuse(ngrokCode: number, found: string): TunnelError {
  return new TunnelError("refused", `Cannot accept this agent: ${found}`, { ngrokCode });
}

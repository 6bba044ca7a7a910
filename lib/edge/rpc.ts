/**
 * What an agent may ask the edge: one row per stream type, each with its answer, and its refusal in
 * the shape its clients can read (wire-protocol 5).
 *
 * `agents.ts` hands each stream of an agent to {@linkcode serveAgentStream}.
 *
 * @module
 */
import { type Clock, deadline } from "../base/clock.ts";
import { formatNgrokError, toTunnelError, TunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { RESET } from "../mux/frame.ts";
import type { MuxStream } from "../mux/mux.ts";
import { answerJson, pick, readJson } from "../wire/codec.ts";
import {
  type BindResponse,
  type LabelRequest,
  type LabelResponse,
  MAX_MESSAGE_BYTES,
  type PatchRequest,
  PROTOCOL_VERSIONS,
  STREAM,
  type UnbindRequest,
} from "../wire/messages.ts";
import type { AgentSession } from "./agent_session.ts";
import { authorize, type AuthorizeOptions } from "./authorize.ts";
import { bindEndpoint, type BindRules } from "./bind.ts";
import { repolicy } from "./bind_policy.ts";
import { checkTexts, ksuidOf } from "./bind_message.ts";
import type { EndpointRegistry } from "./endpoints.ts";
import type { Places } from "./places.ts";

/** What serving agents needs. */
export interface RpcOptions {
  /** Time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** For Auth. */
  readonly auth: AuthorizeOptions;
  /** For Bind. */
  readonly bind: BindRules;
  /** Who has which address. */
  readonly places: Places;
  /** The endpoints that are online. */
  readonly registry: EndpointRegistry;
  /** How long a request may take to arrive. */
  readonly requestTimeoutMs: number;
  /** Whether the edge is shutting down and takes no more binds. */
  readonly isClosing: () => boolean;
  /** An agent has read the answer to its Bind, and said so by its end of the stream. */
  readonly onBound?: ((endpointId: string) => void) | undefined;
  /** An agent got an error instead of what it asked for. */
  readonly onRefused: (session: AgentSession, rpc: string, error: TunnelError) => void;
}

/** One thing an agent may ask. */
interface Rpc {
  /** For the log. */
  readonly name: string;
  /** Whether it is answered before Auth. */
  readonly beforeAuth: boolean;
  /** The largest request. */
  readonly maxBytes: number;
  /** The number of a request that cannot be read. */
  readonly invalidCode: number;
  /** Does it. */
  readonly run: (
    session: AgentSession,
    message: Record<string, unknown>,
    options: RpcOptions,
  ) => object | Promise<object>;
  /** The answer that says why not, with the keys that the Rust SDK insists on. */
  readonly refuse: (error: string) => object;
}

/** Enough for every Auth there is; more from somebody unknown is not read. */
const MAX_AUTH_BYTES = 64 * 1024;

/** Requests at a time of somebody unknown: each may hold {@linkcode MAX_AUTH_BYTES}. */
const MAX_REQUESTS_BEFORE_AUTH = 8;

/** How long the agent may take to close the connection after an Auth error, before we do. */
const FAREWELL_MS = 1_000;

/** Everything an agent may ask, by stream type. */
const RPCS: ReadonlyMap<number, Rpc> = new Map<number, Rpc>([
  [STREAM.auth, {
    name: "Auth",
    beforeAuth: true,
    maxBytes: MAX_AUTH_BYTES,
    invalidCode: 109,
    run: (session, message, options) => authorize(session, message, options.auth),
    refuse: (error) => ({ Version: PROTOCOL_VERSIONS[0], ClientId: "", Error: error, Extra: {} }),
  }],
  [STREAM.bind, {
    name: "Bind",
    beforeAuth: false,
    maxBytes: MAX_MESSAGE_BYTES,
    invalidCode: 301,
    run: (session, message, options) => {
      if (options.isClosing()) throw shuttingDown();
      return bindEndpoint(session, message, options.bind);
    },
    refuse: (error) => ({ Error: error }),
  }],
  [STREAM.unbind, {
    name: "Unbind",
    beforeAuth: false,
    maxBytes: MAX_AUTH_BYTES,
    invalidCode: 801,
    run: (session, message, options) => {
      const { Id = "" } = pick<UnbindRequest>(message, { Id: "string" }, "the Unbind request");
      options.places.unbind(session, Id);
      return { Error: "", Extra: null };
    },
    refuse: (error) => ({ Error: error, Extra: null }),
  }],
  [STREAM.startTunnelWithLabel, {
    name: "StartTunnelWithLabel",
    beforeAuth: false,
    maxBytes: MAX_MESSAGE_BYTES,
    invalidCode: 301,
    run: startLabeled,
    refuse: (error) => ({ Id: "", Error: error }),
  }],
  [STREAM.srvInfo, {
    name: "SrvInfo",
    // The Go SDK's diagnosis asks without Auth (wire-protocol 5.1).
    beforeAuth: true,
    maxBytes: MAX_AUTH_BYTES,
    invalidCode: 801,
    run: (_session, _message, options) => ({ Region: options.auth.region }),
    refuse: (error) => ({ Region: "", Error: error }),
  }],
  [STREAM.patchTunnelState, {
    name: "PatchTunnelState",
    beforeAuth: false,
    maxBytes: MAX_MESSAGE_BYTES,
    invalidCode: 801,
    run: patchEndpoint,
    refuse: (error) => ({ Error: error }),
  }],
]);

/**
 * Serves one stream that an agent opened. Never rejects: what goes wrong is answered where the
 * protocol has an answer, else the stream is reset, and the session lives on. Only a refused Auth
 * ends the connection.
 *
 * @param session whose stream
 * @param stream its type is read already
 * @param options everything the requests need
 */
export async function serveAgentStream(
  session: AgentSession,
  stream: MuxStream,
  options: RpcOptions,
): Promise<void> {
  const rpc = RPCS.get(stream.type);
  if (!rpc) {
    options.logger.log("warn", "agent opened a stream of unknown type", {
      session: session.id,
      type: stream.type,
      err: "ERR_NGROK_800",
    });
    stream.reset(RESET.streamRefused);
    return;
  }
  if (!session.facts && session.requests >= MAX_REQUESTS_BEFORE_AUTH) {
    stream.reset(RESET.enhanceYourCalm);
    return;
  }
  session.requests++;
  try {
    await answer(session, stream, rpc, options);
  } catch (thrown) {
    // The stream or the whole session went while it was answered: there is nobody to tell.
    const { message } = toTunnelError(thrown);
    options.logger.log("debug", "request was not answered", {
      session: session.id,
      request: rpc.name,
      err: message,
    });
    stream.reset(RESET.streamCancelled);
  } finally {
    session.requests--;
  }
}

async function answer(
  session: AgentSession,
  stream: MuxStream,
  rpc: Rpc,
  options: RpcOptions,
): Promise<void> {
  let error: TunnelError | undefined;
  let response: object;
  try {
    if (!session.facts && !rpc.beforeAuth) {
      throw new TunnelError("refused", `Cannot serve ${rpc.name} before Auth`, { ngrokCode: 109 });
    }
    const message = await deadline(
      options.clock,
      readJson(stream, rpc.maxBytes),
      options.requestTimeoutMs,
      `The ${rpc.name} request did not arrive`,
    );
    response = await rpc.run(session, message, options);
  } catch (thrown) {
    error = toTunnelError(thrown);
    if (isNobodyThere(error)) throw error;
    response = rpc.refuse(errorText(error, rpc, options.logger));
    options.onRefused(session, rpc.name, error);
  }
  // FIN with the answer: the Rust SDK reads to the end of the stream (wire-protocol 5).
  await answerJson(stream, response);
  if (error && stream.type === STREAM.auth) return await sayGoodbye(session, stream, options);
  await drain(stream, options);
  if (!error && stream.type === STREAM.bind) options.onBound?.((response as BindResponse).Id);
}

/** Reads what is left of a request until the agent's own end; a stream half open is memory for ever. */
async function drain(stream: MuxStream, options: RpcOptions): Promise<void> {
  const timer = options.clock.after(options.requestTimeoutMs, () => {
    stream.reset(RESET.streamCancelled);
  });
  try {
    while (await stream.read() !== undefined);
  } finally {
    timer.cancel();
  }
}

/**
 * After an Auth error the connection is closed (wire-protocol 5.1), by the agent if it is quick: a
 * GOAWAY right behind the answer could overtake it in the client.
 */
async function sayGoodbye(
  session: AgentSession,
  stream: MuxStream,
  options: RpcOptions,
): Promise<void> {
  const timer = options.clock.after(FAREWELL_MS, () => stream.reset(RESET.noError));
  await Promise.race([stream.closed, session.closed]);
  timer.cancel();
  await session.close("authentication failed");
}

/** Whether an error says that the stream is gone, and not that the request was bad. */
function isNobodyThere(error: TunnelError): boolean {
  switch (error.code) {
    case "session_closed":
    case "connection_closed":
    case "connection_reset":
    case "stream_reset":
    case "aborted":
    case "timed_out":
    case "heartbeat_lost":
    case "mux_protocol":
      return true;
    default:
      return false;
  }
}

/** The `Error` field. What is our own fault is not explained to strangers. */
function errorText(error: TunnelError, rpc: Rpc, logger: Logger): string {
  if (error.ngrokCode !== undefined) return formatNgrokError(error.message, error.ngrokCode);
  if (error.code === "message_invalid" || error.code === "message_too_large") {
    return formatNgrokError(error.message, rpc.invalidCode);
  }
  logger.log("error", "request failed", { request: rpc.name, err: error.message });
  return formatNgrokError(`The edge could not serve ${rpc.name}: internal error`, 802);
}

function shuttingDown(): TunnelError {
  return new TunnelError("refused", "Cannot bind: the edge is shutting down", { ngrokCode: 742 });
}

/** Starts a tunnel with labels; nothing of this edge leads to it, and the log says so. */
function startLabeled(
  session: AgentSession,
  message: Record<string, unknown>,
  { places, isClosing, logger }: RpcOptions,
): LabelResponse {
  if (isClosing()) throw shuttingDown();
  const request = pick<LabelRequest>(message, LABEL_FIELDS, "the label request");
  const { Labels: labels = {}, ForwardsTo: forwardsTo = "", Metadata: metadata = "" } = request;
  checkTexts({ forwardsTo, metadata });
  const { id } = places.startLabeled(session, { labels, forwardsTo, metadata });
  logger.log("warn", "labeled tunnel started; no visitor comes to it, for this edge has no Edges", {
    session: session.id,
    id,
    labels: Object.entries(labels).map(([label, value]) => `${label}=${value}`).join(" "),
  });
  return { Id: id, Error: "" };
}

const LABEL_FIELDS = {
  Labels: "object",
  ForwardsTo: "string",
  ForwardsProto: "string",
  Metadata: "string",
} as const;

const PATCH_FIELDS = {
  TunnelId: "string",
  Name: "string",
  Description: "string",
  Metadata: "string",
  PoolingEnabled: "boolean",
  TrafficPolicy: "string",
} as const;

async function patchEndpoint(
  session: AgentSession,
  message: Record<string, unknown>,
  options: RpcOptions,
): Promise<object> {
  const patch = pick<PatchRequest>(message, PATCH_FIELDS, "the PatchTunnelState request");
  const endpoint = options.registry.byKsuid(ksuidOf(patch.TunnelId ?? ""));
  if (!endpoint || endpoint.facts.clientId !== session.clientId) {
    const id = (patch.TunnelId ?? "").slice(0, 64);
    throw new TunnelError("refused", `Cannot change "${id}": there is no such tunnel`, {
      ngrokCode: 333,
    });
  }
  checkTexts({ name: patch.Name, description: patch.Description, metadata: patch.Metadata });
  const { bind: { policies }, places } = options;
  const policed = patch.TrafficPolicy === undefined ? undefined : await repolicy(
    endpoint.facts,
    patch.TrafficPolicy,
    policies.servicesFor(session.grant.accountId),
  );
  if (patch.PoolingEnabled === false) places.checkAlone(endpoint);
  endpoint.patch({
    name: patch.Name,
    description: patch.Description,
    metadata: patch.Metadata,
    poolingEnabled: patch.PoolingEnabled,
    policed,
  });
  return { Error: "" };
}

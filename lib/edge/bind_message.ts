/**
 * Reading a Bind and writing its answer: the part of the Bind RPC that is about spelling
 * (wire-protocol 5.2 and 6). What happens in between is `bind.ts`.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import { pick } from "../wire/codec.ts";
import type { BindExtra, BindOptions, BindRequest, BindResponse } from "../wire/messages.ts";
import type { EndpointProto } from "./endpoint.ts";
import type { EndpointBinding } from "./internal_address.ts";

const BIND_FIELDS = {
  Id: "string",
  Proto: "string",
  ForwardsTo: "string",
  ForwardsProto: "string",
  Opts: "object",
  Extra: "object",
} as const;

const EXTRA_FIELDS = {
  Token: "string",
  IPPolicyRef: "string",
  Metadata: "string",
  Bindings: "strings",
  PoolingEnabled: "boolean",
  Name: "string",
  Description: "string",
} as const;

/** The texts that come with an endpoint. */
export type EndpointText = "metadata" | "description" | "name" | "forwardsTo" | "id";

/** Edge I: how long they may be. */
const MAX_CHARS: Readonly<Record<EndpointText, number>> = {
  metadata: 4096,
  description: 255,
  name: 255,
  forwardsTo: 4096,
  id: 128,
};

/** The protocols an endpoint can have. */
const PROTOS: readonly string[] = ["http", "https", "tcp", "tls"];

/** A Bind as the edge works with it. */
export interface ReadBind {
  /** Empty, or the id from before a reconnect. */
  readonly id: string;
  /** What visitors will speak. */
  readonly proto: EndpointProto;
  /** The agent's words about its upstream. */
  readonly forwardsTo: string;
  /** What the upstream speaks: empty, `http1` or `http2`. */
  readonly forwardsProto: string;
  /** Where it shall be reached from, when the agent says so. */
  readonly binding: EndpointBinding | undefined;
  /** What the agent wrote, the keys we know in our spelling. */
  readonly options: BindOptions;
  /** The rest. */
  readonly extra: Partial<BindExtra>;
}

/** Our spelling of the keys that we read or must answer: the Rust SDK compares case. */
const CANONICAL_KEYS = new Map(
  [
    "URL",
    "Domain",
    "Hostname",
    "Subdomain",
    "Addr",
    "ProxyProto",
    "Auth",
    "HostHeaderRewrite",
    "MutualTLSAtAgent",
  ].map((key) => [key.toLowerCase(), key]),
);

/** What the Rust SDK must find in the answer, and what it means when nothing was asked (5.2). */
const REQUIRED_OPTIONS: Readonly<Record<EndpointProto, BindOptions>> = {
  http: { Hostname: "", Auth: "", Subdomain: "", HostHeaderRewrite: false, ProxyProto: 0 },
  https: { Hostname: "", Auth: "", Subdomain: "", HostHeaderRewrite: false, ProxyProto: 0 },
  tcp: { Addr: "", ProxyProto: 0 },
  tls: { Hostname: "", Subdomain: "", ProxyProto: 0, MutualTLSAtAgent: false },
};

/**
 * Reads a Bind.
 *
 * @param message the parsed JSON
 * @throws {TunnelError} message_invalid with 301; refused with 332 (protocol), 394 (none), 15003
 * (upstream protocol), 15005 and 15006 (bindings)
 */
export function readBind(message: Record<string, unknown>): ReadBind {
  const request = pick<BindRequest>(message, BIND_FIELDS, "the bind");
  const extra = pick<BindExtra>({ ...request.Extra }, EXTRA_FIELDS, "the bind's Extra");
  const proto = request.Proto ?? "";
  if (proto === "") {
    throw refuse(394, "Cannot bind: the request names no protocol");
  }
  if (!PROTOS.includes(proto)) {
    throw refuse(
      332,
      `Cannot bind: "${proto.slice(0, 32)}" is not one of ${PROTOS.join(", ")}`,
    );
  }
  const forwardsProto = request.ForwardsProto ?? "";
  if (!["", "http1", "http2"].includes(forwardsProto)) {
    throw refuse(15003, `Cannot bind: "${forwardsProto.slice(0, 32)}" is no upstream protocol`);
  }
  const binding = readBinding(extra.Bindings ?? []);
  const options = canonicalOptions(request.Opts ?? {});
  checkTexts({
    id: request.Id,
    forwardsTo: request.ForwardsTo,
    metadata: extra.Metadata,
    description: extra.Description,
    name: extra.Name,
  });
  return {
    id: request.Id ?? "",
    proto: schemeOfUrl(proto as EndpointProto, options["URL"]),
    forwardsTo: request.ForwardsTo ?? "",
    forwardsProto,
    binding,
    options,
    extra,
  };
}

/**
 * The protocol of an endpoint is that of its URL (edge B). The first Go SDK asks for `https` whatever
 * the URL says, so that of the two the URL wins.
 */
function schemeOfUrl(proto: EndpointProto, url: unknown): EndpointProto {
  if ((proto !== "http" && proto !== "https") || typeof url !== "string") return proto;
  const [, scheme] = /^(https?):\/\//i.exec(url) ?? [];
  return scheme === undefined ? proto : scheme.toLowerCase() as EndpointProto;
}

function readBinding(bindings: readonly string[]): EndpointBinding | undefined {
  if (bindings.length > 1) {
    throw refuse(15006, `Cannot bind: an endpoint has one binding, not ${bindings.length}`);
  }
  const [binding] = bindings;
  if (binding === undefined || binding === "public" || binding === "internal") return binding;
  throw refuse(
    15005,
    binding === "kubernetes"
      ? "Cannot bind: this edge has no kubernetes endpoints, only public and internal ones"
      : `Cannot bind: "${binding.slice(0, 32)}" is no binding; it must be "public" or "internal"`,
  );
}

/**
 * Refuses texts that are longer than their limits.
 *
 * @param texts by what they are
 * @throws {TunnelError} message_invalid with 301
 */
export function checkTexts(
  texts: Readonly<Partial<Record<EndpointText, string | undefined>>>,
): void {
  for (const [what, text] of Object.entries(texts)) {
    const maxChars = MAX_CHARS[what as EndpointText];
    if (text === undefined || text.length <= maxChars) continue;
    throw new TunnelError(
      "message_invalid",
      `Cannot use the ${what} of the endpoint: it has ${text.length} characters, the limit is ${maxChars}`,
      { ngrokCode: 301 },
    );
  }
}

function canonicalOptions(options: BindOptions): BindOptions {
  const result: BindOptions = {};
  for (const [key, value] of Object.entries(options)) {
    result[CANONICAL_KEYS.get(key.toLowerCase()) ?? key] = value;
  }
  return result;
}

/** What the answer to a Bind is made of. */
export interface BindAnswer {
  /** The bind id. */
  readonly id: string;
  /** Names it in APIs. */
  readonly ksuid: string;
  /** The public address. */
  readonly url: string;
  /** What visitors speak. */
  readonly proto: EndpointProto;
  /** The name given. */
  readonly host: string;
  /** The port given. */
  readonly port: number;
  /** What the agent asked for. */
  readonly options: BindOptions;
  /** Gets the same address after a reconnect. */
  readonly token: string;
}

/** The answer to a Bind: the options as they came, with the edge's choices filled in. */
export function bindResponse(answer: BindAnswer): BindResponse {
  const { id, ksuid, url, proto, host, port, options, token } = answer;
  const opts: BindOptions = { ...options };
  for (const [key, value] of Object.entries(REQUIRED_OPTIONS[proto])) opts[key] ??= value;
  if (proto === "tcp") opts["Addr"] = `${host}:${port}`;
  // A v2 agent asks for its second address by this one (wire-protocol 5.2).
  else opts["Hostname"] = host;
  return {
    Id: id,
    URL: url,
    Proto: proto,
    Opts: opts,
    Error: "",
    Extra: { Token: token, TunnelID: tunnelId(ksuid) },
  };
}

/** What PatchTunnelState and the API call an endpoint. */
export function tunnelId(ksuid: string): string {
  return `tn_${ksuid}`;
}

/** What {@linkcode tunnelId} was made from; empty for anything else. */
export function ksuidOf(id: string): string {
  return id.startsWith("tn_") ? id.slice("tn_".length) : "";
}

function refuse(ngrokCode: number, message: string): TunnelError {
  return new TunnelError("refused", message, { ngrokCode });
}

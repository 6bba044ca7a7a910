/**
 * The request for a public address and its answer, spelled as the official Go client spells them
 * (wire-protocol 5.2 and 6).
 *
 * @module
 */
import { pick } from "../wire/codec.ts";
import type { BindOptions, BindRequest, BindResponse } from "../wire/messages.ts";
import { refusal } from "./auth.ts";
import { type ForwardOptions, policyText } from "./config.ts";
import type { EndpointUrl } from "./endpoint_url.ts";
import type { Upstream } from "./upstream.ts";

/** What an endpoint asks for at first; a later session asks for what the server returned. */
export interface BindWish {
  /** The URL wanted. */
  readonly wanted: EndpointUrl;
  /** Where traffic will go. */
  readonly upstream: Upstream;
  /** The rest of the caller's options. */
  readonly options: ForwardOptions;
  /** What the edge is to do with the traffic, as the bind says it. @default {} */
  readonly modules?: BindOptions;
}

/** The first request for an address. */
export function buildBindRequest(wish: BindWish): BindRequest {
  const { wanted, upstream, options } = wish;
  return {
    Id: "",
    Proto: wanted.scheme,
    ForwardsTo: upstream.display,
    ForwardsProto: options.upstreamProtocol ?? "",
    Opts: { ...buildOpts(wish), ...wish.modules },
    Extra: {
      Name: options.name ?? "",
      Token: "",
      IPPolicyRef: "",
      Metadata: options.metadata ?? "",
      Description: options.description ?? "",
      Bindings: options.binding === undefined ? null : [options.binding],
      PoolingEnabled: options.poolingEnabled ?? false,
    },
  };
}

/**
 * The request after a reconnect: old id, the options as the server returned them, its token
 * (wire-protocol 8.1).
 *
 * @param first what was asked at first
 * @param answer what the server said last
 */
export function buildRebindRequest(
  first: BindRequest,
  answer: BindResponse,
): BindRequest {
  const returned = Object.keys(answer.Opts).length > 0;
  return {
    ...first,
    Id: answer.Id,
    Proto: answer.Proto,
    Opts: returned ? answer.Opts : first.Opts,
    Extra: { ...first.Extra, Token: answer.Extra.Token },
  };
}

/**
 * The request when the server has forgotten the binding: a first one, but for the URL it had, so
 * that visitors find it where it was.
 *
 * @param first what was asked at first
 * @param url the public URL until now, in the form of a wanted one
 */
export function buildRenewedRequest(
  first: BindRequest,
  url: string,
): BindRequest {
  const { Opts } = first;
  return { ...first, Opts: { ...Opts, URL: url, ...("Subdomain" in Opts && { Subdomain: "" }) } };
}

/** All keys of the Go client in its order; what is not asked for is empty. */
function buildOpts({ wanted, options }: BindWish): BindOptions {
  const ProxyProto = options.upstreamProxyProtocol ?? 0;
  const TrafficPolicy = policyText(options.trafficPolicy);
  const name = shortName(wanted);
  switch (wanted.scheme) {
    case "tcp":
      return {
        URL: wanted.url,
        Addr: "",
        ProxyProto,
        IPRestriction: null,
        Policy: null,
        TrafficPolicy,
      };
    case "tls":
      return {
        URL: name === "" ? wanted.url : "",
        Domain: "",
        Hostname: "",
        Subdomain: name,
        ProxyProto,
        MutualTLSAtAgent: asksVisitors(options),
        MutualTLSAtEdge: null,
        TLSTermination: null,
        IPRestriction: null,
        Policy: null,
        TrafficPolicy,
      };
    default:
      return {
        URL: name === "" ? wanted.url : "",
        Domain: "",
        Hostname: "",
        Subdomain: name,
        Auth: "",
        HostHeaderRewrite: false,
        LocalURLScheme: "",
        ProxyProto,
        Compression: null,
        CircuitBreaker: null,
        IPRestriction: null,
        BasicAuth: null,
        OAuth: null,
        OIDC: null,
        WebhookVerification: null,
        MutualTLSCA: null,
        RequestHeaders: null,
        ResponseHeaders: null,
        WebsocketTCPConverter: null,
        UserAgentFilter: null,
        Policy: null,
        TrafficPolicy,
      };
  }
}

/** A name without a dot is to be one below the edge's domain, which only the edge knows. */
function shortName({ host, port }: EndpointUrl): string {
  return port === undefined && host !== "localhost" && /^[^.:]+$/.test(host) ? host : "";
}

/** Whether visitors are asked for certificates in the agent: the edge is only told. */
function asksVisitors({ agentTlsTermination: wish }: ForwardOptions): boolean {
  return (wish?.mutualTlsCas?.length ?? 0) > 0 || wish?.mutualTlsVerification !== undefined;
}

/**
 * Reads the answer.
 *
 * @param object the JSON that came
 * @throws {TunnelError} refused with the server's text and number; message_invalid
 */
export function readBindResponse(
  object: Record<string, unknown>,
): BindResponse {
  const response = pick<BindResponse>(object, {
    Id: "string",
    URL: "string",
    Proto: "string",
    Opts: "object",
    Error: "string",
    Extra: "object",
  }, "the Bind response");
  if (response.Error) throw refusal(response.Error);
  const extra = pick<BindResponse["Extra"]>(
    { ...response.Extra },
    { Token: "string", TunnelID: "string" },
    "the Bind response",
  );
  return {
    Id: response.Id ?? "",
    URL: response.URL ?? "",
    Proto: response.Proto ?? "",
    Opts: response.Opts ?? {},
    Extra: { Token: extra.Token ?? "", TunnelID: extra.TunnelID },
  };
}

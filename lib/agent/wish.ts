/**
 * From what a caller wrote about an endpoint to what is asked for: checked without a network, so
 * that a typing error never looks like an outage.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import { parseWith } from "../base/schema.ts";
import type { BindWish } from "./bind.ts";
import { type ForwardOptions, forwardOptionsSchema } from "./config.ts";
import { kindOfScheme, parseEndpointUrl } from "./endpoint_url.ts";
import { serviceUpstream } from "./service.ts";
import { parseUpstream, type UpstreamKind } from "./upstream.ts";

/**
 * Reads the options of an endpoint.
 *
 * @param options as the caller gave them
 * @throws {TunnelError} config_invalid, address_invalid
 */
export function readWish(options: ForwardOptions): BindWish {
  const given = parseWith(forwardOptionsSchema, options, "the endpoint options");
  const kind = kindOf(given);
  const wanted = parseEndpointUrl(given.url ?? "", kind);
  const upstream = parseUpstream(given.addr, kind);
  if (upstream.scheme === "file") refuseForDirectory(given);
  return { options: given, wanted, upstream };
}

/** A directory is served by the agent itself, which asks for nothing of the kind. */
function refuseForDirectory({ addr, upstreamProtocol, upstreamProxyProtocol }: ForwardOptions) {
  const found = upstreamProtocol === "http2"
    ? "it is served over HTTP/1.1, and HTTP/2 was asked for; visitors get HTTP/2 all the same"
    : upstreamProxyProtocol !== undefined
    ? "it has no use for a PROXY protocol header; leave that option out"
    : undefined;
  if (found === undefined) return;
  throw new TunnelError("config_invalid", `Cannot serve the directory "${addr}": ${found}`);
}

/**
 * Reads the options of an endpoint whose visitors this program serves itself.
 *
 * @param options as the caller gave them
 * @param proto what visitors speak, unless the options say so. @default tcp
 * @throws {TunnelError} config_invalid, address_invalid
 */
export function readServiceWish(
  options: Omit<ForwardOptions, "addr"> & { readonly forwardsTo?: string },
  proto: UpstreamKind = "tcp",
): BindWish {
  const { forwardsTo, ...rest } = options;
  if ("addr" in rest) {
    throw new TunnelError(
      "config_invalid",
      'Cannot use the endpoint options: "addr" is for services elsewhere; this program serves itself',
    );
  }
  const given = parseWith(
    forwardOptionsSchema,
    { ...rest, addr: forwardsTo ?? "" },
    "the endpoint options",
  );
  const named = given.proto || given.url?.includes("://") ? kindOf(given) : proto;
  const wanted = parseEndpointUrl(given.url ?? "", named);
  return { options: given, wanted, upstream: serviceUpstream(named, forwardsTo) };
}

/** What visitors speak: as told, else by the URL wanted, else by the address, else HTTP. */
function kindOf(options: ForwardOptions): UpstreamKind {
  if (options.proto) return options.proto;
  if (options.url?.includes("://")) return kindOfScheme(parseEndpointUrl(options.url).scheme);
  const scheme = /^\s*(tcp|tls):\/\//i.exec(String(options.addr))?.[1].toLowerCase();
  return scheme === "tcp" || scheme === "tls" ? scheme : "http";
}

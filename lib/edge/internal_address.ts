/**
 * Addresses under `.internal`: each account has all of them for itself, and no visitor from outside
 * reaches one (edge B). So they need no reservation, no door and no certificate, and may have any
 * port.
 *
 * Called by `bind.ts`.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import type { BindOptions } from "../wire/messages.ts";
import type { EndpointProto } from "./endpoint.ts";
import { normalizeHost } from "./names.ts";
import { parseUrl, textOption } from "./requested_address.ts";

/** Where an endpoint can be reached from. */
export type EndpointBinding = "public" | "internal";

/** Parts in front of `.internal`. */
const MAX_PARTS = 5;

const SUFFIX = ".internal";

const USUAL_PORTS: Readonly<Record<EndpointProto, number | undefined>> = {
  http: 80,
  https: 443,
  tls: 443,
  tcp: undefined,
};

/** The options that can name a host. */
const HOST_OPTIONS = ["URL", "Hostname", "Domain", "Addr"];

/** Whether a host is under `.internal`. */
export function isInternalHost(host: string): boolean {
  return host.endsWith(SUFFIX);
}

/**
 * Which binding a request is for: the one it names, else the one that its host says.
 *
 * @param named as the agent said it; `undefined` when it said nothing
 * @param options of the request
 * @throws {TunnelError} refused with 331: a public endpoint with an internal name
 */
export function bindingOf(
  named: EndpointBinding | undefined,
  options: BindOptions,
): EndpointBinding {
  if (named === "internal") return named;
  const internal = HOST_OPTIONS.map((key) => textOption(options, key)).find((text) =>
    /(^|[./])internal\.?(:\d*)?\/?$/i.test(text)
  );
  if (internal === undefined) return "public";
  if (named === undefined) return "internal";
  throw refuse(331, internal, 'names under ".internal" cannot be reached over the internet');
}

/**
 * Reads the address of an internal endpoint.
 *
 * @param proto what the bind is for
 * @param options as the agent wrote them; keys in any case
 * @throws {TunnelError} refused with 9028 (no host), 9029 (not under `.internal`), 9030 and 9035
 * (port), 9031 (too many parts), or the number of another rule of names and URLs
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { internalAddress } from "./internal_address.ts";
 *
 * const asked = internalAddress("https", { URL: "https://api.internal:9000" });
 * assert.deepEqual(asked, { host: "api.internal", port: 9000 });
 * ```
 */
export function internalAddress(
  proto: EndpointProto,
  options: BindOptions,
): { readonly host: string; readonly port: number } {
  const texts = HOST_OPTIONS.map((key) => textOption(options, key));
  const text = texts.find((one) => !/^([a-z]+:\/\/)?$/i.test(one));
  if (text === undefined) {
    throw new TunnelError("refused", "Cannot bind: an internal endpoint needs a name", {
      ngrokCode: 9028,
    });
  }
  const asked = parseUrl(text, proto, 9030);
  if (asked.host === "") throw refuse(9028, text, "an internal endpoint needs a name");
  const host = normalizeHost(asked.host);
  if (!isInternalHost(host)) {
    throw refuse(9029, text, 'the name of an internal endpoint ends in ".internal"');
  }
  const parts = host.slice(0, -SUFFIX.length).split(".").length;
  if (parts > MAX_PARTS) {
    throw refuse(
      9031,
      text,
      `its name has ${parts} parts before ".internal", at most ${MAX_PARTS} are allowed`,
    );
  }
  const port = asked.port ?? USUAL_PORTS[proto];
  if (port !== undefined) return { host, port };
  throw refuse(9035, text, "a tcp address needs a port");
}

function refuse(ngrokCode: number, text: string, found: string): TunnelError {
  return new TunnelError("refused", `Cannot bind "${text}": ${found}`, { ngrokCode });
}

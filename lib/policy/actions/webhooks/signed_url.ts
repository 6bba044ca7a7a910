/**
 * Providers that sign the address they call: HubSpot, Mailchimp Transactional, Plivo, Square,
 * Twilio. What they sign is the address as it was typed in their settings, so the forms that mean
 * the same (with and without the scheme's own port, or a slash for the empty path) are all tried.
 *
 * @module
 */
import { fromBase64 } from "../../../base/base64.ts";
import { decodeText } from "../../../base/bytes.ts";
import { digest, fromHex, hmac, joined, sameBytes } from "./crypto.ts";
import {
  GENUINE,
  refuted,
  staleness,
  type WebhookMessage,
  type WebhookProvider,
} from "./message.ts";

/** What HubSpot asks for. */
const HUBSPOT_TOLERANCE_MS = 300_000;

const MISMATCH = refuted("its signature does not match");

/** The ways in which the address may have been written. */
export function addressForms(url: string): string[] {
  const match = /^(https?):\/\/([^/?#]*)([^?#]*)(\?[^#]*)?/.exec(url);
  if (!match) return [url];
  const [, scheme, authority, path, query = ""] = match;
  const port = scheme === "https" ? ":443" : ":80";
  const bare = authority.endsWith(port) ? authority.slice(0, -port.length) : authority;
  const hosts = [authority];
  if (bare !== authority) hosts.push(bare);
  else if (!/:\d+$/.test(authority)) hosts.push(`${authority}${port}`);
  const paths = path === "/" ? ["/", ""] : [path];
  return hosts.flatMap((host) => paths.map((each) => `${scheme}://${host}${each}${query}`));
}

/** The fields of a form, each pair once, sorted by name and then by value. */
function sortedForm(message: WebhookMessage): [string, string][] {
  const type = message.header("content-type") ?? "";
  if (!/^application\/x-www-form-urlencoded\b/i.test(type.trim())) return [];
  return sortedPairs(new URLSearchParams(decodeText(message.body)));
}

function sortedPairs(params: URLSearchParams): [string, string][] {
  const pairs = [...params].sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]));
  return pairs.filter((pair, at) =>
    at === 0 || pair[0] !== pairs[at - 1][0] || pair[1] !== pairs[at - 1][1]
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function glued(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([name, value]) => `${name}${value}`).join("");
}

/**
 * HubSpot, version 3. Versions 1 and 2 are unkeyed hashes behind a secret: whoever has one message
 * can make longer ones (length extension), so they are not accepted.
 */
const HUBSPOT: WebhookProvider = {
  id: "hubspot",
  title: "HubSpot",
  async verify(message, secret) {
    const given = fromBase64(message.header("X-HubSpot-Signature-v3") ?? "");
    const time = message.header("X-HubSpot-Request-Timestamp");
    if (!given?.length || time === undefined) {
      return refuted(
        "it has no X-HubSpot-Signature-v3 and X-HubSpot-Request-Timestamp headers",
      );
    }
    const stale = staleness(time, "ms", message.nowMs, HUBSPOT_TOLERANCE_MS);
    if (stale !== undefined) return refuted(stale);
    for (const url of addressForms(message.url)) {
      const data = joined(message.method, hubspotAddress(url), message.body, time);
      if (sameBytes(given, await hmac("SHA-256", secret, data))) return GENUINE;
    }
    return MISMATCH;
  },
};

/** HubSpot signs the address with these, and only these, characters decoded. */
function hubspotAddress(url: string): string {
  return url.replace(
    /%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi,
    (code) => decodeURIComponent(code),
  );
}

/** Mailchimp Transactional, once Mandrill: address and form fields. */
const MAILCHIMP: WebhookProvider = {
  id: "mailchimp",
  title: "Mailchimp Transactional",
  async verify(message, secret) {
    const given = fromBase64(message.header("X-Mandrill-Signature") ?? "");
    if (!given?.length) return refuted("it has no X-Mandrill-Signature header");
    const form = glued(sortedForm(message));
    for (const url of addressForms(message.url)) {
      if (sameBytes(given, await hmac("SHA-1", secret, url + form))) return GENUINE;
    }
    return MISMATCH;
  },
};

/** Square: address and body. Its older header signs with SHA-1 and is not accepted. */
const SQUARE: WebhookProvider = {
  id: "square",
  title: "Square",
  async verify(message, secret) {
    const given = fromBase64(message.header("x-square-hmacsha256-signature") ?? "");
    if (!given?.length) return refuted("it has no x-square-hmacsha256-signature header");
    for (const url of addressForms(message.url)) {
      if (sameBytes(given, await hmac("SHA-256", secret, joined(url, message.body)))) {
        return GENUINE;
      }
    }
    return MISMATCH;
  },
};

/** Twilio: address and form fields; of any other body the address carries the hash. */
const TWILIO: WebhookProvider = {
  id: "twilio",
  title: "Twilio",
  async verify(message, secret) {
    const given = fromBase64(message.header("X-Twilio-Signature") ?? "");
    if (!given?.length) return refuted("it has no X-Twilio-Signature header");
    const hash = new URL(message.url).searchParams.get("bodySHA256");
    let form = "";
    if (hash === null) form = glued(sortedForm(message));
    else {
      const wanted = fromHex(hash);
      if (!wanted || !sameBytes(wanted, await digest("SHA-256", message.body))) {
        return refuted("its body does not match bodySHA256");
      }
    }
    if (hash === null && form === "" && message.body.length > 0) {
      return refuted("its body is no form, and its address has no bodySHA256");
    }
    for (const url of addressForms(message.url)) {
      if (sameBytes(given, await hmac("SHA-1", secret, url + form))) return GENUINE;
    }
    return MISMATCH;
  },
};

/** Plivo: version 3 (voice) signs address and fields, version 2 (messages) the address alone. */
const PLIVO: WebhookProvider = {
  id: "plivo",
  title: "Plivo",
  async verify(message, secret) {
    for (const version of ["V3", "V2"] as const) {
      const nonce = message.header(`X-Plivo-Signature-${version}-Nonce`);
      const given = ["", "-Ma"].flatMap((kind) =>
        (message.header(`X-Plivo-Signature${kind}-${version}`) ?? "").split(",").slice(0, 4)
      ).map((text) => fromBase64(text.trim())).filter((bytes) => bytes && bytes.length > 0);
      if (nonce === undefined || given.length === 0) continue;
      for (const url of addressForms(message.url)) {
        const data = version === "V3" ? plivoV3(message, url) + `.${nonce}` : baseOf(url) + nonce;
        const expected = await hmac("SHA-256", secret, data);
        for (const candidate of given) if (sameBytes(candidate!, expected)) return GENUINE;
      }
      return MISMATCH;
    }
    return refuted("it has no X-Plivo-Signature-V3 or -V2 header with its nonce");
  },
};

function baseOf(url: string): string {
  return url.replace(/\?.*$/s, "");
}

function plivoV3(message: WebhookMessage, url: string): string {
  const at = url.indexOf("?");
  const query = at < 0 ? [] : sortedPairs(new URLSearchParams(url.slice(at + 1)));
  const asked = query.map(([name, value]) => `${name}=${value}`).join("&");
  const form = message.method === "GET" ? "" : glued(sortedForm(message));
  let signed = baseOf(url);
  if (asked !== "" || form !== "") signed += `?${asked}`;
  if (asked !== "" && form !== "") signed += ".";
  return signed + form;
}

/** All of them. */
export const URL_PROVIDERS: readonly WebhookProvider[] = [
  HUBSPOT,
  MAILCHIMP,
  PLIVO,
  SQUARE,
  TWILIO,
];

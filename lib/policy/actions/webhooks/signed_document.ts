/**
 * Providers whose signature covers something that has to be put together first: Contentful a
 * canonical request, Hygraph (GraphCMS) a document around the body, Linear and Mailgun carry time
 * or signature in the body, Sonatype signs the body without its white space.
 *
 * @module
 */
import { fromBase64 } from "../../../base/base64.ts";
import { decodeText } from "../../../base/bytes.ts";
import { fromHex, hmac, sameBytes } from "./crypto.ts";
import { fieldsOf } from "./hmac_rule.ts";
import { GENUINE, refuted, staleness, type WebhookProvider } from "./message.ts";

/** What Contentful's toolkit allows by default. */
const CONTENTFUL_TOLERANCE_MS = 30_000;

/** What Linear recommends. */
const LINEAR_TOLERANCE_MS = 60_000;

const MISMATCH = refuted("its signature does not match");

/** The body as a JSON object; `undefined` when it is none. */
export function jsonObject(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(decodeText(body));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Readonly<Record<string, unknown>>
      : undefined;
  } catch {
    // Not JSON: then it is not what the provider sends.
    return undefined;
  }
}

/** Method, path, the headers it lists and the body, a line each. */
const CONTENTFUL: WebhookProvider = {
  id: "contentful",
  title: "Contentful",
  async verify(message, secret) {
    const given = fromHex(message.header("x-contentful-signature") ?? "");
    const listed = message.header("x-contentful-signed-headers");
    const time = message.header("x-contentful-timestamp");
    if (!given?.length || listed === undefined || time === undefined) {
      return refuted("it has no x-contentful-signature, -signed-headers and -timestamp headers");
    }
    const names = listed.split(",").map((name) => name.trim().toLowerCase());
    if (!names.includes("x-contentful-timestamp")) return refuted("its timestamp is not signed");
    const stale = staleness(time, "ms", message.nowMs, CONTENTFUL_TOLERANCE_MS);
    if (stale !== undefined) return refuted(stale);
    const headers = names.map((name) => `${name}:${(message.header(name) ?? "").trim()}`).join(";");
    const path = contentfulPath(message.url);
    const text = [message.method, path, headers, decodeText(message.body)].join("\n");
    return sameBytes(given, await hmac("SHA-256", secret, text)) ? GENUINE : MISMATCH;
  },
};

/** The path as Contentful's toolkit writes it: the query escaped twice. */
function contentfulPath(url: string): string {
  const target = url.replace(/^https?:\/\/[^/?#]*/, "");
  const [path, search] = target.split("?");
  const escaped = search ? encodeURIComponent(search).replace(/[!'()*]/g, (char) => char) : "";
  return encodeURI(escaped === "" ? path : `${path}?${escaped}`);
}

/** `gcms-signature: sign=…, env=master, t=1631270481036`. */
const GRAPHCMS: WebhookProvider = {
  id: "graphcms",
  title: "Hygraph",
  async verify(message, secret) {
    const fields = new Map(fieldsOf(message.header("gcms-signature") ?? ""));
    const given = fromBase64(fields.get("sign") ?? "");
    const environment = fields.get("env");
    const time = fields.get("t");
    if (!given?.length || environment === undefined || time === undefined) {
      return refuted("it has no usable gcms-signature header");
    }
    const stale = staleness(time, "ms", message.nowMs);
    if (stale !== undefined) return refuted(stale);
    const document = JSON.stringify({
      Body: decodeText(message.body),
      EnvironmentName: environment,
      TimeStamp: Number(time),
    });
    return sameBytes(given, await hmac("SHA-256", secret, document)) ? GENUINE : MISMATCH;
  },
};

/** A signature over the body, in which the time stands. */
const LINEAR: WebhookProvider = {
  id: "linear",
  title: "Linear",
  async verify(message, secret) {
    const given = fromHex(message.header("Linear-Signature") ?? "");
    if (!given?.length) return refuted("it has no usable Linear-Signature header");
    if (!sameBytes(given, await hmac("SHA-256", secret, message.body))) return MISMATCH;
    const time = jsonObject(message.body)?.webhookTimestamp;
    if (typeof time !== "number") return refuted("its body has no webhookTimestamp");
    const stale = staleness(String(Math.trunc(time)), "ms", message.nowMs, LINEAR_TOLERANCE_MS);
    return stale === undefined ? GENUINE : refuted(stale);
  },
};

/**
 * Time, token and signature, in the body. It covers these three alone: Mailgun does not sign the
 * rest of what it sends.
 */
const MAILGUN: WebhookProvider = {
  id: "mailgun",
  title: "Mailgun",
  async verify(message, secret) {
    const signature = mailgunFields(message.body, message.header("content-type") ?? "");
    if (!signature) return refuted("its body has no timestamp, token and signature");
    const given = fromHex(signature.signature);
    if (!given?.length) return refuted("its signature is no hexadecimal number");
    const stale = staleness(signature.timestamp, "s", message.nowMs);
    if (stale !== undefined) return refuted(stale);
    const text = signature.timestamp + signature.token;
    return sameBytes(given, await hmac("SHA-256", secret, text)) ? GENUINE : MISMATCH;
  },
};

function mailgunFields(
  body: Uint8Array,
  type: string,
): { timestamp: string; token: string; signature: string } | undefined {
  let fields: Readonly<Record<string, unknown>> | undefined;
  if (/^application\/x-www-form-urlencoded\b/i.test(type.trim())) {
    // The older form of its webhooks.
    fields = Object.fromEntries(new URLSearchParams(decodeText(body)));
  } else {
    const inner = jsonObject(body)?.signature;
    if (typeof inner === "object" && inner !== null) fields = inner as Record<string, unknown>;
  }
  if (!fields) return undefined;
  const { timestamp, token, signature } = fields;
  if (typeof timestamp !== "string" && typeof timestamp !== "number") return undefined;
  if (typeof token !== "string" || typeof signature !== "string") return undefined;
  return { timestamp: String(timestamp), token, signature };
}

/** SHA-1 over the JSON body "without whitespace", which is what some versions send and others not. */
const SONATYPE: WebhookProvider = {
  id: "sonatype",
  title: "Sonatype Nexus",
  async verify(message, secret) {
    const given = fromHex(message.header("X-Nexus-Webhook-Signature") ?? "");
    if (!given?.length) return refuted("it has no usable X-Nexus-Webhook-Signature header");
    if (sameBytes(given, await hmac("SHA-1", secret, message.body))) return GENUINE;
    const compact = withoutWhiteSpace(message.body);
    return sameBytes(given, await hmac("SHA-1", secret, compact)) ? GENUINE : MISMATCH;
  },
};

/** JSON text without the white space between its tokens; strings stay as they are. */
export function withoutWhiteSpace(json: Uint8Array): Uint8Array {
  const out = new Uint8Array(json.length);
  let length = 0;
  let inString = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (inString) {
      out[length++] = byte;
      if (byte === 0x5c && at + 1 < json.length) out[length++] = json[++at];
      else if (byte === 0x22) inString = false;
    } else if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) {
      out[length++] = byte;
      if (byte === 0x22) inString = true;
    }
  }
  return out.subarray(0, length);
}

/** All of them. */
export const DOCUMENT_PROVIDERS: readonly WebhookProvider[] = [
  CONTENTFUL,
  GRAPHCMS,
  LINEAR,
  MAILGUN,
  SONATYPE,
];

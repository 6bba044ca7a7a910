/**
 * Svix, and the providers that send their webhooks through it: three headers, and a key that is
 * base64 behind `whsec_`.
 *
 * @module
 */
import { fromBase64 } from "../../../base/base64.ts";
import { hmac, joined, sameBytes } from "./crypto.ts";
import {
  GENUINE,
  refuted,
  staleness,
  type WebhookMessage,
  type WebhookProvider,
} from "./message.ts";

/** What Svix's own libraries allow. */
const TOLERANCE_MS = 300_000;

/** Signatures that are looked at: one for each key while keys change. */
const MAX_SIGNATURES = 8;

/** Names of the three headers, most specific first; Standard Webhooks writes them without `svix`. */
const PREFIXES = ["svix", "webhook"];

function svixProvider(id: string, title: string): WebhookProvider {
  return {
    id,
    title,
    complain(secret) {
      if (keysOf(secret).length > 0) return undefined;
      return 'it must be base64, with or without "whsec_" before it';
    },
    async verify(message, secret) {
      const headers = headersOf(message);
      if (!headers) return refuted("it has no svix-id, svix-timestamp and svix-signature headers");
      const stale = staleness(headers.time, "s", message.nowMs, TOLERANCE_MS);
      if (stale !== undefined) return refuted(stale);
      const data = joined(`${headers.id}.${headers.time}.`, message.body);
      const given = headers.signatures.split(" ").slice(0, MAX_SIGNATURES)
        .filter((text) => text.startsWith("v1,")).map((text) => fromBase64(text.slice(3)));
      for (const key of keysOf(secret)) {
        const expected = await hmac("SHA-256", key, data);
        for (const candidate of given) {
          if (candidate && sameBytes(candidate, expected)) return GENUINE;
        }
      }
      return refuted("its signature does not match");
    },
  };
}

function headersOf(
  message: WebhookMessage,
): { readonly id: string; readonly time: string; readonly signatures: string } | undefined {
  for (const prefix of PREFIXES) {
    const id = message.header(`${prefix}-id`);
    const time = message.header(`${prefix}-timestamp`);
    const signatures = message.header(`${prefix}-signature`);
    if (id !== undefined && time !== undefined && signatures !== undefined) {
      return { id, time, signatures };
    }
  }
  return undefined;
}

/** The keys of a secret: several may stand there, separated by spaces, while they change. None if one is none. */
function keysOf(secret: string): Uint8Array[] {
  const keys = secret.trim().split(/ +/).map((text) => fromBase64(text.replace(/^whsec_/, "")));
  return keys.every((key) => key !== undefined && key.length > 0) ? keys as Uint8Array[] : [];
}

/** All of them. */
export const SVIX_PROVIDERS: readonly WebhookProvider[] = [
  svixProvider("brex", "Brex"),
  svixProvider("clerk", "Clerk"),
  svixProvider("svix", "Svix"),
];

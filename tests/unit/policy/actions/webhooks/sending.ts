/**
 * Webhooks for tests, signed the way a provider's documentation says, with another implementation
 * of the cryptography than the one under test.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import type {
  Verdict,
  WebhookMessage,
} from "../../../../../lib/policy/actions/webhooks/message.ts";
import { WEBHOOK_PROVIDERS } from "../../../../../lib/policy/actions/webhooks/providers.ts";

/** When all of them are sent. */
export const NOW_MS = Date.UTC(2024, 2, 27, 15, 42, 29);
/** The same, as most providers write it. */
export const NOW_S = String(NOW_MS / 1000);
/** What most of them send; not only ASCII, with what JSON libraries like to change. */
export const BODY = '{"event": "push",  "text":"Gr\u00fc\u00dfe \\u00e9","n":1.0}';
/** What most of them sign with. */
export const SECRET = "s3cr\u00e9t";

/** A webhook to verify. */
export interface Sent {
  /** @default {"POST"} */
  readonly method?: string;
  /** @default {"https://a.example.com/hook"} */
  readonly url?: string;
  /** Names in any case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** @default {BODY} */
  readonly body?: string;
  /** @default {NOW_MS} */
  readonly nowMs?: number;
}

/** Makes the message of it. */
export function messageOf(sent: Sent): WebhookMessage {
  const headers = new Map(
    Object.entries(sent.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return {
    method: sent.method ?? "POST",
    url: sent.url ?? "https://a.example.com/hook",
    header: (name) => headers.get(name.toLowerCase()),
    body: new TextEncoder().encode(sent.body ?? BODY),
    nowMs: sent.nowMs ?? NOW_MS,
  };
}

/** What a provider says of it. */
export function verify(
  id: string,
  sent: Sent,
  secret: string = SECRET,
  fetchBytes?: (url: string, maxBytes: number) => Promise<Uint8Array>,
): Promise<Verdict> {
  const tools = { keys: new Map<string, Uint8Array>(), ...(fetchBytes && { fetchBytes }) };
  return WEBHOOK_PROVIDERS.get(id)!.verify(messageOf(sent), secret, tools);
}

/** Whether it is taken for genuine. */
export async function isGenuine(id: string, sent: Sent, secret?: string): Promise<boolean> {
  return (await verify(id, sent, secret)).verified;
}

/** A keyed hash. */
export function mac(
  hash: "sha1" | "sha256" | "sha512",
  encoding: "hex" | "base64",
  data: string,
  key: string | Uint8Array = SECRET,
): string {
  return createHmac(hash, typeof key === "string" ? Buffer.from(key, "utf8") : key)
    .update(data, "utf8").digest(encoding);
}

/** The same webhook with one thing changed that its signature covers, or that it needs. */
export function broken(sent: Sent): readonly Sent[] {
  const headers = sent.headers ?? {};
  return [
    { ...sent, body: (sent.body ?? BODY).replace("push", "pull") },
    ...Object.keys(headers).map((name) => {
      const { [name]: _, ...others } = headers;
      return { ...sent, headers: others };
    }),
  ];
}

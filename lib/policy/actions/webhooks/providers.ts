/**
 * Every webhook provider that can be verified, by identifier. The `verify-webhook` action looks
 * here; a new provider is a row in the file of its family.
 *
 * @module
 */
import { CHALLENGE_PROVIDERS } from "./challenges.ts";
import { BODY_PROVIDERS } from "./hmac_body.ts";
import { TIMED_PROVIDERS } from "./hmac_timed.ts";
import type { WebhookProvider } from "./message.ts";
import { SENDGRID } from "./sendgrid.ts";
import { TOKEN_PROVIDERS } from "./shared_token.ts";
import { DOCUMENT_PROVIDERS } from "./signed_document.ts";
import { URL_PROVIDERS } from "./signed_url.ts";
import { SNS } from "./sns.ts";
import { SVIX_PROVIDERS } from "./svix.ts";

const ALL: readonly WebhookProvider[] = [
  ...BODY_PROVIDERS,
  ...TIMED_PROVIDERS,
  ...SVIX_PROVIDERS,
  ...TOKEN_PROVIDERS,
  ...URL_PROVIDERS,
  ...DOCUMENT_PROVIDERS,
  ...CHALLENGE_PROVIDERS,
  SENDGRID,
  SNS,
];

/** All of them, by identifier, in alphabetical order. */
export const WEBHOOK_PROVIDERS: ReadonlyMap<string, WebhookProvider> = new Map(
  ALL.map((provider) => [provider.id, provider] as const).sort(([a], [b]) => a < b ? -1 : 1),
);

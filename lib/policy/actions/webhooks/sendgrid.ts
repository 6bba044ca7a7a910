/**
 * SendGrid's signed event webhook: ECDSA on P-256. The "secret" is SendGrid's public key.
 *
 * @module
 */
import { fromBase64 } from "../../../base/base64.ts";
import { joined, plain } from "./crypto.ts";
import { derElements, ecdsaFromDer } from "./der.ts";
import { GENUINE, refuted, staleness, type WebhookProvider } from "./message.ts";

const P256 = { name: "ECDSA", namedCurve: "P-256" };

/** SendGrid: `X-Twilio-Email-Event-Webhook-Signature` over time and body. */
export const SENDGRID: WebhookProvider = {
  id: "sendgrid",
  title: "SendGrid",
  complain(secret) {
    const key = fromBase64(secret);
    if (key && derElements(key)) return undefined;
    return "it must be the verification key that SendGrid shows: base64 of a public key";
  },
  async verify(message, secret) {
    const signature = fromBase64(message.header("X-Twilio-Email-Event-Webhook-Signature") ?? "");
    const time = message.header("X-Twilio-Email-Event-Webhook-Timestamp");
    if (!signature?.length || time === undefined) {
      return refuted("it has no X-Twilio-Email-Event-Webhook-Signature and -Timestamp headers");
    }
    const stale = staleness(time, "s", message.nowMs);
    if (stale !== undefined) return refuted(stale);
    const raw = ecdsaFromDer(signature, 32);
    const spki = fromBase64(secret);
    if (!raw || !spki) return refuted("its signature is none");
    let key: CryptoKey;
    try {
      key = await crypto.subtle.importKey("spki", spki, P256, false, ["verify"]);
    } catch {
      return refuted("the configured key is no P-256 public key");
    }
    const data = plain(joined(time, message.body));
    const genuine = await crypto.subtle.verify(
      { name: "ECDSA", hash: "SHA-256" },
      key,
      plain(raw),
      data,
    );
    return genuine ? GENUINE : refuted("its signature does not match");
  },
};

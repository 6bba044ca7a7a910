/**
 * Amazon SNS: RSA over some fields of the message, with a certificate that the message names. The
 * "secret" is the account that owns the topic, so that nobody else's topic is believed.
 *
 * The certificate is fetched from Amazon alone, by HTTPS: that it comes from there is what makes it
 * Amazon's. It is kept, for a topic signs with the same one for months.
 *
 * @module
 */
import { fromBase64 } from "../../../base/base64.ts";
import { decodeText, encodeText } from "../../../base/bytes.ts";
import { plain } from "./crypto.ts";
import { publicKeyOfCertificate } from "./der.ts";
import { GENUINE, refuted, staleness, type WebhookProvider, type WebhookTools } from "./message.ts";
import { jsonObject } from "./signed_document.ts";

/** Amazon delivers again for as long as an hour. */
const TOLERANCE_MS = 3_600_000;
/** A certificate is about 2 KiB. */
const MAX_CERTIFICATE_BYTES = 16 * 1024;
/** Certificates that are kept at a time; Amazon has one or two per region. */
const MAX_KEYS = 16;

/** Only there does Amazon publish them. */
const CERTIFICATE_URL =
  /^https:\/\/sns\.[a-z0-9-]{2,40}\.amazonaws\.com(?:\.cn)?\/SimpleNotificationService-[A-Za-z0-9]{1,80}\.pem$/;

const NOTIFICATION = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const CONFIRMATION = [
  "Message",
  "MessageId",
  "SubscribeURL",
  "Timestamp",
  "Token",
  "TopicArn",
  "Type",
];

/** The fields that are signed, by the type of the message. */
const SIGNED_FIELDS: Readonly<Record<string, readonly string[]>> = {
  Notification: NOTIFICATION,
  SubscriptionConfirmation: CONFIRMATION,
  UnsubscribeConfirmation: CONFIRMATION,
};

const HASHES: Readonly<Record<string, string>> = { "1": "SHA-1", "2": "SHA-256" };

/** Amazon SNS. */
export const SNS: WebhookProvider = {
  id: "sns",
  title: "Amazon SNS",
  fetches: true,
  complain(secret) {
    return /^\d{12}$/.test(secret)
      ? undefined
      : 'it must be the "Topic owner" of the topic: the 12 digits of an account';
  },
  async verify(message, secret, tools) {
    const fields = jsonObject(message.body);
    if (!fields) return refuted("its body is no JSON object");
    const text = (name: string) => typeof fields[name] === "string" ? fields[name] : undefined;
    const names = SIGNED_FIELDS[text("Type") ?? ""];
    const hash = HASHES[text("SignatureVersion") ?? ""];
    const signature = fromBase64(text("Signature") ?? "");
    const url = text("SigningCertURL") ?? "";
    if (!names || !hash || !signature?.length) return refuted("it is no signed SNS message");
    // arn:aws:sns:<region>:<account>:<topic>
    if (text("TopicArn")?.split(":")[4] !== secret) {
      return refuted("its topic belongs to another account");
    }
    if (!CERTIFICATE_URL.test(url)) return refuted("its certificate is not Amazon's");
    const stale = staleness(text("Timestamp") ?? "", "iso", message.nowMs, TOLERANCE_MS);
    if (stale !== undefined) return refuted(stale);
    const spki = await keyAt(url, tools);
    if (!spki) return refuted("its certificate cannot be read");
    // A line for the name and a line for the value, of those that are there.
    let signed = "";
    for (const name of names) {
      const value = text(name);
      if (value !== undefined) signed += `${name}\n${value}\n`;
    }
    const algorithm = { name: "RSASSA-PKCS1-v1_5", hash };
    const key = await crypto.subtle.importKey("spki", plain(spki), algorithm, false, ["verify"]);
    const genuine = await crypto.subtle.verify(
      algorithm,
      key,
      signature,
      plain(encodeText(signed)),
    );
    return genuine ? GENUINE : refuted("its signature does not match");
  },
};

/** The public key of a certificate, fetched once. */
async function keyAt(
  url: string,
  tools: WebhookTools,
): Promise<Uint8Array | undefined> {
  const { keys } = tools;
  const known = keys.get(url);
  if (known) return known;
  const pem = await tools.fetchBytes?.(url, MAX_CERTIFICATE_BYTES);
  const key = pem && publicKeyOfCertificate(decodeText(pem));
  if (!key) return undefined;
  if (keys.size >= MAX_KEYS) keys.delete(keys.keys().next().value!);
  keys.set(url, key);
  return key;
}

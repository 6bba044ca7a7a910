/**
 * How the certificate of a name is got, as domains and ingresses say it (spec rest-api E13, E27).
 *
 * @module
 */
import { type Schema, z } from "../base/schema.ts";
import { formatTime } from "./events.ts";
import { text } from "./fields.ts";
import type { LiveCertificate } from "./live.ts";
import type { Json } from "./resource.ts";

/** How the certificate of a name is got. */
export interface CertificatePolicy {
  /** Who issues it: `letsencrypt` stands for the ACME directory that the edge is set to. */
  readonly authority: string;
  /** `ecdsa` or `rsa`. */
  readonly private_key_type: string;
}

/**
 * The policy in a body.
 *
 * @param keyType the type of key unless told otherwise
 */
export function policyField(keyType: "ecdsa" | "rsa"): Schema<CertificatePolicy> {
  return z.strictObject({
    authority: z.enum(["letsencrypt"]).default("letsencrypt").meta({
      description: "Who issues the certificate: the ACME directory of the edge",
      examples: ["letsencrypt"],
    }),
    private_key_type: z.enum(["ecdsa", "rsa"]).default(keyType).meta({
      description: "The type of its key",
      examples: [keyType],
    }),
  }).meta({ description: "Gets and renews the certificate by itself" });
}

/** The policy in an answer. */
export const policyAnswer: Schema<Json | null> = z.strictObject({
  authority: text("Who issues the certificate", "letsencrypt"),
  private_key_type: text("The type of its key", "ecdsa"),
}).nullable().meta({ description: "How the certificate is got; null is by hand" });

/** How far it is, in an answer. */
export const statusAnswer: Schema<Json | null> = z.strictObject({
  renews_at: z.string().nullable()
    .meta({ description: "When the certificate will be renewed", examples: [null] }),
  provisioning_job: z.strictObject({
    error_code: text("`DNS_ERROR` is for the owner of the name to mend", "DNS_ERROR"),
    msg: text("What was tried, and what was found", "The name does not resolve"),
    started_at: text("When it was tried first", "2026-01-01T00:00:00Z"),
    retries_at: text("When it is tried again", "2026-01-01T00:05:00Z"),
  }).nullable()
    .meta({ description: "What stands in the way of a certificate", examples: [null] }),
}).nullable().meta({ description: "How far the certificate is; null without a policy" });

/**
 * How far the certificate of a policy is.
 *
 * @param policy what was ordered, if anything
 * @param certificate how it fares, if the edge has begun
 */
export function statusOf(
  policy: CertificatePolicy | null,
  certificate: LiveCertificate | undefined,
): Json | null {
  if (!policy) return null;
  const trouble = certificate?.trouble;
  return {
    renews_at: certificate?.renewsAtMs === undefined ? null : formatTime(certificate.renewsAtMs),
    provisioning_job: trouble
      ? {
        error_code: trouble.errorCode,
        msg: trouble.message,
        started_at: formatTime(trouble.startedAtMs),
        retries_at: formatTime(trouble.retriesAtMs),
      }
      : null,
  };
}

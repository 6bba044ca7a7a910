/**
 * The certificate of a domain, in words.
 *
 * @module
 */
import type { Domain } from "./model.ts";

/** How a certificate stands. */
export interface CertificateWords {
  /** How good the news is. */
  readonly kind: "plain" | "good" | "warn";
  /** In a word or two. */
  readonly words: string;
  /** What else is to know. */
  readonly more: string | undefined;
}

/** How the certificate of a domain stands. */
export function describeCertificate(domain: Domain): CertificateWords {
  const { certificate, certificate_management_policy: policy } = domain;
  const { provisioning_job: job, renews_at: renewsAt } = domain.certificate_management_status ?? {};
  if (job?.error_code) return { kind: "warn", words: "failing", more: job.msg };
  if (job) return { kind: "plain", words: "on its way", more: job.msg };
  if (policy) {
    const more = renewsAt ? `renews on ${renewsAt.slice(0, 10)}` : undefined;
    return { kind: "good", words: "automatic", more };
  }
  if (certificate) return { kind: "good", words: "uploaded", more: undefined };
  return { kind: "plain", words: "the edge’s own", more: undefined };
}

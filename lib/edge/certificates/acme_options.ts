/**
 * What an operator can say about automatic certificates. Part of the options of an edge.
 *
 * @module
 */
import { fromBase64 } from "../../base/base64.ts";
import { TunnelError } from "../../base/errors.ts";
import { type Schema, z } from "../../base/schema.ts";
import type { ChallengeType, KeyType } from "./issuer.ts";

/** How certificates are got from an ACME server. */
export interface AcmeOptions {
  /** Agrees to the terms of service of the server; most servers open no account without. @default {false} */
  readonly agreeTerms?: boolean;
  /** Where the server may write to. */
  readonly email?: string;
  /** The directory of the server. @default Let's Encrypt */
  readonly directoryUrl?: string;
  /** Uses the staging server of Let's Encrypt: no browser trusts it, and its limits are wide. @default {false} */
  readonly staging?: boolean;
  /** Who vouches for the server instead of the system's authorities: the path of a PEM file, or PEM text. */
  readonly directoryCas?: string;
  /** An account of another kind that the server wants to know (external account binding). */
  readonly externalAccount?: {
    /** Its name: `kid`. */
    readonly keyId: string;
    /** Its secret, base64url. */
    readonly hmacKey: string;
  };
  /**
   * How names are proved, the best way first. @default what the doors and the runtime can:
   * `http-01`, `tls-alpn-01`, and `dns-01` with a command
   */
  readonly challenges?: readonly ChallengeType[];
  /**
   * The command that sets DNS records, for wildcards: a program, or a program and its arguments. It
   * is run with `SALLYPORT_DNS_ACTION` (`present` or `cleanup`), `SALLYPORT_DNS_NAME`
   * (`_acme-challenge.example.com`), `SALLYPORT_DNS_VALUE` (the TXT record to add or to take away;
   * there may be two at a name) and `SALLYPORT_DNS_DOMAIN`, and returns when the record is out.
   */
  readonly dnsHook?: string | readonly string[];
  /** How long the command may take. @default {120000} */
  readonly dnsHookMs?: number;
  /** How long a record is given to spread after the command has returned. @default {0} */
  readonly dnsWaitMs?: number;
  /** The type of keys, unless an account chooses. @default {"ecdsa"} */
  readonly keyType?: KeyType;
}

const challengeSchema = z.enum(["http-01", "dns-01", "tls-alpn-01"]);
const timeSchema = z.int().min(0).max(2 ** 31 - 1);

/** What {@linkcode AcmeOptions} must be. */
export const acmeOptionsSchema: Schema<AcmeOptions> = z.strictObject({
  agreeTerms: z.boolean().optional(),
  email: z.string().regex(/^[^\s@]+@[^\s@]+$/, "it is no e-mail address").optional(),
  directoryUrl: z.string().regex(/^https?:\/\/./, "it is no URL").optional(),
  staging: z.boolean().optional(),
  directoryCas: z.string().min(1).optional(),
  externalAccount: z.strictObject({
    keyId: z.string().min(1),
    hmacKey: z.string().refine(
      (text) => text.length >= 22 && fromBase64(text) !== undefined,
      "it is not base64url",
    ),
  }).optional(),
  challenges: z.array(challengeSchema).min(1).optional(),
  dnsHook: z.union([z.string().min(1), z.array(z.string()).min(1)]).optional(),
  dnsHookMs: timeSchema.optional(),
  dnsWaitMs: timeSchema.optional(),
  keyType: z.enum(["ecdsa", "rsa"]).optional(),
});

const PRODUCTION = "https://acme-v02.api.letsencrypt.org/directory";
const STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory";

/** The directory that is meant. */
export function directoryOf({ directoryUrl, staging }: AcmeOptions): string {
  return directoryUrl ?? (staging ? STAGING : PRODUCTION);
}

/** What names can be proved with here. */
export interface ProvingPlace {
  /** Whether there is a door for plain HTTP. */
  readonly hasHttp: boolean;
  /** Whether there is a door for HTTPS. */
  readonly hasHttps: boolean;
  /** The runtime: Deno's TLS refuses the certificates of tls-alpn-01. */
  readonly runtime: string;
}

/**
 * How names are proved, the best way first.
 *
 * @param options what the operator said
 * @param place what there is
 * @throws {TunnelError} config_invalid when no way is left, or one that was asked for cannot be gone
 */
export function provingWays(options: AcmeOptions, place: ProvingPlace): ChallengeType[] {
  const missing: Record<ChallengeType, string | undefined> = {
    "http-01": place.hasHttp ? undefined : "there is no http door",
    "tls-alpn-01": !place.hasHttps
      ? "there is no https door"
      : place.runtime === "deno"
      ? "the TLS of Deno refuses its certificates; run the edge on Bun or Node, or use http-01"
      : undefined,
    "dns-01": options.dnsHook === undefined ? "there is no command for DNS (dnsHook)" : undefined,
  };
  const asked = options.challenges?.find((way) => missing[way] !== undefined);
  if (asked !== undefined) throw unusable(`"${asked}" cannot be used: ${missing[asked]}`);
  const ways = options.challenges ??
    (Object.keys(missing) as ChallengeType[]).filter((way) => missing[way] === undefined);
  if (ways.length > 0) return [...ways];
  throw unusable('names can be proved in no way; open the http door, or give "dnsHook"');
}

function unusable(found: string): TunnelError {
  return new TunnelError("config_invalid", `Cannot use the edge options: "acme": ${found}`);
}

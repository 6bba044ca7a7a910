/**
 * Which certificates of the edge's own authority are not to be trusted any more: an operator revokes
 * one whose key may be in other hands, and the list (CRL, RFC 5280 section 5) is served over plain
 * HTTP at `crl.<domain>`, where agents look before they say their token.
 *
 * Opened by `certificates.ts`; `mountCrl()` of `edge_certificates.ts` serves it.
 *
 * @module
 */
import type { Clock } from "../../base/clock.ts";
import { TunnelError } from "../../base/errors.ts";
import type { Settings } from "../../store/store.ts";
import { type Authority, makeCrl } from "./maker.ts";
import { formatPem } from "./pem.ts";

/** A certificate that is not to be trusted any more. */
export interface RevokedCertificate {
  /** Its number, hexadecimal, two digits a byte. */
  readonly serial: string;
  /** Since when, milliseconds since 1970. */
  readonly revokedAtMs: number;
}

/** Where the list is, in both of its forms: RFC 5280 4.2.1.13 wants DER, the ngrok agent PEM. */
export const CRL_PATHS = { der: "/sallyport.crl", pem: "/ngrok.crl" } as const;

/** A list is good for a week, and made anew when two days of that have passed. */
const [LIFE_MS, FRESH_MS] = [7 * 86_400_000, 2 * 86_400_000];

const SETTING = "revoked_certificates";

/** Reads which certificates were revoked. */
export async function readRevoked(settings: Pick<Settings, "get">): Promise<RevokedCertificate[]> {
  return JSON.parse(await settings.get(SETTING) ?? "[]") as RevokedCertificate[];
}

/**
 * Revokes a certificate of the edge's own authority. A running edge follows: it presents another one
 * from then on.
 *
 * @param settings where it is written down
 * @param serial its number, hexadecimal
 * @param nowMs the time
 * @throws {TunnelError} usage when that is no number
 */
export async function revoke(
  settings: Pick<Settings, "get" | "set">,
  serial: string,
  nowMs: number,
): Promise<RevokedCertificate> {
  const digits = serial.replaceAll(":", "").toLowerCase();
  if (!/^([0-9a-f]{2}){1,20}$/.test(digits)) {
    throw new TunnelError(
      "usage",
      `Cannot revoke "${serial}": the number of a certificate is hexadecimal, two digits a byte`,
    );
  }
  const revoked = await readRevoked(settings);
  const known = revoked.find((one) => one.serial === digits);
  if (known) return known;
  const added = { serial: digits, revokedAtMs: nowMs };
  await settings.set(SETTING, JSON.stringify([...revoked, added]));
  return added;
}

/** The list of an edge. */
export class RevocationList {
  readonly #settings: Pick<Settings, "get"> | undefined;
  readonly #authority: Authority;
  readonly #clock: Clock;
  #revoked: readonly RevokedCertificate[] = [];
  #serials: ReadonlySet<string> = new Set();
  #made: { readonly der: Promise<Uint8Array>; readonly atMs: number } | undefined;

  /**
   * Empty before {@linkcode changed} was called.
   *
   * @param settings where it is written down; without a store nothing is ever revoked
   * @param authority who signs it
   * @param clock time
   */
  constructor(settings: Pick<Settings, "get"> | undefined, authority: Authority, clock: Clock) {
    this.#settings = settings;
    this.#authority = authority;
    this.#clock = clock;
  }

  /** Reads it again. */
  async changed(): Promise<void> {
    if (!this.#settings) return;
    const revoked = await readRevoked(this.#settings);
    if (JSON.stringify(revoked) === JSON.stringify(this.#revoked)) return;
    this.#revoked = revoked;
    this.#serials = new Set(revoked.map(({ serial }) => serial));
    this.#made = undefined;
  }

  /** Whether a certificate was revoked. */
  has(serial: string): boolean {
    return this.#serials.has(serial);
  }

  /** The list as DER, signed; made anew before it ends. */
  der(): Promise<Uint8Array> {
    const nowMs = this.#clock.now();
    const made = this.#made;
    // A clock that was set back makes one anew too: a list from the future is no list.
    if (made && nowMs >= made.atMs && nowMs - made.atMs < FRESH_MS) return made.der;
    const der = makeCrl(this.#authority, this.#revoked, { nowMs, untilMs: nowMs + LIFE_MS });
    this.#made = { der, atMs: nowMs };
    return der;
  }

  /** The list as PEM. */
  async pem(): Promise<string> {
    return formatPem("X509 CRL", await this.der());
  }
}

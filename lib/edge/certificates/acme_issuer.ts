/**
 * Gets certificates from an ACME server (RFC 8555): opens the account once, orders, proves each
 * name, and fetches what was signed. The library behind it is loaded with the first order; its own
 * client is not used, for it cannot be told whom to trust (`acme_transport.ts` takes its place).
 *
 * Made by `certificates.ts`; `acme_keeper.ts` asks it.
 *
 * @module
 */
import type { AcmeAccount, AcmeAuthorization, AcmeChallenge, AcmeOrder } from "@fishballpkg/acme";
import { fromBase64, toBase64Url } from "../../base/base64.ts";
import { type Clock, sleep } from "../../base/clock.ts";
import { TunnelError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import {
  type AcmeProblem,
  type AcmeTransport,
  readRetryAfter,
  signJws,
  toIssueError,
} from "./acme_transport.ts";
import type { Challenges } from "./challenges.ts";
import {
  type CertificateOrder,
  type CertIssuer,
  type ChallengeType,
  IssueError,
  type RenewalWindow,
  type SignedCertificate,
} from "./issuer.ts";
import { formatPem } from "./pem.ts";
import { readLeaf } from "./x509.ts";

/** The account at the server, as it is kept. */
export interface KeptAccount {
  /** Its key, with the private part. */
  readonly key: JsonWebKey;
  /** What the server calls it; absent until the server has answered. */
  readonly url?: string | undefined;
  /** The address the server has. */
  readonly email?: string | undefined;
}

/** Where the account is kept. */
export interface AccountShelf {
  /** The account, if there is one. */
  load(): Promise<KeptAccount | undefined>;
  /** Keeps it, over restarts. */
  save(account: KeptAccount): Promise<void>;
}

/** An account of another kind that the server wants to know (RFC 8555 section 7.3.4). */
export interface ExternalAccount {
  /** Its name. */
  readonly keyId: string;
  /** Its secret, base64url. */
  readonly hmacKey: string;
}

/** Who asks whom, and how names are proved. */
export interface AcmeIssuerOptions {
  /** The way to the server. */
  readonly transport: AcmeTransport;
  /** Time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** Where the account is kept. */
  readonly shelf: AccountShelf;
  /** Puts proofs where the server looks. */
  readonly challenges: Pick<Challenges, "present">;
  /** How names can be proved here, the best way first. */
  readonly ways: readonly ChallengeType[];
  /** Where the server may write to. */
  readonly email: string | undefined;
  /** Whether the operator agrees to the server's terms. */
  readonly agreeTerms: boolean;
  /** An account of another kind. */
  readonly externalAccount: ExternalAccount | undefined;
}

/** How long proving, and signing, may take. */
const PHASE_MS = 300_000;

/** Between two looks, when the server does not say; and no server may make it longer than this. */
const [FIRST_LOOK_MS, LONGEST_LOOK_MS] = [500, 30_000];

const KEY = { name: "ECDSA", namedCurve: "P-256" };

/** Certificates from one ACME server. */
export class AcmeIssuer implements CertIssuer {
  readonly #options: AcmeIssuerOptions;
  #account: Promise<OpenAccount> | undefined;

  /**
   * Asks nothing yet.
   *
   * @param options who asks whom
   */
  constructor(options: AcmeIssuerOptions) {
    this.#options = options;
  }

  /** Gets a certificate: see {@linkcode CertIssuer.issue}. */
  async issue(order: CertificateOrder): Promise<SignedCertificate> {
    try {
      return await this.#issue(order);
    } catch (thrown) {
      if (!(thrown instanceof IssueError) || thrown.kind !== "accountDoesNotExist") throw thrown;
      // The server has lost the account, or is another one by the same address: open it anew.
      this.#options.logger.log("warn", "ACME account is unknown to the server, opening it anew");
      this.#account = undefined;
      const kept = await this.#options.shelf.load();
      if (kept) await this.#options.shelf.save({ key: kept.key });
      return await this.#issue(order);
    }
  }

  async #issue({ names, keyType, signal }: CertificateOrder): Promise<SignedCertificate> {
    const account = await this.#open(keyType);
    const order = await account.createOrder({ domains: [...names] });
    const cleanups: (() => Promise<void>)[] = [];
    try {
      const waiting: { authorization: AcmeAuthorization; challenge: AcmeChallenge }[] = [];
      for (const authorization of order.authorizations) {
        // A name that was proved a while ago need not be proved again.
        if ((await authorization.fetch()).status === "valid") continue;
        const challenge = this.#choose(authorization);
        cleanups.push(
          await this.#options.challenges.present({
            type: challenge.getType(),
            name: authorization.domain.replace(/^\*\./, ""),
            token: challenge.token,
            keyAuthorization: await challenge.keyAuthorization(),
          }),
        );
        waiting.push({ authorization, challenge });
      }
      for (const { challenge } of waiting) await challenge.submit();
      for (const { authorization } of waiting) {
        await this.#poll(account, authorization.url, authorization.domain, signal, ["valid"]);
      }
      return await this.#finish(account, order, signal);
    } finally {
      await this.#cleanUp(cleanups);
    }
  }

  async #finish(
    account: AcmeAccount,
    order: AcmeOrder,
    signal: AbortSignal,
  ): Promise<SignedCertificate> {
    const name = order.domains[0];
    await this.#poll(account, order.url, name, signal, ["ready", "valid"]);
    const keys = await order.finalize();
    await this.#poll(account, order.url, name, signal, ["valid"]);
    const chainPem = await order.getCertificate();
    const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
    return { chainPem, keyPem: formatPem("PRIVATE KEY", pkcs8) };
  }

  #choose(authorization: AcmeAuthorization): AcmeChallenge {
    const { ways } = this.#options;
    // Wildcards can be proved in DNS alone; the server offers nothing else for them.
    for (const way of ways) {
      const challenge = authorization.findChallenge(way);
      if (challenge) return challenge as AcmeChallenge;
    }
    const offered = authorization.challenges.map((challenge) => challenge.getType()).join(", ");
    const advice = authorization.domain.startsWith("*.")
      ? "a wildcard needs dns-01: give a command that sets DNS records"
      : `this edge can do ${ways.join(", ") || "nothing"}`;
    throw new IssueError(
      `Cannot prove "${authorization.domain}" to the ACME server: it accepts ${offered}, and ${advice}`,
      { kind: "challenge" },
    );
  }

  /** Looks again and again until an object has a status. */
  async #poll(
    account: AcmeAccount,
    url: string,
    name: string,
    signal: AbortSignal,
    wanted: readonly string[],
  ): Promise<void> {
    const { clock } = this.#options;
    const untilMs = clock.steady() + PHASE_MS;
    for (let waitMs = FIRST_LOOK_MS;; waitMs = Math.min(waitMs * 1.5, 5_000)) {
      const response = await account.jwsFetch(url);
      const seen = await response.json() as AcmeState;
      if (wanted.includes(seen.status)) return;
      if (!["pending", "processing", "ready"].includes(seen.status)) {
        const failed = seen.challenges?.find((challenge) => challenge.error)?.error;
        throw toIssueError(failed ?? seen.error ?? { detail: `it is ${seen.status}` }, { name });
      }
      if (clock.steady() > untilMs) {
        throw new TunnelError(
          "timed_out",
          `Cannot get a certificate for "${name}" from the ACME server: it is ${seen.status} since ${
            PHASE_MS / 1000
          } s`,
        );
      }
      const asked = readRetryAfter(response.headers.get("retry-after"), clock.now());
      await sleep(clock, Math.min(asked || waitMs, LONGEST_LOOK_MS), signal);
    }
  }

  async #cleanUp(cleanups: readonly (() => Promise<void>)[]): Promise<void> {
    for (const cleanUp of cleanups) {
      try {
        await cleanUp();
      } catch (thrown) {
        const err = thrown instanceof Error ? thrown.message : String(thrown);
        this.#options.logger.log("warn", "proof for the ACME server was left behind", { err });
      }
    }
  }

  /** When the server would like a certificate to be renewed (RFC 9773 section 4). */
  async renewalWindow(chainPem: string): Promise<RenewalWindow | undefined> {
    const { transport } = this.#options;
    const { renewalInfo } = await transport.open();
    const { authorityKeyId, serial } = await readLeaf(chainPem);
    if (renewalInfo === undefined || authorityKeyId === undefined) return undefined;
    const id = [authorityKeyId, derInteger(serial)].map((hex) => toBase64Url(bytesOf(hex))).join(
      ".",
    );
    const response = await transport.get(`${renewalInfo.replace(/\/$/, "")}/${id}`);
    if (!response.ok) return undefined;
    const { suggestedWindow } = await response.json() as {
      readonly suggestedWindow?: { readonly start?: string; readonly end?: string };
    };
    const startMs = Date.parse(suggestedWindow?.start ?? "");
    const endMs = Date.parse(suggestedWindow?.end ?? "");
    return startMs <= endMs ? { startMs, endMs } : undefined;
  }

  async #open(keyType: CertificateOrder["keyType"]): Promise<AcmeAccount> {
    const opening = this.#account ??= this.#openAccount();
    let open: OpenAccount;
    try {
      open = await opening;
    } catch (thrown) {
      if (this.#account === opening) this.#account = undefined;
      throw thrown;
    }
    const { AcmeAccount } = await import("@fishballpkg/acme");
    type Client = ConstructorParameters<typeof AcmeAccount>[0]["client"];
    return new AcmeAccount({
      // The library's accounts call two members of their client: these.
      client: this.#options.transport as unknown as Client,
      keyPair: open.keys,
      keyPairAlgorithm: keyType === "rsa" ? "rsa-4096" : "ec-p256",
      url: open.url,
    });
  }

  async #openAccount(): Promise<OpenAccount> {
    const { transport, shelf, email, logger } = this.#options;
    await transport.open();
    const kept = await shelf.load();
    const keys = kept ? await importKeys(kept.key) : await generateKeys();
    const key = await crypto.subtle.exportKey("jwk", keys.privateKey);
    // The key first: an account whose key is lost is of no use to anybody.
    if (!kept) await shelf.save({ key });
    let url = kept?.url;
    if (url === undefined) {
      url = await this.#register(keys);
      logger.log("info", "ACME account was opened", { account: url });
    } else if (kept?.email !== email) {
      await transport.jwsFetch(url, {
        privateKey: keys.privateKey,
        protected: { kid: url },
        payload: { contact: contactOf(email) },
      });
    }
    if (kept?.url !== url || kept?.email !== email) await shelf.save({ key, url, email });
    return { keys, url };
  }

  async #register(keys: CryptoKeyPair): Promise<string> {
    const { transport, email, agreeTerms, externalAccount } = this.#options;
    const { meta, newAccount } = transport.directory;
    if (meta?.termsOfService !== undefined && !agreeTerms) {
      throw new IssueError(
        `Cannot open an account with the ACME server: read its terms at ${meta.termsOfService}, and agree to them (acme.agreeTerms)`,
        { kind: "userActionRequired" },
      );
    }
    if (meta?.externalAccountRequired && !externalAccount) {
      throw toIssueError({ type: "urn:ietf:params:acme:error:externalAccountRequired" });
    }
    const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", keys.publicKey);
    const jwk = { kty, crv, x, y };
    const response = await transport.jwsFetch(newAccount, {
      privateKey: keys.privateKey,
      protected: { jwk },
      payload: {
        termsOfServiceAgreed: agreeTerms,
        contact: contactOf(email),
        ...externalAccount && {
          externalAccountBinding: await signJws(
            { kid: externalAccount.keyId, url: newAccount },
            jwk,
            await importMacKey(externalAccount.hmacKey),
          ),
        },
      },
    });
    const url = response.headers.get("location");
    if (url !== null) return url;
    throw new TunnelError(
      "http_invalid",
      "Cannot open an account with the ACME server: it does not say where the account is",
    );
  }
}

interface OpenAccount {
  readonly keys: CryptoKeyPair;
  readonly url: string;
}

/** An order or an authorization, as far as waiting for it needs. */
interface AcmeState {
  readonly status: string;
  readonly error?: AcmeProblem;
  readonly challenges?: readonly { readonly error?: AcmeProblem }[];
}

function contactOf(email: string | undefined): string[] {
  return email === undefined ? [] : [`mailto:${email}`];
}

async function generateKeys(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(KEY, true, ["sign", "verify"]) as CryptoKeyPair;
}

async function importKeys(jwk: JsonWebKey): Promise<CryptoKeyPair> {
  const { kty, crv, x, y } = jwk;
  const { subtle } = crypto;
  return {
    privateKey: await subtle.importKey("jwk", jwk, KEY, true, ["sign"]),
    publicKey: await subtle.importKey("jwk", { kty, crv, x, y }, KEY, true, ["verify"]),
  };
}

async function importMacKey(text: string): Promise<CryptoKey> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return await crypto.subtle.importKey("raw", fromBase64(text)!, algorithm, false, ["sign"]);
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

/** A serial number as its DER bytes are: positive, so a first bit of one has a zero before it. */
function derInteger(hex: string): string {
  return parseInt(hex.slice(0, 2), 16) >= 0x80 ? `00${hex}` : hex;
}

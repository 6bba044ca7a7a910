/**
 * Puts the parts of automatic certificates together: the way to the server, the proofs, the account,
 * and the keeper of it all.
 *
 * Called by `certificates.ts`.
 *
 * @module
 */
import { sleep } from "../../base/clock.ts";
import { toTunnelError, TunnelError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Runtime } from "../../runtime/host.ts";
import type { TrustedRoots } from "../../runtime/net.ts";
import type { Sealer } from "../../store/seal.ts";
import type { Settings } from "../../store/store.ts";
import { AcmeIssuer } from "./acme_issuer.ts";
import { AcmeKeeper, type KeeperLimits } from "./acme_keeper.ts";
import { type AcmeOptions, directoryOf, provingWays } from "./acme_options.ts";
import { AcmeShelf } from "./acme_shelf.ts";
import { AcmeTransport } from "./acme_transport.ts";
import { type ChallengeAnswers, Challenges } from "./challenges.ts";
import { readPem } from "./pem.ts";
import { alwaysWanted, type WantedFacts, wantedFor } from "./wanted.ts";

/** What automatic certificates need. */
export interface AcmeParts {
  /** What the operator said. */
  readonly acme: AcmeOptions;
  /** Network, machine, time. */
  readonly runtime: Runtime;
  /** Where lines go. */
  readonly logger: Logger;
  /** Where everything is remembered. */
  readonly settings: Settings;
  /** Seals keys. */
  readonly sealer: Sealer;
  /** Whether there is a door for plain HTTP. */
  readonly hasHttp: boolean;
  /** Whether there is a door for HTTPS. */
  readonly hasHttps: boolean;
  /** Bounds. */
  readonly limits: KeeperLimits;
  /** What decides which names may have a certificate. */
  readonly facts: Omit<WantedFacts, "hasDns" | "keyType">;
}

/** Automatic certificates. */
export interface Acme {
  /** Looks after certificates. */
  readonly keeper: AcmeKeeper;
  /** What the doors answer to the server. */
  readonly answers: ChallengeAnswers;
}

/**
 * Opens automatic certificates. Nothing is asked of the server before `keeper.start()`.
 *
 * @param parts what they need
 * @throws {TunnelError} config_invalid, not_found, permission_denied, io_failed
 */
export async function openAcme(parts: AcmeParts): Promise<Acme> {
  const { acme, runtime: { net, host, clock }, logger, settings, sealer, limits } = parts;
  const { hasHttp, hasHttps } = parts;
  const ways = provingWays(acme, { hasHttp, hasHttps, runtime: host.runtime.name });
  const directoryUrl = directoryOf(acme);
  const roots = await readRoots(parts);
  const shelf = new AcmeShelf(settings, sealer);
  const command = acme.dnsHook === undefined ? undefined : [acme.dnsHook].flat();
  const challenges = new Challenges({
    host,
    dns: command && {
      command,
      timeoutMs: acme.dnsHookMs ?? 120_000,
      waitMs: acme.dnsWaitMs ?? 0,
    },
    wait: (delayMs) => delayMs > 0 ? sleep(clock, delayMs) : Promise.resolve(),
    nowMs: () => clock.now(),
  });
  const issuer = new AcmeIssuer({
    transport: new AcmeTransport({ net, clock, directoryUrl, roots }),
    clock,
    logger,
    shelf: shelf.account(directoryUrl),
    challenges,
    ways,
    email: acme.email,
    agreeTerms: acme.agreeTerms ?? false,
    externalAccount: acme.externalAccount,
  });
  const facts: WantedFacts = {
    ...parts.facts,
    hasDns: ways.includes("dns-01"),
    keyType: acme.keyType ?? "ecdsa",
  };
  const keeper = new AcmeKeeper({
    issuer,
    directoryUrl,
    shelf,
    clock,
    logger,
    limits,
    wantedFor: (name) => wantedFor(name, facts),
    alwaysWanted: () => alwaysWanted(facts),
  });
  await keeper.open();
  return { keeper, answers: challenges };
}

async function readRoots({ acme, runtime }: AcmeParts): Promise<TrustedRoots> {
  const { directoryCas } = acme;
  if (directoryCas === undefined) return "system";
  let text = directoryCas;
  if (!text.includes("-----BEGIN ")) {
    try {
      text = await runtime.host.files.readText(directoryCas);
    } catch (thrown) {
      const error = toTunnelError(thrown, "io_failed");
      throw new TunnelError(error.code, `Cannot read "acme.directoryCas": ${error.message}`, {
        cause: error,
      });
    }
  }
  if (readPem(text)?.some(({ label }) => label === "CERTIFICATE")) return [text];
  throw new TunnelError("config_invalid", 'Cannot read "acme.directoryCas": no certificate in it');
}

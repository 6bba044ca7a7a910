/**
 * Certificates that the operator keeps in files: a list of pairs, or a folder of them, wildcard or
 * exact. They are looked at again and again, so that what certbot, step or a secrets mount puts
 * there is served without a restart; a new file that is broken is refused with a log line and the
 * old certificate stays.
 *
 * Opened by `certificates.ts`, which asks it after the certificates that were uploaded.
 *
 * @module
 */
import type { Clock, Timer } from "../../base/clock.ts";
import { toTunnelError, TunnelError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Files } from "../../runtime/host.ts";
import type { Certificate } from "../../runtime/net.ts";
import { coversName, type LeafFacts, pairUp, readLeaf } from "./x509.ts";

/** A certificate in files. */
export interface CertificateFiles {
  /** PEM: the leaf first, then what signed it. */
  readonly certificate: string;
  /** Its key, PEM, not encrypted. */
  readonly key: string;
}

/** Where they are, and whose time and log. */
export interface FileCertificatesOptions {
  /** The file system. */
  readonly files: Files;
  /** Time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** A list, or a folder: see {@linkcode findPairs}. */
  readonly from: string | readonly CertificateFiles[];
  /** How often they are looked at; 0 never looks again. */
  readonly everyMs: number;
}

/** A certificate that was loaded. */
export interface LoadedCertificate extends LeafFacts {
  /** The path of its chain. */
  readonly path: string;
  /** Itself. */
  readonly certificate: Certificate;
}

interface Known {
  readonly stamp: string;
  readonly loaded: LoadedCertificate | undefined;
}

/** Certificates in files. */
export class FileCertificates {
  readonly #options: FileCertificatesOptions;
  /** By the path of the chain. */
  #known: ReadonlyMap<string, Known> = new Map();
  #timer: Timer | undefined;
  #closed = false;

  /**
   * Nothing is read yet: {@linkcode openFileCertificates} makes them.
   *
   * @param options where they are
   */
  constructor(options: FileCertificatesOptions) {
    this.#options = options;
  }

  /** What is served, in the order of the paths. */
  get all(): LoadedCertificate[] {
    return [...this.#known.values()].map(({ loaded }) => loaded).filter((one) => one !== undefined);
  }

  /**
   * The one for a name: an exact one before a wildcard, of several the one that lasts longest.
   *
   * @param name lower case
   */
  find(name: string): LoadedCertificate | undefined {
    let best: LoadedCertificate | undefined;
    let bestExact = false;
    for (const { loaded } of this.#known.values()) {
      if (!loaded) continue;
      const isExact = loaded.names.includes(name);
      if (!isExact && !loaded.names.some((pattern) => coversName(pattern, name))) continue;
      const isBetter = !best || (isExact && !bestExact) ||
        (isExact === bestExact && loaded.notAfterMs > best.notAfterMs);
      if (!isBetter) continue;
      best = loaded;
      bestExact = isExact;
    }
    return best;
  }

  /**
   * Looks at the files now.
   *
   * @param isStart whether a broken one is an error instead of a line in the log
   * @throws {TunnelError} not_found, permission_denied, io_failed, config_invalid, at a start
   */
  async look(isStart = false): Promise<void> {
    const { files, from, logger } = this.#options;
    const found = typeof from === "string" ? await findPairs(files, from) : from;
    const known = new Map<string, Known>();
    for (const pair of found) {
      const before = this.#known.get(pair.certificate);
      known.set(pair.certificate, await this.#load(pair, before, isStart));
    }
    for (const path of this.#known.keys()) {
      if (!known.has(path)) logger.log("info", "certificate file is gone", { path });
    }
    this.#known = known;
  }

  async #load(pair: CertificateFiles, before: Known | undefined, isStart: boolean): Promise<Known> {
    const { files, logger } = this.#options;
    const { certificate: path } = pair;
    let stamp = "";
    try {
      stamp = await stampOf(files, pair);
      if (before?.stamp === stamp) return before;
      const [chainPem, keyPem] = [await files.readText(path), await files.readText(pair.key)];
      const certificate = await pairUp(chainPem, keyPem);
      const facts = await readLeaf(chainPem);
      if (facts.names.length === 0) {
        throw new TunnelError("config_invalid", "Cannot use the certificate: it is for no name");
      }
      logger.log("info", "certificate was loaded", { path, names: facts.names.join(" ") });
      return { stamp, loaded: { ...facts, path, certificate } };
    } catch (thrown) {
      const error = toTunnelError(thrown, "io_failed");
      if (isStart) {
        const message = `Cannot load the certificate "${path}": ${error.message}`;
        throw new TunnelError(error.code, message, { cause: thrown });
      }
      // Told once for each new state of the files, not at every look.
      if (before?.stamp !== stamp) {
        logger.log("warn", "certificate was refused, the old one stays", {
          path,
          err: error.message,
        });
      }
      return { stamp, loaded: before?.loaded };
    }
  }

  /** Looks again and again from now on. */
  watch(): void {
    const { clock, everyMs, logger } = this.#options;
    if (everyMs === 0 || this.#closed) return;
    this.#timer = clock.after(everyMs, () => {
      this.look().catch((thrown) => {
        const { message: err } = toTunnelError(thrown);
        logger.log("warn", "certificate files could not be looked at", { err });
      }).finally(() => this.watch());
    });
  }

  /** Looks no more. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }
}

/**
 * Loads certificates and watches them.
 *
 * @param options where they are
 * @throws {TunnelError} when one of them is not usable
 */
export async function openFileCertificates(
  options: FileCertificatesOptions,
): Promise<FileCertificates> {
  const certificates = new FileCertificates(options);
  await certificates.look(true);
  certificates.watch();
  return certificates;
}

async function stampOf(files: Files, pair: CertificateFiles): Promise<string> {
  const parts = await Promise.all([pair.certificate, pair.key].map((path) => files.stat(path)));
  return parts.map((info) => info ? `${info.modifiedMs}/${info.size}` : "none").join(" ");
}

/**
 * The pairs in a folder: `name.crt` or `name.pem` with `name.key` or `name-key.pem` beside it, and
 * folders in it with `fullchain.pem` and `privkey.pem`, as certbot leaves them in `live`, or
 * `tls.crt` and `tls.key`, as Kubernetes mounts them.
 *
 * @param files the file system
 * @param folder the folder
 * @throws {TunnelError} not_found, permission_denied, io_failed
 */
export async function findPairs(files: Files, folder: string): Promise<CertificateFiles[]> {
  return await pairsIn(files, folder, true);
}

async function pairsIn(files: Files, folder: string, isTop: boolean): Promise<CertificateFiles[]> {
  const names = await files.list(folder);
  const there = new Set(names);
  const pairs: CertificateFiles[] = [];
  for (const name of names) {
    const key = keyNames(name).find((one) => there.has(one));
    if (key) pairs.push({ certificate: `${folder}/${name}`, key: `${folder}/${key}` });
    // A folder that begins with a dot is the mount's own business.
    if (key || !isTop || name.startsWith(".")) continue;
    const info = await files.stat(`${folder}/${name}`);
    if (info?.kind === "directory") pairs.push(...await pairsIn(files, `${folder}/${name}`, false));
  }
  return pairs;
}

/** What the key of a certificate may be called. */
function keyNames(name: string): string[] {
  if (name === "fullchain.pem") return ["privkey.pem"];
  const base = /^(.+)\.(?:crt|pem|cer)$/.exec(name)?.[1];
  return base === undefined ? [] : [`${base}.key`, `${base}-key.pem`, `${base}.key.pem`];
}

/**
 * Looks after the certificates that an {@linkcode CertIssuer} signs: orders what is wanted and is
 * not there, renews in the last third of life, backs off after failures, and remembers all of it
 * over restarts. One order at a time for one certificate, however many visitors ask.
 *
 * Made by `certificates.ts`, which asks it for each visitor.
 *
 * @module
 */
import { type Clock, sleep, type Timer } from "../../base/clock.ts";
import { toTunnelError, TunnelError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Certificate } from "../../runtime/net.ts";
import type { AcmeShelf, CertificateRecord, CertificateTrouble } from "./acme_shelf.ts";
import { type CertIssuer, IssueError, type SignedCertificate } from "./issuer.ts";
import { type OrderLimits, OrderPace } from "./order_pace.ts";
import type { WantedCertificate } from "./wanted.ts";
import { type LeafFacts, readLeaf } from "./x509.ts";

/** Bounds of the keeper. Times are in milliseconds. */
export interface KeeperLimits extends OrderLimits {
  /** How long a visitor waits for a certificate that is being got; 0 does not wait. */
  readonly waitMs: number;
}

/** Who signs what, and where it is remembered. */
export interface AcmeKeeperOptions {
  /** Who signs. */
  readonly issuer: CertIssuer;
  /** Which server that is: certificates of another one are replaced. */
  readonly directoryUrl: string;
  /** Where it is remembered. */
  readonly shelf: AcmeShelf;
  /** Time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** Bounds. */
  readonly limits: KeeperLimits;
  /** The certificate that a name should have. */
  readonly wantedFor: (name: string) => WantedCertificate | undefined;
  /** The certificates that are wanted whether or not anybody asks. */
  readonly alwaysWanted: () => readonly WantedCertificate[];
  /** Numbers in [0, 1). @default {Math.random} */
  readonly random?: () => number;
}

/** Orders at a time. */
const MAX_ORDERS = 4;

/** Visitors that wait for certificates at a time; further ones get the fallback at once. */
const MAX_WAITING = 256;

/** The clock on the wall may jump: it is looked at this often, whatever was planned. */
const LONGEST_NAP_MS = 600_000;

/** After the first failure, and what each further one multiplies it with, up to the last. */
const [FIRST_RETRY_MS, RETRY_FACTOR, LAST_RETRY_MS] = [60_000, 5, 12 * 3_600_000];

/** A server that says "too many" without saying until when. */
const RATE_LIMITED_MS = 3_600_000;

/** How often the signer is asked when it would like a renewal (RFC 9773 4.3.3 wants no more than that). */
const WINDOW_LOOK_MS = 6 * 3_600_000;

interface Entry {
  record: CertificateRecord;
  /** Opened when it is first asked for. */
  certificate?: Certificate | Promise<Certificate | undefined> | undefined;
  job?: Promise<void> | undefined;
  /** Whether somebody still wants it, as far as the last look has told. */
  isWanted?: boolean;
  /** Steady time at which the signer was last asked about renewal. */
  askedAtMs?: number;
}

/** Certificates that are looked after. */
export class AcmeKeeper {
  readonly #options: AcmeKeeperOptions;
  readonly #random: () => number;
  readonly #pace: OrderPace;
  /** By first name. */
  readonly #entries = new Map<string, Entry>();
  /** By each name of theirs. */
  readonly #byName = new Map<string, Entry>();
  readonly #ended = new AbortController();
  readonly #queue: (() => void)[] = [];
  #isStarted = false;
  #running = 0;
  #waiting = 0;
  #timer: Timer | undefined;

  /**
   * Knows nothing before {@linkcode open}.
   *
   * @param options who signs what
   */
  constructor(options: AcmeKeeperOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#pace = new OrderPace(options.limits);
  }

  /**
   * Reads what is remembered.
   *
   * @throws {TunnelError} io_failed
   */
  async open(): Promise<void> {
    for (const record of await this.#options.shelf.records()) this.#adopt({ record });
  }

  /** Begins: orders what is wanted and missing, and looks after the rest from now on. */
  start(): void {
    this.#isStarted = true;
    this.tick();
  }

  /** Every certificate that is there or should be. */
  get records(): CertificateRecord[] {
    return [...this.#entries.values()].map(({ record }) => record);
  }

  /**
   * The record of a name: under which its own certificate is, or is to be.
   *
   * @param name lower case; may be a wildcard
   */
  recordOf(name: string): CertificateRecord | undefined {
    return (this.#byName.get(name) ?? this.#byName.get(wildcardOf(name)))?.record;
  }

  /**
   * The chain of the certificate that a name has, as PEM.
   *
   * @param name lower case; may be a wildcard
   */
  async chainOf(name: string): Promise<string | undefined> {
    const entry = this.#byName.get(name) ?? this.#byName.get(wildcardOf(name));
    return entry?.record.issued && (await this.#certificateOf(entry))?.chainPem;
  }

  /**
   * The certificate for a name. When there is none and the name is somebody's, it is ordered, and the
   * visitor waits a while.
   *
   * @param name lower case
   * @returns `undefined` when another certificate has to do
   */
  find(name: string): Certificate | undefined | Promise<Certificate | undefined> {
    const entry = this.#byName.get(name) ?? this.#byName.get(wildcardOf(name));
    if (entry?.record.issued && entry.record.issued.notAfterMs > this.#options.clock.now()) {
      return this.#certificateOf(entry);
    }
    const wanted = this.#options.wantedFor(name);
    if (!wanted) return undefined;
    const { entry: ordered, job } = this.#order(wanted);
    if (!job || this.#options.limits.waitMs === 0 || this.#waiting >= MAX_WAITING) {
      return ordered.record.issued && this.#certificateOf(ordered);
    }
    return this.#await(ordered, job);
  }

  async #await(entry: Entry, job: Promise<void>): Promise<Certificate | undefined> {
    const { clock, limits } = this.#options;
    const late = new AbortController();
    this.#waiting++;
    try {
      const nap = sleep(clock, limits.waitMs, late.signal).catch(() => {});
      await Promise.race([job, nap]);
    } finally {
      this.#waiting--;
      late.abort();
    }
    return entry.record.issued && await this.#certificateOf(entry);
  }

  #certificateOf(entry: Entry): Certificate | undefined | Promise<Certificate | undefined> {
    return entry.certificate ??= this.#openSealed(entry);
  }

  async #openSealed(entry: Entry): Promise<Certificate | undefined> {
    const { names: [name], issued } = entry.record;
    try {
      return entry.certificate = await this.#options.shelf.open(name, issued!.sealed);
    } catch (thrown) {
      const { message: err } = toTunnelError(thrown);
      this.#options.logger.log("error", "certificate cannot be opened, getting another", {
        name,
        err,
      });
      // Its key is lost: to ask for another is all that can be done.
      entry.record = { ...entry.record, issued: undefined };
      entry.certificate = undefined;
      return undefined;
    }
  }

  /** Looks at everything: what is wanted, what is due. Called by its own timer, and when the store has changed. */
  tick(): void {
    if (this.#ended.signal.aborted || !this.#isStarted) return;
    const { clock } = this.#options;
    const always = new Map(
      this.#options.alwaysWanted().map((wanted) => [wanted.names[0], wanted]),
    );
    for (const wanted of always.values()) this.#order(wanted);
    for (const entry of [...this.#entries.values()]) this.#look(entry, always, clock.now());
    this.#timer?.cancel();
    this.#timer = clock.after(this.#napMs(clock.now()), () => this.tick());
  }

  #napMs(nowMs: number): number {
    let dueMs = Infinity;
    for (const { record: { issued, trouble }, job, isWanted } of this.#entries.values()) {
      if (!job && isWanted) {
        dueMs = Math.min(dueMs, trouble?.retriesAtMs ?? issued?.renewsAtMs ?? Infinity);
      }
    }
    return Math.min(Math.max(dueMs - nowMs, 1_000), LONGEST_NAP_MS);
  }

  #look(entry: Entry, always: ReadonlyMap<string, WantedCertificate>, nowMs: number): void {
    const { record } = entry;
    if (entry.job) return;
    const wanted = always.get(record.names[0]) ?? this.#stillWanted(record);
    entry.isWanted = wanted !== undefined;
    if (!wanted) {
      if (!record.issued || record.issued.notAfterMs < nowMs) this.#forget(entry);
      return;
    }
    this.#order(wanted);
    if (!entry.job && record.issued) this.#askWindow(entry);
  }

  #stillWanted({ names: [name] }: CertificateRecord): WantedCertificate | undefined {
    const wanted = this.#options.wantedFor(name.startsWith("*.") ? name.replace("*", "any") : name);
    return wanted?.names[0] === name ? wanted : undefined;
  }

  /** Orders a certificate unless it is there, under way, or was refused a short while ago. */
  #order(wanted: WantedCertificate): { entry: Entry; job: Promise<void> | undefined } {
    const { clock } = this.#options;
    const [name] = wanted.names;
    const entry = this.#entries.get(name) ?? { record: { ...wanted } };
    if (!this.#entries.has(name)) this.#adopt(entry);
    entry.isWanted = true;
    if (entry.job || !this.#isDue(entry, wanted)) return { entry, job: entry.job };
    if (this.#ended.signal.aborted) return { entry, job: undefined };
    const waitMs = this.#pace.take(wanted.accountId, clock.steady());
    if (waitMs > 0) {
      const found = "too many certificates were asked for in this hour";
      entry.record = {
        ...entry.record,
        trouble: {
          attempts: entry.record.trouble?.attempts ?? 0,
          startedAtMs: entry.record.trouble?.startedAtMs ?? clock.now(),
          retriesAtMs: clock.now() + waitMs,
          errorCode: "INTERNAL_ERROR",
          message: `Cannot get a certificate for "${name}" yet: ${found}`,
        },
      };
      this.#options.logger.log("warn", "certificate has to wait", { name, err: found });
      return { entry, job: undefined };
    }
    const job = entry.job = this.#obtain(entry, wanted).finally(() => {
      entry.job = undefined;
      this.#replan();
    });
    return { entry, job };
  }

  /** Plans the next look anew, for something has changed. */
  #replan(): void {
    if (this.#ended.signal.aborted || !this.#timer) return;
    const { clock } = this.#options;
    this.#timer.cancel();
    this.#timer = clock.after(this.#napMs(clock.now()), () => this.tick());
  }

  #isDue({ record }: Entry, wanted: WantedCertificate): boolean {
    const { clock, directoryUrl } = this.#options;
    const { issued, trouble } = record;
    if (trouble) {
      const leftMs = trouble.retriesAtMs - clock.now();
      // More than any back-off: the clock was wrong then, or is now.
      return leftMs <= 0 || leftMs > LAST_RETRY_MS * 2;
    }
    return !issued || issued.renewsAtMs <= clock.now() || issued.directoryUrl !== directoryUrl ||
      record.keyType !== wanted.keyType || record.names.join() !== wanted.names.join();
  }

  async #obtain(entry: Entry, wanted: WantedCertificate): Promise<void> {
    const { issuer, logger, clock } = this.#options;
    const name = wanted.names[0];
    const { signal } = this.#ended;
    const free = await this.#turn();
    try {
      if (signal.aborted) return;
      logger.log("info", "certificate is being ordered", { names: wanted.names.join(" ") });
      const signed = await issuer.issue({ ...wanted, signal });
      await this.#accept(entry, wanted, signed);
    } catch (thrown) {
      if (signal.aborted) return;
      const trouble = this.#troubleOf(entry.record, thrown);
      entry.record = { ...entry.record, ...wanted, trouble };
      logger.log("error", "certificate was not got", {
        name,
        err: trouble.message,
        attempts: trouble.attempts,
        retryInMs: Math.round(trouble.retriesAtMs - clock.now()),
      });
      await this.#save(entry);
    } finally {
      free();
    }
  }

  async #accept(
    entry: Entry,
    wanted: WantedCertificate,
    signed: SignedCertificate,
  ): Promise<void> {
    const { shelf, directoryUrl, logger } = this.#options;
    const leaf = await readLeaf(signed.chainPem);
    const missing = wanted.names.find((name) => !leaf.names.includes(name));
    if (missing !== undefined) {
      throw new TunnelError("refused", `The certificate that was signed is not for "${missing}"`);
    }
    const renewsAtMs = await this.#renewalTime(signed.chainPem, leaf);
    const { issuer, notBeforeMs, notAfterMs } = leaf;
    const sealed = await shelf.seal(wanted.names[0], signed);
    const issued = { directoryUrl, issuer, notBeforeMs, notAfterMs, renewsAtMs, sealed };
    this.#drop(entry);
    entry.record = { ...wanted, issued };
    entry.certificate = { chainPem: signed.chainPem, keyPem: signed.keyPem };
    this.#adopt(entry);
    logger.log("info", "certificate was got", {
      names: wanted.names.join(" "),
      until: new Date(notAfterMs).toISOString(),
      renewal: new Date(renewsAtMs).toISOString(),
    });
    await this.#save(entry);
  }

  /** In the last third of life, not with all the others; or when the signer would like it. */
  async #renewalTime(chainPem: string, leaf: LeafFacts): Promise<number> {
    const { issuer, logger } = this.#options;
    const lifeMs = leaf.notAfterMs - leaf.notBeforeMs;
    try {
      const window = await issuer.renewalWindow(chainPem);
      if (window) {
        const wishMs = window.startMs + this.#random() * (window.endMs - window.startMs);
        return Math.min(wishMs, leaf.notAfterMs - lifeMs / 10);
      }
    } catch (thrown) {
      const { message: err } = toTunnelError(thrown);
      logger.log("debug", "signer does not say when to renew", { err });
    }
    return leaf.notAfterMs - lifeMs / 3 + this.#random() * lifeMs / 10;
  }

  /** A signer that has to revoke moves its window forward: it is asked now and then. */
  #askWindow(entry: Entry): void {
    const { clock } = this.#options;
    const askedAtMs = entry.askedAtMs ??= clock.steady();
    if (clock.steady() - askedAtMs < WINDOW_LOOK_MS) return;
    entry.askedAtMs = clock.steady();
    entry.job = this.#moveRenewal(entry).finally(() => {
      entry.job = undefined;
      this.#replan();
    });
  }

  async #moveRenewal(entry: Entry): Promise<void> {
    const certificate = await this.#certificateOf(entry);
    const { issued } = entry.record;
    if (!certificate || !issued) return;
    try {
      const window = await this.#options.issuer.renewalWindow(certificate.chainPem);
      if (!window || (issued.renewsAtMs >= window.startMs && issued.renewsAtMs <= window.endMs)) {
        return;
      }
      const renewsAtMs = window.startMs + this.#random() * (window.endMs - window.startMs);
      // Only forward: late is never better.
      if (renewsAtMs >= issued.renewsAtMs) return;
      entry.record = { ...entry.record, issued: { ...issued, renewsAtMs } };
      await this.#save(entry);
    } catch (thrown) {
      const { message: err } = toTunnelError(thrown);
      this.#options.logger.log("debug", "signer does not say when to renew", { err });
    }
  }

  #troubleOf(record: CertificateRecord, thrown: unknown): CertificateTrouble {
    const { clock } = this.#options;
    const attempts = (record.trouble?.attempts ?? 0) + 1;
    const error = toTunnelError(thrown);
    const isRefusal = error instanceof IssueError;
    const stepMs = Math.min(FIRST_RETRY_MS * RETRY_FACTOR ** (attempts - 1), LAST_RETRY_MS);
    const askedMs = !isRefusal
      ? 0
      : error.retryAfterMs ?? (error.kind === "rateLimited" ? RATE_LIMITED_MS : 0);
    const waitMs = Math.max(stepMs * (1 + this.#random() / 5), Math.min(askedMs, LAST_RETRY_MS));
    return {
      attempts,
      startedAtMs: record.trouble?.startedAtMs ?? clock.now(),
      retriesAtMs: clock.now() + waitMs,
      errorCode: isRefusal && error.isDns ? "DNS_ERROR" : "INTERNAL_ERROR",
      message: error.message,
    };
  }

  /** Waits for its turn; the result ends it. */
  async #turn(): Promise<() => void> {
    if (this.#running >= MAX_ORDERS) {
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    } else {
      this.#running++;
    }
    return () => {
      const next = this.#queue.shift();
      if (next) next();
      else this.#running--;
    };
  }

  async #save(entry: Entry): Promise<void> {
    try {
      await this.#options.shelf.save(entry.record);
    } catch (thrown) {
      const { message: err } = toTunnelError(thrown);
      this.#options.logger.log("error", "certificate could not be kept", {
        name: entry.record.names[0],
        err,
      });
    }
  }

  #adopt(entry: Entry): void {
    this.#entries.set(entry.record.names[0], entry);
    for (const name of entry.record.names) this.#byName.set(name, entry);
  }

  #drop(entry: Entry): void {
    this.#entries.delete(entry.record.names[0]);
    for (const name of entry.record.names) {
      if (this.#byName.get(name) === entry) this.#byName.delete(name);
    }
  }

  #forget(entry: Entry): void {
    this.#drop(entry);
    this.#options.shelf.remove(entry.record).catch((thrown) => {
      const { message: err } = toTunnelError(thrown);
      this.#options.logger.log("error", "certificate could not be forgotten", { err });
    });
  }

  /** Gives up what is under way. Idempotent. */
  async close(): Promise<void> {
    this.#ended.abort(new TunnelError("aborted", "The edge is closing"));
    this.#timer?.cancel();
    for (const next of this.#queue.splice(0)) next();
    await Promise.all([...this.#entries.values()].map(({ job }) => job));
  }
}

function wildcardOf(name: string): string {
  return `*.${name.slice(name.indexOf(".") + 1)}`;
}

/**
 * Looks for newer versions of this program, now and every six hours, and puts one in its place when it
 * is told to: by `sallyport update`, by Ctrl+U, or by the edge. What it finds and does is its state,
 * which the status shows.
 *
 * @module
 */
import { randomHex } from "../../base/bytes.ts";
import type { Timer } from "../../base/clock.ts";
import { toTunnelError, TunnelError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { VERSION } from "../../base/version.ts";
import type { Runtime } from "../../runtime/host.ts";
import type { Fetch } from "../policy_source.ts";
import { download, fetchText } from "./download.ts";
import { findInstallation } from "./installation.ts";
import { type Choice, chooseRelease, type Manifest, openManifest } from "./manifest.ts";
import { kindly, namesBeside, replaceProgram } from "./replace.ts";
import type { UpdateState } from "./update_state.ts";
import type { UpdateSource } from "./update_source.ts";

/** What an update may do. */
export interface UpdateWish {
  /** The version wanted; empty is the newest. @default {""} */
  readonly version?: string;
  /** Whether the first number of the version may change. @default {false} */
  readonly permitMajor?: boolean;
}

/** What an updater works with. */
export interface UpdaterOptions {
  /** The machine. */
  readonly runtime: Pick<Runtime, "host" | "clock">;
  /** Where lines go. */
  readonly logger: Logger;
  /** Where updates come from. */
  readonly source: UpdateSource;
  /** The configuration files that a new version must understand. @default none */
  readonly configPaths?: readonly string[];
  /** The version that runs. @default {VERSION} */
  readonly current?: string;
  /** Gets what is at a URL. @default {fetch} */
  readonly fetch?: Fetch;
  /** From 0 to 1: spreads the checks of many agents. @default {Math.random} */
  readonly random?: () => number;
}

/** How often it looks (spec agent Q). */
const CHECK_EVERY_MS = 6 * 3_600_000;

/** A draft that old was left by a process that was killed. */
const STALE_MS = 24 * 3_600_000;

/** Looks for updates of one program, and makes them. */
export class Updater {
  readonly #options: UpdaterOptions;
  readonly #current: string;
  readonly #fetch: Fetch;
  readonly #random: () => number;
  readonly #listeners = new Set<(state: UpdateState) => void>();
  #state: UpdateState = { kind: "unknown" };
  #timer: Timer | undefined;
  #isRunning = false;

  /**
   * Makes an updater that does nothing yet.
   *
   * @param options what it works with
   */
  constructor(options: UpdaterOptions) {
    this.#options = options;
    this.#current = options.current ?? VERSION;
    this.#fetch = options.fetch ?? fetch;
    this.#random = options.random ?? Math.random;
  }

  /** What is known. */
  get state(): UpdateState {
    return this.#state;
  }

  /** Calls `listener` with each state from now on, until the returned function is called. */
  subscribe(listener: (state: UpdateState) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Looks at once and then every six hours, give or take a tenth, until {@linkcode stop}. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#look();
  }

  /** Looks no more. */
  stop(): void {
    this.#isRunning = false;
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    const { logger } = this.#options;
    try {
      await this.check();
    } catch (thrown) {
      logger.log("warn", "failed to check for update", { obj: "updater", err: thrown });
    }
    if (!this.#isRunning) return;
    const delayMs = CHECK_EVERY_MS * (0.9 + 0.2 * this.#random());
    this.#timer = this.#options.runtime.clock.after(delayMs, () => void this.#look());
  }

  /**
   * Looks for a newer version, of the same major version before all others.
   *
   * @returns its version; `undefined` when there is none
   * @throws {TunnelError} refused, timed_out …; signature_invalid, message_invalid
   */
  async check(): Promise<string | undefined> {
    const { logger, source, runtime } = this.#options;
    logger.log("debug", "check for update", { obj: "updater", url: source.manifestUrl });
    const manifest = await this.#manifest();
    const choice = this.#choose(manifest, {}) ?? this.#choose(manifest, { permitMajor: true });
    if (this.#isBusy()) return choice?.version;
    if (!choice) {
      this.#tell({ kind: "current" });
      return undefined;
    }
    const { version } = choice;
    const { obstacle } = await findInstallation(runtime.host);
    if (this.#isBusy()) return version;
    logger.log("info", "update available", { obj: "updater", version });
    this.#tell({ kind: "available", version, obstacle });
    return version;
  }

  /**
   * Replaces the program by another version. What runs goes on; the next start is the new one.
   *
   * @param wish which version. @default the newest of the same major version
   * @returns the version
   * @throws {TunnelError} update_failed when there is nothing newer or it does not start;
   * refused, permission_denied, signature_invalid …
   */
  async update(wish: UpdateWish = {}): Promise<string> {
    const { version, done } = await this.begin(wish);
    await done;
    return version;
  }

  /**
   * Begins to replace the program, and settles as soon as it is known whether there is what is wanted.
   *
   * @param wish which version. @default the newest of the same major version
   * @returns the version, and what settles when it is there
   * @throws {TunnelError} as {@linkcode update}
   */
  async begin(wish: UpdateWish = {}): Promise<{ version: string; done: Promise<void> }> {
    if (this.#state.kind === "updating") {
      throw failure("Cannot update: an update is under way already");
    }
    if (this.#state.kind === "updated") {
      throw failure(
        `Cannot update: it was updated to version ${this.#state.version} and not restarted since`,
      );
    }
    const before = this.#state;
    // claimed before the first wait: two may ask at once
    this.#state = { kind: "updating", version: wish.version ?? "", percent: 0 };
    try {
      const { path, obstacle } = await findInstallation(this.#options.runtime.host);
      if (obstacle !== "") throw failure(`Cannot update this program: ${obstacle}`);
      const choice = await this.#possible(wish);
      return { version: choice.version, done: this.#replace(path, choice) };
    } catch (thrown) {
      this.#tell(before);
      this.#options.logger.log("warn", "failed to update", { obj: "updater", err: thrown });
      throw thrown;
    }
  }

  async #replace(path: string, choice: Choice): Promise<void> {
    const { version } = choice;
    const { logger } = this.#options;
    try {
      await this.#install(path, choice);
      logger.log("info", "updated", { obj: "updater", version });
      this.#tell({ kind: "updated", version });
    } catch (thrown) {
      const { message } = toTunnelError(thrown);
      logger.log("warn", "failed to update", { obj: "updater", err: thrown });
      this.#tell({ kind: "failed", version, message });
      throw thrown;
    }
  }

  /** What is to be installed, when anything can be. */
  async #possible(wish: UpdateWish): Promise<Choice> {
    const manifest = await this.#manifest();
    const choice = this.#choose(manifest, wish);
    if (choice) return choice;
    const further = wish.permitMajor ? undefined : this.#choose(manifest, { permitMajor: true });
    throw failure(
      further
        ? `Cannot update: version ${further.version} is another major version than ${this.#current}, and nobody has permitted it`
        : `Cannot update: the channel "${this.#options.source.channel}" has nothing newer than ${this.#current}`,
    );
  }

  async #manifest(): Promise<Manifest> {
    const { manifestUrl, channel, keys } = this.#options.source;
    const text = await fetchText(this.#tools, manifestUrl);
    return openManifest(text, channel, keys, manifestUrl);
  }

  #choose(manifest: Manifest, { version = "", permitMajor = false }: UpdateWish) {
    const { os, arch } = this.#options.runtime.host;
    return chooseRelease(manifest, { current: this.#current, version, permitMajor, os, arch });
  }

  async #install(target: string, { version, file }: Choice): Promise<void> {
    const { runtime: { host, clock }, source, configPaths = [] } = this.#options;
    const { draft } = namesBeside(target, randomHex(4));
    this.#tell({ kind: "updating", version, percent: 0 });
    await this.#sweep(target);
    try {
      await download(this.#tools, file, {
        manifestUrl: source.manifestUrl,
        draft,
        files: host.files,
        onProgress: (receivedBytes) => {
          const percent = Math.floor(receivedBytes / file.sizeBytes * 100);
          const { state } = this;
          if (state.kind === "updating" && state.percent !== percent) {
            this.#tell({ kind: "updating", version, percent });
          }
        },
      });
    } catch (thrown) {
      throw kindly(thrown, target);
    }
    const startedMs = clock.steady();
    const kept = await replaceProgram(host, { target, draft, version, configPaths });
    this.#options.logger.log("debug", "program replaced", {
      obj: "updater",
      path: target,
      kept,
      ms: Math.round(clock.steady() - startedMs),
    });
  }

  /** Removes drafts of processes that were killed in the middle. */
  async #sweep(target: string): Promise<void> {
    const { host: { files }, clock } = this.#options.runtime;
    const [before, after] = namesBeside(target, "*").draft.split("*");
    const folder = before.slice(0, Math.max(before.lastIndexOf("/"), before.lastIndexOf("\\")));
    const start = before.slice(folder.length + 1);
    for (const name of await files.list(folder || "/")) {
      if (!name.startsWith(start) || !name.endsWith(after)) continue;
      const path = `${folder}${before[folder.length]}${name}`;
      const found = await files.stat(path);
      if (found && clock.now() - found.modifiedMs > STALE_MS) await files.remove(path);
    }
  }

  get #tools(): { clock: Runtime["clock"]; fetch: Fetch } {
    return { clock: this.#options.runtime.clock, fetch: this.#fetch };
  }

  /** The state changes behind the back of whoever awaits. */
  #isBusy(): boolean {
    return this.#state.kind === "updating" || this.#state.kind === "updated";
  }

  #tell(state: UpdateState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener(state);
  }
}

function failure(message: string): TunnelError {
  return new TunnelError("update_failed", message);
}

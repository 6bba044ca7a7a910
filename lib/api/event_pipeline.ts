/**
 * Which events go where: looks at the account's subscriptions, queues an event for each destination
 * that wants it, delivers in order and tries again. Whoever runs an edge with an API makes one and
 * hands it every event; it never slows down what the event tells of.
 *
 * Queues live in memory and are bounded: what a destination does not take in time is dropped, counted
 * and logged. The audit trail in the store has everything all the same.
 *
 * @module
 */
import { Backoff } from "../base/backoff.ts";
import { sleep } from "../base/clock.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import { ksuid } from "../base/ids.ts";
import type { Logger } from "../base/log.ts";
import { openTarget } from "../store/event_target.ts";
import type { Sealer } from "../store/seal.ts";
import type { Store } from "../store/store.ts";
import { compileSelection, type Selector } from "./event_selection.ts";
import { deliver, type DeliveryDeps } from "./event_delivery.ts";
import { formatTime } from "./events.ts";
import type { ApiChange, Json } from "./resource.ts";

/** Bounds of the pipeline. */
export interface PipelineLimits {
  /** Events that wait for one destination. */
  readonly maxQueued: number;
  /** Attempts of one event, the first included. */
  readonly maxAttempts: number;
  /** Destinations that have something waiting. */
  readonly maxQueues: number;
}

/** 1,000 events a destination, ten attempts (about ten minutes), 1,000 destinations. */
export const DEFAULT_PIPELINE_LIMITS: PipelineLimits = {
  maxQueued: 1_000,
  maxAttempts: 10,
  maxQueues: 1_000,
};

/** What the pipeline needs. */
export interface PipelineDeps extends DeliveryDeps {
  /** Subscriptions and destinations. */
  readonly store: Store;
  /** Opens the secrets of targets. */
  readonly sealer: Sealer;
  /** Where lines go. */
  readonly logger: Logger;
  /** What differs from the usual bounds. */
  readonly limits?: Partial<PipelineLimits>;
}

/** The envelope of an event, whatever it tells of. */
export interface EventEnvelope {
  /** `ev_…`. */
  readonly event_id: string;
  /** `domain_created.v0` … */
  readonly event_type: string;
  /** RFC 3339, UTC. */
  readonly event_timestamp: string;
  /** Whose. */
  readonly account_id: string;
  /** What it is about. */
  readonly object: Json;
  /** Who did it; `null` for traffic. */
  readonly principal: Json | object | null;
}

/** Numbers of a pipeline, for metrics. */
export interface PipelineCounters {
  /** Events that arrived at a destination. */
  delivered: number;
  /** Attempts that failed. */
  failed: number;
  /** Events given up, or never queued because a queue was full. */
  dropped: number;
}

/** Brings events to their destinations. */
export class EventPipeline {
  /** What happened so far. */
  readonly counters: PipelineCounters = { delivered: 0, failed: 0, dropped: 0 };
  readonly #deps: PipelineDeps;
  readonly #limits: PipelineLimits;
  readonly #subscriptions = new Map<string, Promise<readonly Wish[]>>();
  /** The types that each account wants, of those whose subscriptions are known. */
  readonly #types = new Map<string, ReadonlySet<string>>();
  readonly #queues = new Map<string, Queue>();
  readonly #stop = new AbortController();
  readonly #pending = new Set<Promise<void>>();

  /**
   * Makes a pipeline; it works as soon as it gets events.
   *
   * @param deps store, network, files, time
   */
  constructor(deps: PipelineDeps) {
    this.#deps = deps;
    this.#limits = { ...DEFAULT_PIPELINE_LIMITS, ...deps.limits };
  }

  /**
   * Whether anybody may want such an event: an edge makes one for each request, and most have nobody
   * to hear it. Until the subscriptions of an account are known, somebody may.
   *
   * @param accountId whose event
   * @param type what it is
   */
  wants(accountId: string, type: string): boolean {
    return this.#types.get(accountId)?.has(type) ?? true;
  }

  /** Takes an event. Returns at once; nothing that goes wrong comes back to the caller. */
  publish(event: EventEnvelope): void {
    if (this.#stop.signal.aborted) return;
    const work = this.#route(event).catch((thrown) => {
      this.counters.dropped++;
      this.#log("event was not routed", event, thrown);
    });
    this.#pending.add(work);
    void work.then(() => this.#pending.delete(work));
  }

  /** Takes notice of what the API changed. */
  changed(change: ApiChange): void {
    if (/^event_(subscriptions|destinations|sources)$/.test(change.resource)) {
      this.#subscriptions.delete(change.accountId);
      this.#types.delete(change.accountId);
    }
  }

  /**
   * Sends a test event to one destination, at once and once.
   *
   * @throws {TunnelError} not_found; what went wrong with the delivery
   */
  async sendTest(accountId: string, destinationId: string): Promise<void> {
    const { clock } = this.#deps;
    const nowMs = clock.now();
    await this.#deliver(accountId, destinationId, {
      event_id: `ev_${ksuid(nowMs)}`,
      event_type: "test.v0",
      event_timestamp: formatTime(nowMs),
      account_id: accountId,
      object: { message: "This is a test event" },
      principal: null,
    }, 1);
  }

  /**
   * Waits for what is queued, within limits, then stops. Idempotent.
   *
   * @param graceMs how long destinations may take
   */
  async close(graceMs: number): Promise<void> {
    const { clock } = this.#deps;
    const timer = clock.after(graceMs, () => this.#stop.abort());
    await Promise.all(this.#pending);
    await Promise.all([...this.#queues.values()].map((queue) => queue.done));
    timer.cancel();
    this.#stop.abort();
  }

  async #route(event: EventEnvelope): Promise<void> {
    const { account_id: accountId } = event;
    // One subscription is enough for a destination: two do not make it hear things twice.
    const served = new Set<string>();
    for (const { type, selector, destinationIds } of await this.#wishesOf(accountId)) {
      if (type !== event.event_type || !selector.wants(event.object)) continue;
      const object = selector.select(event.object);
      const selected = object === event.object ? event : { ...event, object };
      for (const id of destinationIds) {
        if (served.has(id)) continue;
        served.add(id);
        this.#enqueue(accountId, id, selected);
      }
    }
  }

  #wishesOf(accountId: string): Promise<readonly Wish[]> {
    let found = this.#subscriptions.get(accountId);
    if (!found) {
      const reading = found = this.#readWishes(accountId);
      this.#subscriptions.set(accountId, reading);
      reading.then((wishes) => {
        // What changed meanwhile is read anew.
        if (this.#subscriptions.get(accountId) !== reading) return;
        this.#types.set(accountId, new Set(wishes.map(({ type }) => type)));
      }, () => this.#subscriptions.delete(accountId));
    }
    return found;
  }

  async #readWishes(accountId: string): Promise<readonly Wish[]> {
    const { store, clock, logger } = this.#deps;
    const rows = await store.event_subscriptions.list(accountId, { limit: 1_000 });
    const wishes: Wish[] = [];
    for (const { sources, destination_ids: destinationIds } of rows) {
      for (const source of sources) {
        try {
          const selector = await compileSelection(source, clock.now());
          wishes.push({ type: source.type, selector, destinationIds });
        } catch (thrown) {
          // The API checks sources, but a backup may be older than what it checks today.
          const { message } = toTunnelError(thrown);
          logger.log("warn", "event source is not used", { type: source.type, err: message });
        }
      }
    }
    return wishes;
  }

  #enqueue(accountId: string, destinationId: string, event: EventEnvelope): void {
    let queue = this.#queues.get(destinationId);
    if (!queue) {
      if (this.#queues.size >= this.#limits.maxQueues) return this.#drop(event, destinationId);
      queue = { events: [], done: Promise.resolve() };
      this.#queues.set(destinationId, queue);
      queue.events.push(event);
      queue.done = this.#work(accountId, destinationId, queue);
      return;
    }
    if (queue.events.length >= this.#limits.maxQueued) return this.#drop(event, destinationId);
    queue.events.push(event);
  }

  #drop(event: EventEnvelope, destination: string): void {
    this.counters.dropped++;
    this.#deps.logger.log("warn", "event was dropped", {
      event: event.event_id,
      type: event.event_type,
      destination,
      err: "its queue is full",
    });
  }

  /** Delivers what one destination has waiting, in order, until nothing waits. */
  async #work(accountId: string, destinationId: string, queue: Queue): Promise<void> {
    const { clock } = this.#deps;
    while (queue.events.length > 0 && !this.#stop.signal.aborted) {
      const event = queue.events[0];
      const backoff = new Backoff({ firstMs: 1_000, maxMs: 120_000 });
      for (let attempt = 1;; attempt++) {
        try {
          await this.#deliver(accountId, destinationId, event, attempt);
          this.counters.delivered++;
          break;
        } catch (thrown) {
          this.counters.failed++;
          const error = toTunnelError(thrown);
          const hopeless = error.code === "refused" || error.code === "not_found";
          if (hopeless || attempt >= this.#limits.maxAttempts) {
            this.counters.dropped++;
            this.#log("event was given up", event, error);
            break;
          }
        }
        try {
          await sleep(clock, backoff.next(), this.#stop.signal);
        } catch {
          // stopped: what still waits is counted below
          break;
        }
      }
      if (!this.#stop.signal.aborted) queue.events.shift();
    }
    this.counters.dropped += queue.events.length;
    this.#queues.delete(destinationId);
  }

  async #deliver(
    accountId: string,
    destinationId: string,
    event: EventEnvelope,
    attempt: number,
  ): Promise<void> {
    const { store, sealer } = this.#deps;
    const row = await store.event_destinations.get(accountId, destinationId);
    if (!row) {
      throw new TunnelError("not_found", `There is no event destination "${destinationId}"`);
    }
    const target = await openTarget(sealer, row);
    await deliver(accountId, target, event as unknown as Json, attempt, this.#deps);
  }

  #log(message: string, event: EventEnvelope, thrown: unknown): void {
    this.#deps.logger.log("warn", message, {
      event: event.event_id,
      type: event.event_type,
      err: toTunnelError(thrown).message,
    });
  }
}

/** A source of a subscription, understood. */
interface Wish {
  readonly type: string;
  readonly selector: Selector;
  readonly destinationIds: readonly string[];
}

interface Queue {
  readonly events: EventEnvelope[];
  done: Promise<void>;
}

/**
 * What those need that follow a connection; `tap.ts` and the agent say it.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Codecs } from "../runtime/codecs.ts";
import type { CaptureLimits, ExchangeOrigin } from "./capture.ts";
import type { ExchangeStore } from "./exchange_store.ts";

/** What following a connection takes. */
export interface HttpTapOptions {
  /** Where exchanges are kept. */
  readonly store: ExchangeStore;
  /** Time. */
  readonly clock: Clock;
  /** What is kept of each exchange. */
  readonly limits: CaptureLimits;
  /** Where the connection comes from. */
  readonly origin: ExchangeOrigin;
  /** Whether a PROXY header comes before the first request. @default {false} */
  readonly afterProxyHeader?: boolean;
  /** Undoes the compression of WebSockets and of gRPC messages. @default it stays */
  readonly codecs?: Pick<Codecs, "createInflater" | "decode">;
  /** Counts exchanges. */
  readonly counter?: ExchangeCounter;
}

/** Hears of exchanges as numbers. */
export interface ExchangeCounter {
  /** One has begun: its id. */
  begun(id: string): void;
  /** One is complete. */
  over(durationMs: number): void;
}

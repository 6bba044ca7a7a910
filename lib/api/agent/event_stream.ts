/**
 * What happens, as server-sent events: exchanges and the status, for the inspector's page and for
 * programs. A reader that is slow gets the latest of each, and holds nothing up.
 *
 * @module
 */
import { encodeText } from "../../base/bytes.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { ExchangeEvent, ExchangeStore } from "../../inspect/exchange_store.ts";
import { summaryOf } from "./exchange_json.ts";
import type { AgentApiEvent, StatusJson } from "./shapes.ts";

/** Exchanges are told together, so often. */
const BATCH_MS = 100;

/** How often the status is looked at. */
const STATUS_MS = 1_000;

/** Says that the connection lives. */
const BEAT_MS = 15_000;

/** Of more news than this a reader has no use: it is cut off, and asks anew. */
const MAX_NEWS = 20_000;

/** What a stream is made of. */
export interface EventStreamOptions {
  /** Time. */
  readonly clock: Clock;
  /** The exchanges, when any are kept. */
  readonly store: ExchangeStore | undefined;
  /** How the agent stands. */
  readonly status: () => StatusJson;
}

/**
 * Opens a stream.
 *
 * @param options what it tells of
 * @returns the body of an answer; cancelling it ends everything
 */
export function eventStream({ clock, store, status }: EventStreamOptions): ReadableStream<
  Uint8Array<ArrayBuffer>
> {
  let news = new Map<string, ExchangeEvent>();
  let lastStatus = "";
  let sentAtMs = clock.steady();
  let isOver = false;
  let timers: Timer[] = [];
  let forget: (() => void) | undefined;
  let batch: Timer | undefined;
  const end = () => {
    isOver = true;
    forget?.();
    for (const timer of timers) timer.cancel();
    batch?.cancel();
    timers = [];
    news.clear();
  };
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      const hasRoom = () => !isOver && (controller.desiredSize ?? 0) > 0;
      const send = (text: string) => {
        sentAtMs = clock.steady();
        controller.enqueue(encodeText(text) as Uint8Array<ArrayBuffer>);
      };
      const flush = () => {
        batch = undefined;
        if (news.size === 0 || isOver) return;
        if (!hasRoom()) return void (batch = clock.after(BATCH_MS, flush));
        const told = news;
        news = new Map();
        send([...told.values()].map((event) => format(toJson(event))).join(""));
      };
      forget = store?.on((event) => {
        if (event.type === "cleared") news.clear();
        const id = event.type === "cleared" ? "" : event.exchange.id;
        const before = news.get(id);
        // What is new stays new until it was told.
        const isNew = before?.type === "added" && event.type === "updated";
        news.set(id, isNew ? before : event);
        if (news.size > MAX_NEWS) {
          end();
          return controller.close();
        }
        batch ??= clock.after(BATCH_MS, flush);
      });
      const look = () => {
        timers = [clock.after(STATUS_MS, look)];
        if (!hasRoom()) return;
        const now: AgentApiEvent = { type: "status", status: status() };
        const text = format(now);
        if (text !== lastStatus) send(lastStatus = text);
        else if (clock.steady() - sentAtMs >= BEAT_MS) send(": still here\n\n");
      };
      look();
    },
    cancel: end,
  }, { highWaterMark: 4 });
}

function toJson(event: ExchangeEvent): AgentApiEvent {
  switch (event.type) {
    case "cleared":
      return { type: "exchange.cleared" };
    case "evicted":
      return { type: "exchange.evicted", id: event.exchange.id };
    default:
      return { type: `exchange.${event.type}`, exchange: summaryOf(event.exchange) };
  }
}

function format(event: AgentApiEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

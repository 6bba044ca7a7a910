/**
 * The sources of event subscriptions: which types of events, what of each, and which not.
 *
 * @module
 */
import { type Schema, z } from "../base/schema.ts";
import type { EventSubscriptionRow } from "../store/tables.ts";
import { compileSelection } from "./event_selection.ts";
import { EVENT_TYPES } from "./events.ts";
import { text, textList } from "./fields.ts";
import { problem } from "./problem.ts";
import type { Call, Json } from "./resource.ts";

/** A source as the store keeps it. */
export type EventSource = EventSubscriptionRow["sources"][number];

/** The fields of a source, in bodies. */
export const sourceFields: {
  readonly type: Schema<string>;
  readonly fields: Schema<string[] | undefined>;
  readonly filter: Schema<string | undefined>;
} = {
  type: text("The type of event", "ip_policy_created.v0"),
  fields: textList("Which fields of traffic events are sent; without it all", ["http.request"])
    .optional(),
  filter: text("Which traffic events are sent: CEL over `ev`", 'ev.conn.client_ip != "::1"', 4_000)
    .optional(),
};

/** A source in an answer. */
export const sourceAnswer: Schema<Json> = z.strictObject({
  ...sourceFields,
  uri: text("Where the source is", "https://api.example.com/event_subscriptions/…/sources/…"),
});

/**
 * Refuses sources that could never send anything.
 *
 * @param source as the body has it
 * @param nowMs what `time.now` is in its filter
 * @throws {ApiProblem} 238 for a type that does not exist; as {@linkcode compileSelection}
 */
export async function checkSource(source: EventSource, nowMs: number): Promise<void> {
  const { type } = source;
  if (EVENT_TYPES.includes(type)) return void await compileSelection(source, nowMs);
  throw problem(
    238,
    `The event type "${type}" does not exist; known are ${EVENT_TYPES.join(", ")}`,
  );
}

/** A source as answers have it. */
export function sourceToJson(call: Call, subscriptionId: string, source: EventSource): Json {
  const path = `/event_subscriptions/${subscriptionId}/sources/${source.type}`;
  return { ...source, uri: call.uri(path) };
}

/**
 * Event subscriptions: which events go to which destinations.
 *
 * @module
 */
import { z } from "../../base/schema.ts";
import type { EventSubscriptionRow } from "../../store/tables.ts";
import type { Change } from "../change.ts";
import {
  checkSource,
  type EventSource,
  sourceAnswer,
  sourceFields,
  sourceToJson,
} from "../event_source.ts";
import { formatTime } from "../events.ts";
import { exampleId, identity, ownTexts, ref, textList } from "../fields.ts";
import { BASE_FILTER } from "../filter.ts";
import { problem } from "../problem.ts";
import { refTo } from "../refs.ts";
import type { Call, Json, Resource } from "../resource.ts";
import { storedOperations, type StoredSpec, textsOf } from "../stored.ts";

const sources = z.array(z.strictObject(sourceFields)).max(200)
  .meta({ description: "Which events", examples: [[{ type: "ip_policy_created.v0" }]] });
const destinationIds = textList("Where they go", [exampleId("ed")]);

/** What a body of creation or change may hold. */
export interface UpdateBody {
  /** Which events. */
  readonly sources?: readonly EventSource[];
  /** Where they go. */
  readonly destination_ids?: readonly string[];
}

/** What is special about event subscriptions; `event_sources.ts` finds its rows with it. */
export const subscriptionSpec: StoredSpec<"event_subscriptions", UpdateBody, UpdateBody> = {
  name: "event_subscriptions",
  one: "event subscription",
  table: "event_subscriptions",
  prefix: "esb",
  event: "event_subscription",
  object: z.strictObject({
    ...identity("esb", "/event_subscriptions"),
    ...ownTexts("the subscription"),
    sources: z.array(sourceAnswer).meta({ description: "Which events" }),
    destinations: z.array(ref("A destination", "/event_destinations", exampleId("ed")))
      .meta({ description: "Where they go" }),
  }),
  create: z.strictObject({
    ...ownTexts("the subscription"),
    sources: sources.optional(),
    destination_ids: destinationIds.optional(),
  }),
  update: z.strictObject({
    ...ownTexts("the subscription"),
    sources: sources.optional(),
    destination_ids: destinationIds.optional(),
  }),
  filter: BASE_FILTER,
  quota: 5131,
  examples: {
    create: [
      {
        sources: [{ type: "ip_policy_created.v0" }, { type: "domain_deleted.v0" }],
        destination_ids: [exampleId("ed")],
      },
    ],
    update: [{ sources: [{ type: "http_request_complete.v0", fields: ["http.response"] }] }],
  },
  insert: async (change, body) => ({
    sources: await checkSources(change, body.sources ?? []),
    destination_ids: await checkDestinations(change, body.destination_ids ?? []),
  }),
  change: async (change, body) => ({
    ...(body.sources ? { sources: await checkSources(change, body.sources) } : {}),
    ...(body.destination_ids
      ? { destination_ids: await checkDestinations(change, body.destination_ids) }
      : {}),
  }),
  toJson: subscriptionToJson,
};

/** A subscription as answers and events have it. */
export function subscriptionToJson(call: Call, row: EventSubscriptionRow): Json {
  return {
    id: row.id,
    uri: call.uri(`/event_subscriptions/${row.id}`),
    created_at: formatTime(row.created_at),
    ...textsOf(row),
    sources: row.sources.map((source) => sourceToJson(call, row.id, source)),
    destinations: row.destination_ids.map((id) => refTo(call, "/event_destinations", id)),
  };
}

async function checkSources(
  change: Change,
  given: readonly EventSource[],
): Promise<readonly EventSource[]> {
  for (const source of given) await checkSource(source, change.nowMs);
  const types = given.map(({ type }) => type);
  const twice = types.find((type, at) => types.indexOf(type) !== at);
  if (twice === undefined) return given;
  throw problem(5127, `The event type "${twice}" is there more than once`);
}

async function checkDestinations(change: Change, ids: readonly string[]): Promise<string[]> {
  const { maxRules } = change.api.limits;
  if (ids.length > maxRules) {
    throw problem(5126, `An event subscription may have ${maxRules} destinations`);
  }
  for (const id of ids) {
    if (await change.content.event_destinations.get(change.accountId, id)) continue;
    throw problem(5103, `The event destination "${id}" does not exist`);
  }
  return [...new Set(ids)];
}

/** Event subscriptions. */
export const eventSubscriptions: Resource = {
  name: subscriptionSpec.name,
  about: "Which events go to which destinations.",
  operations: storedOperations(subscriptionSpec),
};

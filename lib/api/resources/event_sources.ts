/**
 * Event sources: the sources of one subscription, each by itself.
 *
 * @module
 */
import { z } from "../../base/schema.ts";
import { change } from "../change.ts";
import {
  checkSource,
  type EventSource,
  sourceAnswer,
  sourceFields,
  sourceToJson,
} from "../event_source.ts";
import { text } from "../fields.ts";
import { notFound, problem } from "../problem.ts";
import type { Answer, Call, PathParam, Resource } from "../resource.ts";
import { findRow, idParam } from "../stored.ts";
import { subscriptionSpec, subscriptionToJson } from "./event_subscriptions.ts";

const path = "/event_subscriptions/{subscription_id}/sources";
const subscriptionParam: PathParam = idParam("esb", "event subscription");
const params = { subscription_id: subscriptionParam };
const sourceParams = {
  ...params,
  type: { prefix: undefined, doc: "The type of event: `ip_policy_created.v0`" },
};

/** The subscription that the path names. */
async function findSubscription(call: Call) {
  const id = call.params.subscription_id;
  return await findRow({ ...call, params: { id } }, subscriptionSpec);
}

/** The source that the path names. @throws {ApiProblem} 5125 */
async function findSource(call: Call) {
  const subscription = await findSubscription(call);
  const { type } = call.params;
  const source = subscription.sources.find((source) => source.type === type);
  if (source) return { subscription, source };
  if (!/^[a-z_]+\.v\d+$/.test(type)) throw notFound();
  throw problem(5125, `The subscription "${subscription.id}" has no source of the type "${type}"`);
}

/** Changes the sources of the subscription, and says so in the audit trail. */
async function edit(
  call: Call,
  run: (sources: readonly EventSource[]) => readonly EventSource[],
): Promise<void> {
  await change(call, async (change) => {
    const { id, sources } = await findSubscription(change);
    const columns = { sources: run(sources), updated_at: call.nowMs };
    const row = await change.content.event_subscriptions.update(call.accountId, id, columns);
    await change.record("event_subscription_updated.v0", subscriptionToJson(change, row!));
    change.changed("event_subscriptions", "updated", id);
  });
}

async function create(call: Call, body: EventSource): Promise<Answer> {
  await checkSource(body, call.nowMs);
  await edit(call, (sources) => {
    if (sources.some(({ type }) => type === body.type)) {
      throw problem(5127, `The subscription has a source of the type "${body.type}" already`);
    }
    return [...sources, body];
  });
  return sourceToJson(call, call.params.subscription_id, body);
}

async function update(call: Call, body: Omit<EventSource, "type">): Promise<Answer> {
  const { source } = await findSource(call);
  const changed = { ...source, ...body };
  await checkSource(changed, call.nowMs);
  await edit(call, (sources) => sources.map((one) => one.type === source.type ? changed : one));
  return sourceToJson(call, call.params.subscription_id, changed);
}

const { type, ...settings } = sourceFields;
const echoes = { subscription_id: "subscription_id" };

/** Event sources. */
export const eventSources: Resource = {
  name: "event_sources",
  isCollection: false,
  about: "The sources of one event subscription, each by its type.",
  operations: [
    {
      verb: "list",
      method: "GET",
      path,
      summary: "Lists the sources of an event subscription",
      params,
      answer: z.strictObject({
        sources: z.array(sourceAnswer).meta({ description: "The sources" }),
        uri: text("Where this list is", "https://api.example.com/…"),
      }),
      status: 200,
      async run(call) {
        const { id, sources } = await findSubscription(call);
        return {
          sources: sources.map((source) => sourceToJson(call, id, source)),
          uri: call.uri(`/event_subscriptions/${id}/sources`),
        };
      },
    },
    {
      verb: "create",
      method: "POST",
      path,
      summary: "Adds a source to an event subscription",
      params,
      body: {
        schema: z.strictObject({ type, ...settings }),
        examples: [{ type: "ip_policy_updated.v0" }],
        echoes,
      },
      answer: sourceAnswer,
      status: 201,
      run: create,
    },
    {
      verb: "get",
      method: "GET",
      path: `${path}/{type}`,
      summary: "Shows a source of an event subscription",
      params: sourceParams,
      answer: sourceAnswer,
      status: 200,
      async run(call) {
        const { subscription, source } = await findSource(call);
        return sourceToJson(call, subscription.id, source);
      },
    },
    {
      verb: "update",
      method: "PATCH",
      path: `${path}/{type}`,
      summary: "Changes a source of an event subscription",
      params: sourceParams,
      body: {
        schema: z.strictObject(settings),
        examples: [{}],
        echoes: { ...echoes, type: "type" },
      },
      answer: sourceAnswer,
      status: 200,
      run: update,
    },
    {
      verb: "delete",
      method: "DELETE",
      path: `${path}/{type}`,
      summary: "Takes a source away from an event subscription",
      params: sourceParams,
      status: 204,
      async run(call) {
        const { source } = await findSource(call);
        await edit(call, (sources) => sources.filter((one) => one.type !== source.type));
        return undefined;
      },
    },
  ],
};

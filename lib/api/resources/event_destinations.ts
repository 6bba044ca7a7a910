/**
 * Event destinations: where events go.
 *
 * @module
 */
import { TunnelError } from "../../base/errors.ts";
import { z } from "../../base/schema.ts";
import {
  type EventTarget,
  openTarget,
  type SealedTarget,
  sealTarget,
} from "../../store/event_target.ts";
import { allRows } from "../all_rows.ts";
import { readTarget, showTarget, targetAnswer, targetField } from "../event_target_schema.ts";
import { formatTime } from "../events.ts";
import { identity, ownTexts, text } from "../fields.ts";
import { BASE_FILTER } from "../filter.ts";
import { ApiProblem, problem } from "../problem.ts";
import type { Call, Resource } from "../resource.ts";
import { findRow, idParam, storedOperations, type StoredSpec, textsOf } from "../stored.ts";

const format = text("How events are written: `json`", "json");

interface UpdateBody {
  readonly format?: string;
  readonly target?: EventTarget;
}

type CreateBody = UpdateBody & { readonly target: EventTarget };

const spec: StoredSpec<"event_destinations", CreateBody, UpdateBody, SealedTarget | undefined> = {
  name: "event_destinations",
  one: "event destination",
  table: "event_destinations",
  prefix: "ed",
  event: "event_destination",
  object: z.strictObject({
    ...identity("ed", "/event_destinations"),
    ...ownTexts("the destination"),
    format,
    target: targetAnswer,
  }),
  create: z.strictObject({
    ...ownTexts("the destination"),
    format: format.optional(),
    target: targetField,
  }),
  update: z.strictObject({
    ...ownTexts("the destination"),
    format: format.optional(),
    target: targetField.optional(),
  }),
  filter: BASE_FILTER,
  codes: { format: 235, target: 236 },
  quota: 5102,
  examples: {
    create: [
      { target: { http: { url: "https://hooks.example.com/", secret: "a long random text" } } },
      { format: "json", target: { file: { name: "events.jsonl" } }, description: "kept here" },
      { target: { stdout: {} } },
    ],
    update: [{ description: "events of the shop" }],
  },
  createDetails: "What is secret about the target is sealed before it is stored, and never shown",
  async prepare(call, body, id, row) {
    if (body.target === undefined) {
      return row ? undefined : await sealTarget(sealerOf(call), id, {});
    }
    const before = row && await openTarget(sealerOf(call), row);
    return await sealTarget(sealerOf(call), id, readTarget(body.target, before));
  },
  insert: (_, body, prepared) => ({ format: readFormat(body.format), ...prepared! }),
  change: (_, body, _row, prepared) => ({
    ...(body.format === undefined ? {} : { format: readFormat(body.format) }),
    ...prepared,
  }),
  async beforeDelete(change, row) {
    const subscriptions = await allRows(change.content.event_subscriptions, change.accountId);
    const user = subscriptions.find(({ destination_ids: ids }) => ids.includes(row.id));
    if (!user) return;
    throw problem(5112, `Cannot delete "${row.id}": the event subscription "${user.id}" uses it`);
  },
  toJson: (call, row) => ({
    id: row.id,
    uri: call.uri(`/event_destinations/${row.id}`),
    created_at: formatTime(row.created_at),
    ...textsOf(row),
    format: row.format,
    target: showTarget(row.target),
  }),
};

function sealerOf(call: Call) {
  return call.api.deps.sealer;
}

function readFormat(given = "json"): string {
  const format = given.toLowerCase();
  if (format === "json") return format;
  throw problem(235, `The format "${given}" does not exist; use "json"`);
}

/** Event destinations. */
export const eventDestinations: Resource = {
  name: spec.name,
  about: "Where events go: a webhook, a file or the standard output of the edge.",
  operations: [
    ...storedOperations(spec),
    {
      verb: "send-test-event",
      method: "POST",
      path: "/event_destinations/{id}/send_test_event",
      summary: "Sends a test event to an event destination, and waits for it to arrive",
      params: { id: idParam("ed", "event destination") },
      body: { schema: z.strictObject({}), optional: true, examples: [{}], echoes: { id: "id" } },
      status: 204,
      async run(call) {
        const { id } = await findRow(call, spec);
        const { sendTestEvent } = call.api.deps;
        if (!sendTestEvent) throw new ApiProblem(503, "This edge delivers no events");
        try {
          await sendTestEvent(call.accountId, id);
        } catch (thrown) {
          if (!(thrown instanceof TunnelError)) throw thrown;
          const message = `The test event did not arrive: ${thrown.message}`;
          throw new ApiProblem(502, message, { cause: thrown });
        }
        return undefined;
      },
    },
  ],
};

/**
 * What the API tells about itself and about the caller: `/` and `/self`.
 *
 * @module
 */
import { z } from "../../base/schema.ts";
import { formatTime } from "../events.ts";
import { exampleId, flag, number, text, time } from "../fields.ts";
import { notFound } from "../problem.ts";
import type { Call, Json, Operation, Resource } from "../resource.ts";
import { apiKeySchema, apiKeyToJson } from "./api_keys.ts";

const rootSchema = z.strictObject({
  uri: text("Where the API is", "https://api.example.com"),
  subresource_uris: z.record(z.string(), z.string()).meta({
    description: "Where its collections are, by name",
    examples: [{ endpoints: "https://api.example.com/endpoints" }],
  }),
});

/**
 * `GET /`.
 *
 * @param collections the resources that it names
 */
export function rootOperation(collections: readonly Resource[]): Operation {
  return {
    verb: "root",
    method: "GET",
    path: "/",
    summary: "Lists what the API has",
    params: {},
    answer: rootSchema,
    status: 200,
    run: (call: Call): Promise<Json> =>
      Promise.resolve({
        uri: call.uri(""),
        subresource_uris: Object.fromEntries(
          collections.map(({ name }) => [name, call.uri(`/${name}`)]),
        ),
      }),
  };
}

const selfOperation: Operation = {
  verb: "get",
  method: "GET",
  path: "/self",
  summary: "Shows the account and the key of the caller",
  params: {},
  answer: z.strictObject({
    account: z.strictObject({
      id: text("Names the account", exampleId("ac")),
      name: text("Its name", "owner"),
      created_at: time("When it was made"),
      suspended: flag("Whether it is suspended", false),
      enforce_sso: flag("Always false", false),
      min_api_version: number("The oldest version of the API", 2),
      min_agent_version: text("The oldest version of agents", "2.3.0"),
      user_mfa_required: flag("Always false", false),
      traffic_full_capture: flag("Always false", false),
    }).meta({ description: "The account" }),
    api_key: apiKeySchema.meta({ description: "The key that was used" }),
    user: text("Who the caller is: the name of the account, or of a service user", "owner"),
  }),
  status: 200,
  async run(call) {
    const account = await call.content.accounts.get(call.accountId);
    const key = await call.content.api_keys.get(call.accountId, call.principal.keyId);
    if (!account || !key) throw notFound();
    return {
      account: {
        id: account.id,
        name: account.name,
        created_at: formatTime(account.created_at),
        suspended: account.suspended,
        enforce_sso: false,
        min_api_version: 2,
        min_agent_version: "2.3.0",
        user_mfa_required: false,
        traffic_full_capture: false,
      },
      api_key: apiKeyToJson(call, key),
      user: call.principal.subject,
    };
  },
};

/** The caller. */
export const self: Resource = {
  name: "self",
  isCollection: false,
  about: "Who the caller is.",
  operations: [selfOperation],
};

/**
 * Tunnels: the older view of endpoints that agents serve.
 *
 * @module
 */
import { z } from "../../base/schema.ts";
import { formatTime } from "../events.ts";
import { exampleId, ref, text, time } from "../fields.ts";
import { listAnswer } from "../list_answer.ts";
import type { LiveEndpoint } from "../live.ts";
import { type Listed, page, sourceOf } from "../paging.ts";
import { notFound } from "../problem.ts";
import { checkId } from "../query.ts";
import { refTo } from "../refs.ts";
import type { Call, Resource } from "../resource.ts";
import { idParam } from "../stored.ts";

const list = { prefix: "tn", filter: undefined };

const object = z.strictObject({
  id: text("Names the tunnel; its endpoint has the same characters", exampleId("tn")),
  uri: text("Where the tunnel is", `https://api.example.com/tunnels/${exampleId("tn")}`),
  started_at: time("When it came online"),
  public_url: text("The public address", "https://shop.example.com"),
  proto: text("What visitors speak", "https"),
  region: text("Where it is", "us"),
  forwards_to: text("Where the agent forwards to", "http://localhost:8080"),
  metadata: text("What the user's programs say about it", '{"team":"shop"}').optional(),
  tunnel_session: ref("The agent", "/tunnel_sessions", exampleId("ts")).nullable(),
  endpoint: ref("The endpoint", "/endpoints", exampleId("ep")),
});

function toJson(call: Call, live: LiveEndpoint): Listed {
  const [session] = live.sessionIds;
  return {
    id: `tn_${live.key}`,
    uri: call.uri(`/tunnels/tn_${live.key}`),
    started_at: formatTime(live.startedAtMs),
    public_url: live.url,
    proto: live.proto,
    region: live.region,
    forwards_to: live.forwardsTo,
    ...(live.metadata === "" ? {} : { metadata: live.metadata }),
    tunnel_session: session === undefined ? null : refTo(call, "/tunnel_sessions", session),
    endpoint: refTo(call, "/endpoints", `ep_${live.key}`),
  };
}

/** Tunnels. */
export const tunnels: Resource = {
  name: "tunnels",
  about: "An endpoint that an agent serves, in the older form that clients still ask for.",
  operations: [
    {
      verb: "list",
      method: "GET",
      path: "/tunnels",
      summary: "Lists the tunnels of the account that are online, newest first",
      params: {},
      list,
      answer: listAnswer("tunnels", object),
      status: 200,
      run(call) {
        const online = call.api.deps.live.endpoints(call.accountId);
        const source = sourceOf(online.map((live) => toJson(call, live)));
        return page(call, "/tunnels", "tunnels", list, source);
      },
    },
    {
      verb: "get",
      method: "GET",
      path: "/tunnels/{id}",
      summary: "Shows a tunnel",
      params: { id: idParam("tn", "tunnel") },
      answer: object,
      status: 200,
      run(call) {
        checkId(call.params.id, "tn");
        const live = call.api.deps.live.endpoints(call.accountId)
          .find(({ key }) => `tn_${key}` === call.params.id);
        return live ? Promise.resolve(toJson(call, live)) : Promise.reject(notFound());
      },
    },
  ],
};

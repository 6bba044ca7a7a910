/**
 * Tunnels: the older view of endpoints that agents serve.
 *
 * @module
 */
import { z } from "../../base/schema.ts";
import { formatTime } from "../events.ts";
import { exampleId, ref, text, time } from "../fields.ts";
import { listAnswer } from "../list_answer.ts";
import type { LiveEndpoint, LiveLabeledTunnel } from "../live.ts";
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
  public_url: text("The public address; none with labels", "https://shop.example.com").optional(),
  proto: text("What visitors speak; empty with labels", "https"),
  region: text("Where it is", "us"),
  forwards_to: text("Where the agent forwards to", "http://localhost:8080"),
  metadata: text("What the user's programs say about it", '{"team":"shop"}').optional(),
  tunnel_session: ref("The agent", "/tunnel_sessions", exampleId("ts")).nullable(),
  endpoint: ref("The endpoint", "/endpoints", exampleId("ep")).nullable(),
  labels: z.record(z.string(), z.string()).optional().meta({
    description: "The labels of a tunnel that has them in place of an address",
    examples: [{ team: "shop" }],
  }),
  backends: z.array(ref("A backend", "/backends", exampleId("bkdtg"))).optional().meta({
    description: "What leads to a tunnel with labels: nothing at this edge",
    examples: [[]],
  }),
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

function labeledJson(call: Call, live: LiveLabeledTunnel): Listed {
  return {
    id: `tn_${live.key}`,
    uri: call.uri(`/tunnels/tn_${live.key}`),
    started_at: formatTime(live.startedAtMs),
    proto: "",
    region: live.region,
    forwards_to: live.forwardsTo,
    ...(live.metadata === "" ? {} : { metadata: live.metadata }),
    tunnel_session: refTo(call, "/tunnel_sessions", live.sessionId),
    endpoint: null,
    labels: live.labels,
    backends: [],
  };
}

/** Every tunnel of the account, of either form. */
function online(call: Call): Listed[] {
  const { api: { deps: { live } }, accountId } = call;
  return [
    ...live.endpoints(accountId).map((endpoint) => toJson(call, endpoint)),
    ...(live.labeledTunnels?.(accountId) ?? []).map((tunnel) => labeledJson(call, tunnel)),
  ];
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
        return page(call, "/tunnels", "tunnels", list, sourceOf(online(call)));
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
        const found = online(call).find(({ id }) => id === call.params.id);
        return found ? Promise.resolve(found) : Promise.reject(notFound());
      },
    },
  ],
};

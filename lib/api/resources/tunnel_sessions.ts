/**
 * Tunnel sessions: agents that are connected, and what they can be told.
 *
 * @module
 */
import { z } from "../../base/schema.ts";
import { change } from "../change.ts";
import { formatTime } from "../events.ts";
import { exampleId, ref, text, time } from "../fields.ts";
import type { FilterFields } from "../filter.ts";
import { listAnswer } from "../list_answer.ts";
import type { LiveSession } from "../live.ts";
import { type Listed, page, sourceOf } from "../paging.ts";
import { notFound } from "../problem.ts";
import { checkId } from "../query.ts";
import { refTo } from "../refs.ts";
import type { Answer, Call, Operation, Resource } from "../resource.ts";
import { idParam } from "../stored.ts";

const filter: FilterFields = {
  id: "id",
  metadata: "text",
  agent_version: "text",
  ip: "text",
  os: "text",
  region: "text",
  started_at: "time",
  credential: { kind: "id", path: ["credential", "id"] },
};

const list = { prefix: "ts", filter };

const object = z.strictObject({
  id: text("Names the session; newer ones sort later", exampleId("ts")),
  uri: text("Where it is", `https://api.example.com/tunnel_sessions/${exampleId("ts")}`),
  started_at: time("When the agent connected"),
  agent_version: text("The version of the agent", "3.20.0"),
  credential: ref("Its authtoken", "/credentials", exampleId("cr")),
  ip: text("Its address, as the edge sees it", "192.0.2.17"),
  metadata: text("What the user's programs say about it", '{"host":"pi"}').optional(),
  os: text("Its operating system", "linux"),
  region: text("Where it is connected", "us"),
  transport: text("What it speaks", "ngrok/3"),
});

function toJson(call: Call, session: LiveSession): Listed {
  return {
    id: session.id,
    uri: call.uri(`/tunnel_sessions/${session.id}`),
    started_at: formatTime(session.startedAtMs),
    agent_version: session.agentVersion,
    credential: refTo(call, "/credentials", session.credentialId),
    ip: session.ip,
    ...(session.metadata === "" ? {} : { metadata: session.metadata }),
    os: session.os,
    region: session.region,
    transport: session.transport,
  };
}

function find(call: Call): LiveSession {
  checkId(call.params.id, "ts");
  const session = call.api.deps.live.sessions(call.accountId)
    .find(({ id }) => id === call.params.id);
  if (!session) throw notFound();
  return session;
}

/** A command to the agent; it is in the audit trail once the agent has agreed. */
async function command(
  call: Call,
  name: string,
  run: (sessionId: string) => Promise<void>,
): Promise<Answer> {
  const session = find(call);
  await run(session.id);
  const object = toJson(call, session);
  await change(call, (change) => change.record(`agent_session_${name}_requested.v0`, object));
  return undefined;
}

function commandOperation(
  verb: "stop" | "restart",
  summary: string,
  details: string,
): Operation {
  return {
    verb,
    method: "POST",
    path: `/tunnel_sessions/{id}/${verb}`,
    summary,
    details,
    params: { id: idParam("ts", "tunnel session") },
    body: { schema: z.strictObject({}), optional: true, examples: [{}], echoes: { id: "id" } },
    status: 204,
    run: (call) => command(call, verb, (id) => call.api.deps.live.commandSession(id, verb)),
  };
}

/** Agents that are connected. */
export const tunnelSessions: Resource = {
  name: "tunnel_sessions",
  about: "An agent that is connected. It can be told to stop, to restart, or to update itself.",
  operations: [
    {
      verb: "list",
      method: "GET",
      path: "/tunnel_sessions",
      summary: "Lists the agents of the account that are connected, newest first",
      params: {},
      list,
      answer: listAnswer("tunnel_sessions", object),
      status: 200,
      run(call) {
        const online = call.api.deps.live.sessions(call.accountId);
        const source = sourceOf(online.map((session) => toJson(call, session)));
        return page(call, "/tunnel_sessions", "tunnel_sessions", list, source);
      },
    },
    {
      verb: "get",
      method: "GET",
      path: "/tunnel_sessions/{id}",
      summary: "Shows an agent that is connected",
      params: { id: idParam("ts", "tunnel session") },
      answer: object,
      status: 200,
      run: async (call) => toJson(call, await Promise.resolve(find(call))),
    },
    commandOperation(
      "restart",
      "Tells an agent to restart itself",
      "It comes back with a new session id. Agents on Windows cannot",
    ),
    commandOperation("stop", "Tells an agent to stop", "Its program ends, with all its endpoints"),
    {
      verb: "update",
      method: "POST",
      path: "/tunnel_sessions/{id}/update",
      summary: "Tells an agent to update itself",
      details:
        "The agent never crosses a major version. It goes on as it is until it is restarted; " +
        "give it ten seconds before that",
      params: { id: idParam("ts", "tunnel session") },
      body: {
        schema: z.strictObject({
          version: text("The version it shall become; the latest without one", "3.21.0", 64)
            .optional(),
        }),
        optional: true,
        examples: [{}, { version: "3.21.0" }],
        echoes: { id: "id" },
      },
      status: 204,
      run: (call, body: { readonly version?: string }) =>
        command(call, "update", (id) => {
          return call.api.deps.live.updateSession(id, body.version ?? "");
        }),
    },
  ],
};

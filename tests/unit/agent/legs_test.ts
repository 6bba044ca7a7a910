import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { STREAM } from "../../../lib/wire/messages.ts";
import { Stage } from "../../fakes/agent_stage.ts";
import type { FakeSession, Json } from "../../fakes/edge.ts";

const ADDRESSES = ["edge.test:443", "west.test:443", "east.test:443"];

/** A stage whose edge names addresses; writes down who dials where. */
function legStage(named: () => readonly string[] = () => ADDRESSES) {
  const stage = new Stage();
  const dialled: string[] = [];
  const down = new Set<string>();
  stage.edge.onAuth = () =>
    stage.edge.defaultAuth({
      ConnectAddresses: named().map((ServerAddr) => ({ Region: "", ServerAddr })),
    });
  const dial = (_signal: AbortSignal, address = "") => {
    dialled.push(address);
    if (down.has(address)) {
      return Promise.reject(new TunnelError("connection_refused", `Cannot dial "${address}"`));
    }
    return stage.edge.dial();
  };
  return { stage, dialled, down, dial };
}

function legOf(session: FakeSession): unknown {
  return (session.of(STREAM.auth)[0]?.json.Extra as Json | undefined)?.LegNumber;
}

/** The latest session of a leg. */
function sessionOf(stage: Stage, leg: number): FakeSession {
  const found = stage.edge.sessions.filter((one) => legOf(one) === leg).at(-1);
  assert.ok(found, `no leg ${leg}`);
  return found;
}

test("S93 Legs opens one connection to each further address, with the same identity and endpoints", async () => {
  const { stage, dialled, dial } = legStage();
  const agent = await stage.connect({ dial });
  const first = await agent.forward({ addr: 8080 });
  await stage.until(() => stage.edge.sessions.length === 3);
  const second = await agent.forward({ addr: 8081 });
  const bindsOf = (leg: number) =>
    sessionOf(stage, leg).of(STREAM.bind).map(({ json }) => [
      json.Id,
      (json.Extra as Json).Token,
    ]);
  await stage.until(() => bindsOf(1).length === 2 && bindsOf(2).length === 2);
  assert.deepEqual(dialled, ["", "west.test:443", "east.test:443"]);
  for (const leg of [1, 2]) {
    const { json } = sessionOf(stage, leg).of(STREAM.auth)[0];
    assert.equal(json.ClientId, "client-1");
    assert.equal((json.Extra as Json).Cookie, "cookie-1");
    assert.deepEqual(bindsOf(leg), [[first.id, "token-1"], [second.id, "token-2"]]);
  }
  // A visitor may come over any of them.
  sessionOf(stage, 2).visit({ Id: second.id });
  await stage.until(() => second.totalConnections === 1);
  // Unbind goes over the first leg alone.
  await second.close();
  assert.equal(sessionOf(stage, 0).of(STREAM.unbind).length, 1);
  assert.equal(sessionOf(stage, 1).of(STREAM.unbind).length, 0);
  await stage.stop();
  assert.equal(stage.clock.pending, 0);
});

test("Legs dials a lost leg again by itself, however often, and no other", async () => {
  const { stage, dialled, down, dial } = legStage();
  const agent = await stage.connect({ dial });
  const endpoint = await agent.forward({ addr: 8080 });
  await stage.until(() => stage.edge.sessions.length === 3);
  down.add("west.test:443");
  sessionOf(stage, 1).cut();
  await stage.until(() => dialled.length === 4);
  for (const waitMs of [500, 1_000, 2_000, 4_000]) await stage.clock.advance(waitMs);
  assert.deepEqual(dialled.slice(3), Array.from({ length: 5 }, () => "west.test:443"));
  down.clear();
  await stage.clock.advance(8_000);
  await stage.until(() => stage.edge.sessions.length === 4);
  await stage.until(() => sessionOf(stage, 1).of(STREAM.bind).length === 1);
  assert.equal(endpoint.online, true);
  assert.equal(stage.of("session_lost").length, 0);
  await stage.stop();
});

test("Legs stays up while the first leg is lost and comes back", async () => {
  const { stage, dial } = legStage();
  const agent = await stage.connect({ dial });
  const endpoint = await agent.forward({ addr: 8080 });
  await stage.until(() => stage.edge.sessions.length === 3);
  sessionOf(stage, 0).cut();
  await stage.until(() => stage.edge.sessions.length === 4);
  await stage.until(() => endpoint.online);
  assert.equal(legOf(stage.edge.session), 0);
  sessionOf(stage, 1).visit({ Id: endpoint.id });
  await stage.until(() => endpoint.totalConnections === 1);
  await stage.stop();
});

test("Legs follows the edge when it names other addresses, and the agent when it gets another identity", async () => {
  let named = ADDRESSES;
  let client = "client-1";
  const { stage, dialled, dial } = legStage(() => named);
  const auth = stage.edge.onAuth;
  stage.edge.onAuth = (request, session) => ({ ...auth(request, session)!, ClientId: client });
  await stage.connect({ dial });
  await stage.until(() => stage.edge.sessions.length === 3);
  named = ["edge.test:443", "north.test:443"];
  sessionOf(stage, 0).cut();
  await stage.until(() => dialled.includes("north.test:443"));
  await stage.until(() => stage.edge.sessions.filter((one) => one.end).length === 3);
  client = "client-2";
  sessionOf(stage, 0).cut();
  await stage.clock.advance(1_000);
  await stage.until(() => dialled.filter((one) => one === "north.test:443").length === 2);
  await stage.stop();
});

test("Legs leaves a connection to an edge that does not know the first leg", async () => {
  const { stage, dialled, dial } = legStage(() => ADDRESSES.slice(0, 2));
  const auth = stage.edge.onAuth;
  stage.edge.onAuth = (request, session) => {
    const { LegNumber } = request.Extra as Json;
    return LegNumber === 0 ? auth(request, session) : {
      ...auth(request, session)!,
      ClientId: "somebody else",
    };
  };
  const agent = await stage.connect({ dial });
  await agent.forward({ addr: 8080 });
  await stage.until(() => stage.edge.sessions[1]?.end !== undefined);
  assert.equal(stage.edge.sessions[1].of(STREAM.bind).length, 0);
  assert.equal(dialled.length, 2);
  await stage.clock.advance(500);
  assert.equal(dialled.length, 3);
  await stage.stop();
});

test("S92 Legs opens none when the edge names one address, or the options forbid it", async () => {
  for (const [named, furtherLegs] of [[ADDRESSES.slice(0, 1), true], [ADDRESSES, false]] as const) {
    const { stage, dialled, dial } = legStage(() => named);
    const agent = await stage.connect({ dial, furtherLegs });
    await agent.forward({ addr: 8080 });
    await stage.clock.advance(1_000);
    assert.deepEqual(dialled, [""]);
    await stage.stop();
  }
});

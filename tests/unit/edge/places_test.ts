/** @module */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { NO_RESERVATIONS, type Reservations } from "../../../lib/edge/reservations.ts";
import type { Conn } from "../../../lib/runtime/net.ts";
import { type BindResponse, STREAM } from "../../../lib/wire/messages.ts";
import type { FakeAgent } from "../../fakes/agent.ts";
import { AgentsSide } from "../../fakes/agents_side.ts";
import { makeCa } from "../../fakes/certs.ts";
import { test } from "../../harness.ts";

const VISITOR = { clientAddr: "1.2.3.4:5", passthroughTls: false };

/** Sends a visitor and says which of the agents got it. */
async function whoServes(
  side: AgentsSide,
  bound: BindResponse,
  agents: readonly FakeAgent[],
): Promise<number> {
  const stream = await side.registry.byId(bound.Id)!.openStream(VISITOR);
  await side.settle();
  const winner = agents.findIndex((agent) => agent.visitors.length > 0);
  const visitor = agents[winner].visitors.shift()!;
  assert.equal(visitor.header.Id, bound.Id);
  visitor.stream.reset(6);
  await stream.closed;
  return winner;
}

function codeOf(answer: BindResponse): string {
  return /ERR_NGROK_(\d+)/.exec(answer.Error ?? "")?.[1] ?? answer.Error ?? "";
}

test("Places hands an endpoint to the agent that is back at once, before the old connection is seen dead", async () => {
  const side = await AgentsSide.create();
  const { agent: old, answer } = await side.agent();
  const https = await old.bind("https");
  const tcp = await old.bind("tcp");
  old.freeze();
  const back = await side.resume(answer);
  // Nobody is asked and no time passes: the token proves whose it is.
  assert.deepEqual(await back.rebind(https), https);
  assert.deepEqual(await back.rebind(tcp), tcp);
  assert.equal(await whoServes(side, https, [old, back]), 1);
  assert.equal(side.registry.size, 2);
  assert.deepEqual(side.endpointEvents, [
    "endpoint_started",
    "endpoint_started",
    "endpoint_moved",
    "endpoint_moved",
  ]);
  await side.close();
});

test("Places keeps the new session's endpoint when the old one is closed late", async () => {
  const side = await AgentsSide.create();
  const { agent: old, answer } = await side.agent();
  const https = await old.bind("https");
  const tcp = await old.bind("tcp");
  const back = await side.resume(answer);
  await back.rebind(https);
  await back.rebind(tcp);
  await old.unbind(https.Id);
  old.abort();
  await side.settle();
  assert.equal(side.agents.sessions.length, 1);
  assert.equal(side.registry.size, 2);
  assert.ok(side.ports!.open.has(20000));
  assert.equal(await whoServes(side, https, [old, back]), 1);
  assert.equal(await whoServes(side, tcp, [old, back]), 1);
  await side.close();
});

test("Places lets the old session go offline with what was not taken over", async () => {
  const side = await AgentsSide.create();
  const { agent: old, answer } = await side.agent();
  const kept = await old.bind("https");
  const dropped = await old.bind("https");
  const back = await side.resume(answer);
  await back.rebind(kept);
  old.abort();
  await side.settle();
  assert.ok(side.registry.byId(kept.Id));
  assert.equal(side.registry.byId(dropped.Id), undefined);
  await side.close();
});

test("Places lets an earlier session not take back what a later one serves", async () => {
  const side = await AgentsSide.create();
  const { agent: old, answer } = await side.agent();
  const bound = await old.bind("https");
  const back = await side.resume(answer);
  await back.rebind(bound);
  assert.equal(codeOf(await old.rebind(bound)), "334");
  assert.equal(await whoServes(side, bound, [old, back]), 1);
  await side.close();
});

test("Places survives take-over upon take-over, in every order of closing", async () => {
  for (const order of [[0, 1, 2], [2, 1, 0], [1, 0, 2]]) {
    const side = await AgentsSide.create();
    const { agent: first, answer } = await side.agent();
    const bound = await first.bind("https");
    const agents = [first];
    for (let round = 0; round < 3; round++) {
      const next = await side.resume(answer);
      await next.rebind(bound);
      agents.push(next);
    }
    for (const index of order) {
      agents[index].abort();
      await side.settle();
      assert.equal(await whoServes(side, bound, agents), 3);
    }
    agents[3].abort();
    await side.settle();
    assert.equal(side.registry.size, 0);
    await side.close();
  }
});

test("Places adds a further leg instead of displacing the first, and spreads visitors", async () => {
  const side = await AgentsSide.create();
  const { agent: leg0, answer } = await side.agent();
  const bound = await leg0.bind("https");
  const leg1 = await side.resume(answer, "one", { LegNumber: 1 });
  assert.deepEqual(await leg1.rebind(bound), bound);
  const endpoint = side.registry.byId(bound.Id)!;
  assert.equal(endpoint.members.length, 2);
  await endpoint.openStream(VISITOR);
  await endpoint.openStream(VISITOR);
  await side.settle();
  assert.deepEqual([leg0.visitors.length, leg1.visitors.length], [1, 1]);
  leg0.abort();
  await side.settle();
  assert.equal(endpoint.members.length, 1);
  await endpoint.openStream(VISITOR);
  await side.settle();
  assert.equal(leg1.visitors.length, 2);
  await side.close();
});

test("Places takes an endpoint off all legs when leg 0 unbinds it", async () => {
  const side = await AgentsSide.create();
  const { agent: leg0, answer } = await side.agent();
  const bound = await leg0.bind("https");
  const leg1 = await side.resume(answer, "one", { LegNumber: 1 });
  await leg1.rebind(bound);
  await leg0.unbind(bound.Id);
  assert.equal(side.registry.size, 0);
  leg1.abort();
  await side.close();
});

test("Places keeps the name with a holder that answers: 334", async () => {
  const side = await AgentsSide.create();
  const { agent: holder } = await side.agent("one");
  const { agent: rival } = await side.agent("two");
  const bound = await holder.bind("https", { Domain: "a.example.com" });
  const refused = await rival.bind("https", { Domain: "a.example.com" });
  assert.match(
    refused.Error!,
    /https:\/\/a\.example\.com[^]*online there[^]*ERR_NGROK_334/,
  );
  assert.equal(await whoServes(side, bound, [holder, rival]), 0);
  // The very session that holds it is no exception.
  assert.equal(
    codeOf(await holder.bind("https", { Domain: "a.example.com" })),
    "334",
  );
  await side.close();
});

test("Places gives the name to another session of the account when the holder does not answer within 2 s", async () => {
  const side = await AgentsSide.create();
  const { agent: holder } = await side.agent("one");
  const { agent: rival } = await side.agent("two");
  const [holderSession] = side.agents.sessions;
  const bound = await holder.bind("https", { Domain: "a.example.com" });
  const spare = await holder.bind("https");
  holder.freeze();
  const asked = rival.bind("https", { Domain: "a.example.com" });
  await side.clock.advance(1_999);
  assert.equal(side.registry.at("tls:a.example.com")!.id, bound.Id);
  await side.clock.advance(1);
  const won = await asked;
  assert.equal(won.URL, "https://a.example.com");
  assert.notEqual(won.Id, bound.Id);
  await holderSession.closed;
  await side.settle();
  assert.equal(side.registry.byId(spare.Id), undefined);
  assert.equal(await whoServes(side, won, [holder, rival]), 1);
  await side.close();
});

test("Places moves a tcp port from a dead holder to a live session", async () => {
  const side = await AgentsSide.create();
  const { agent: holder } = await side.agent("one");
  const { agent: rival } = await side.agent("two");
  await holder.bind("tcp", { Addr: "example.com:20001" });
  assert.equal(
    codeOf(await rival.bind("tcp", { Addr: "example.com:20001" })),
    "334",
  );
  holder.freeze();
  const asked = rival.bind("tcp", { Addr: "example.com:20001" });
  await side.clock.advance(2_000);
  assert.equal((await asked).URL, "tcp://example.com:20001");
  await side.close();
});

test("Places asks a holder once for two rivals, and one of them wins", async () => {
  const side = await AgentsSide.create();
  const { agent: holder } = await side.agent("one");
  const { agent: rivalA } = await side.agent("two");
  const { agent: rivalB } = await side.agent("two");
  await holder.bind("https", { Domain: "a.example.com" });
  holder.freeze();
  const asked = [rivalA, rivalB].map((rival) => rival.bind("https", { Domain: "a.example.com" }));
  await side.clock.advance(4_000);
  assert.deepEqual((await Promise.all(asked)).map(codeOf), ["", "334"]);
  assert.equal(side.registry.size, 1);
  await side.close();
});

test("Places gives an agent that is back its name without a token, unasked", async () => {
  const side = await AgentsSide.create();
  const { agent: old, answer } = await side.agent();
  await old.bind("https", { Domain: "a.example.com" });
  old.freeze();
  const back = await side.resume(answer);
  // No clock moves: the predecessor of the same agent is not pinged.
  const bound = await back.bind("https", { Domain: "a.example.com" });
  assert.equal(bound.Error, "");
  assert.equal(await whoServes(side, bound, [old, back]), 1);
  await side.close();
});

test("Places gives a stolen id and token nothing while the owner lives", async () => {
  const side = await AgentsSide.create();
  const { agent: owner } = await side.agent("one");
  const { agent: thief } = await side.agent("two");
  const bound = await owner.bind("https");
  // Same account, another agent: it is pinged for like any other name.
  assert.equal(codeOf(await thief.rebind(bound)), "334");
  assert.equal(await whoServes(side, bound, [owner, thief]), 0);
  await side.close();
});

test("Places never gives another account's name or port away, dead holder or not", async () => {
  const side = await AgentsSide.create();
  const { agent: holder } = await side.agent("one");
  const { agent: other } = await side.agent("other");
  await holder.bind("https", { Domain: "a.example.com" });
  await holder.bind("tcp", { Addr: "example.com:20001" });
  holder.freeze();
  const name = () => other.bind("https", { Domain: "a.example.com" });
  const port = () => other.bind("tcp", { Addr: "example.com:20001" });
  assert.equal(codeOf(await name()), "320");
  assert.equal(codeOf(await port()), "309");
  holder.abort();
  await side.settle();
  assert.equal(side.registry.size, 0);
  // Kept for its agent for two minutes.
  assert.equal(codeOf(await name()), "320");
  assert.equal(codeOf(await port()), "309");
  await side.clock.advance(120_000);
  assert.equal(codeOf(await name()), "");
  assert.equal(codeOf(await port()), "");
  await side.close();
});

test("Places gives a random port that is kept for another agent only when no other is left", async () => {
  const side = await AgentsSide.create({
    tcpRange: { from: 20000, to: 20001 },
  });
  const { agent: lost } = await side.agent("one");
  const { agent: other } = await side.agent("two");
  const bound = await lost.bind("tcp");
  assert.equal(bound.URL, "tcp://example.com:20000");
  lost.abort();
  await side.settle();
  assert.equal((await other.bind("tcp")).URL, "tcp://example.com:20001");
  assert.deepEqual([...side.ports!.open.keys()], [20001]);
  assert.equal((await other.bind("tcp")).URL, "tcp://example.com:20000");
  await side.close();
});

test("Places does not keep a name that was given back", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent("one");
  const { agent: other } = await side.agent("other");
  const bound = await agent.bind("https", { Domain: "a.example.com" });
  await agent.unbind(bound.Id);
  assert.equal(
    codeOf(await other.bind("https", { Domain: "a.example.com" })),
    "",
  );
  await side.close();
});

test("Places refuses https and tls on one name, for both live on port 443", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  assert.equal(
    codeOf(await agent.bind("https", { Domain: "a.example.com" })),
    "",
  );
  assert.equal(
    codeOf(await agent.bind("tls", { Domain: "a.example.com" })),
    "334",
  );
  assert.equal(
    codeOf(await agent.bind("http", { Domain: "a.example.com" })),
    "",
  );
  await side.close();
});

test("Places leaves nothing behind when a session ends in the middle of a bind", async () => {
  const side = await AgentsSide.create();
  const { agent: holder } = await side.agent("one");
  const { agent: rival } = await side.agent("two");
  await holder.bind("tcp", { Addr: "example.com:20001" });
  holder.freeze();
  const asked = rival.bind("tcp", { Addr: "example.com:20001" });
  asked.catch(() => {});
  await side.clock.advance(1_000);
  rival.abort();
  await side.clock.advance(1_000);
  await assert.rejects(asked);
  await side.settle();
  assert.equal(side.registry.size, 0);
  assert.equal(side.ports!.open.size, 0);
  await side.close();
});

test("Places hands tcp visitors over with their endpoint", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const bound = await agent.bind("tcp");
  const conn = {} as Conn;
  side.ports!.open.get(20000)!(conn);
  assert.deepEqual(side.tcpVisitors.map(({ endpoint }) => endpoint.id), [
    bound.Id,
  ]);
  assert.equal(side.tcpVisitors[0].conn, conn);
  await side.close();
});

/** Reservations that know ports alone. */
function reservedPorts(...ports: number[]): Reservations {
  return { ...NO_RESERVATIONS, reservedPorts: () => Promise.resolve(new Set(ports)) };
}

test("Places never gives a reserved port to whoever wants any", async () => {
  const reservations = reservedPorts(20000, 20002);
  const side = await AgentsSide.create({ reservations });
  const { agent } = await side.agent();
  assert.equal((await agent.bind("tcp")).URL, "tcp://example.com:20001");
  assert.equal((await agent.bind("tcp")).URL, "tcp://example.com:20003");
  const refused = await agent.bind("tcp");
  assert.equal(codeOf(refused), "307");
  assert.equal(refused.Error?.split("\r")[0], "Cannot bind a tcp port: taken");
  assert.deepEqual([...side.ports!.open.keys()].sort(), [20001, 20003]);
  await side.close();
});

test("Places gives a port that is kept for another agent before one that is reserved", async () => {
  const reservations = reservedPorts(20000, 20001, 20002);
  const side = await AgentsSide.create({ reservations });
  const { agent: lost } = await side.agent();
  assert.equal((await lost.bind("tcp")).URL, "tcp://example.com:20003");
  lost.abort();
  await side.settle();
  const { agent } = await side.agent();
  assert.equal((await agent.bind("tcp")).URL, "tcp://example.com:20003");
  assert.deepEqual([...side.ports!.open.keys()], [20003]);
  await side.close();
});

test("Places opens no port for an internal tcp endpoint, and closes none", async () => {
  const side = await AgentsSide.create({ tcpRange: null });
  const { agent } = await side.agent();
  const { agent: other } = await side.agent("other");
  const mine = await agent.bind("tcp", { Addr: "db.internal:5432" });
  const theirs = await other.bind("tcp", { Addr: "db.internal:5432" });
  assert.deepEqual([mine.URL, theirs.URL], [
    "tcp://db.internal:5432",
    "tcp://db.internal:5432",
  ]);
  await agent.unbind(mine.Id);
  assert.equal(side.registry.size, 1);
  await side.close();
});

/** What an agent of the property below does. */
type Deed =
  | { readonly do: "bind"; readonly by: number; readonly what: number }
  | { readonly do: "unbind" | "patch" | "take"; readonly by: number; readonly what: number };

const WISHES: readonly [proto: string, opts: Record<string, unknown>, isInternal: boolean][] = [
  ["https", { Domain: "a.example.com" }, false],
  ["http", { Domain: "a.example.com" }, false],
  ["tls", { Domain: "b.example.com" }, false],
  ["https", { Domain: "*.b.example.com" }, false],
  ["tcp", { Addr: "example.com:20001" }, false],
  ["https", { URL: "https://api.internal" }, true],
  ["tcp", { Addr: "db.internal:5432" }, true],
];

test("Places builds walls between accounts: nobody gets, sees, changes or ends what is another's", async () => {
  const deed: fc.Arbitrary<Deed> = fc.record({
    do: fc.constantFrom("bind", "bind", "unbind", "patch", "take"),
    by: fc.nat(2),
    what: fc.nat(WISHES.length - 1),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { maxLength: 12 }), async (deeds) => {
      const side = await AgentsSide.create();
      // Two of one account, one of another.
      const tokens = ["one", "two", "other"];
      const accounts = ["ac_1", "ac_1", "ac_other"];
      const agents: FakeAgent[] = [];
      for (const token of tokens) agents.push((await side.agent(token)).agent);
      /** Everything anybody was given, by address and account: the agents show it to each other. */
      const given: { readonly by: number; readonly what: number; readonly answer: BindResponse }[] =
        [];
      const foreign = (by: number) =>
        given.filter((one) =>
          accounts[one.by] !== accounts[by] && side.registry.byId(one.answer.Id)
        );
      for (const { do: verb, by, what } of deeds) {
        const before = [...side.registry.all()].filter((one) => one.accountId !== accounts[by])
          .map(({ id, facts, members }) => ({ id, facts, members }));
        const [proto, opts, isInternal] = WISHES[what];
        const theirs = foreign(by)[what % Math.max(1, foreign(by).length)];
        if (verb === "bind") {
          const answer = await agents[by].bind(proto, opts);
          const held = foreign(by).some((one) => one.what === what);
          if (!isInternal && held) {
            assert.equal(codeOf(answer), proto === "tcp" ? "309" : "320");
          } else assert.ok(["", "334"].includes(codeOf(answer)), codeOf(answer));
          if (codeOf(answer) === "") given.push({ by, what, answer });
        } else if (theirs && verb === "unbind") {
          await agents[by].unbind(theirs.answer.Id);
        } else if (theirs && verb === "patch") {
          const { TunnelID: TunnelId } = theirs.answer.Extra;
          const answer = await agents[by].request(STREAM.patchTunnelState, { TunnelId, Name: "x" });
          assert.match(String(answer["Error"]), /ERR_NGROK_333/);
        } else if (theirs && verb === "take") {
          // With another's id and bind token in hand.
          assert.equal(codeOf(await agents[by].rebind(theirs.answer)), "335");
        }
        const after = [...side.registry.all()].filter((one) => one.accountId !== accounts[by])
          .map(({ id, facts, members }) => ({ id, facts, members }));
        assert.deepEqual(after, before);
        for (const session of side.agents.sessions) {
          for (const endpoint of side.places.endpointsOf(session)) {
            assert.equal(endpoint.accountId, session.grant.accountId);
          }
        }
      }
      await side.close();
    }),
    { numRuns: 60 },
  );
});

const POOLING = { Extra: { PoolingEnabled: true } };

test("Places lets endpoints share a URL when all of them enable pooling, whichever agents they are of", async () => {
  const side = await AgentsSide.create();
  const { agent: first } = await side.agent("one");
  const { agent: second } = await side.agent("two");
  const url = { Domain: "a.example.com" };
  const bound = await Promise.all([
    first.bind("https", url, POOLING),
    second.bind("https", url, POOLING),
    // Two services behind one agent are two members.
    first.bind("https", url, POOLING),
  ]);
  assert.deepEqual(bound.map(codeOf), ["", "", ""]);
  assert.equal(new Set(bound.map(({ Id }) => Id)).size, 3);
  assert.equal(new Set(bound.map(({ URL }) => URL)).size, 1);
  assert.equal(side.registry.membersAt("tls:a.example.com").length, 3);
  const refused = await second.bind("https", url);
  assert.match(refused.Error!, /enable pooling to share[^]*ERR_NGROK_334/);
  const odd = await second.bind("tls", url, POOLING);
  assert.match(odd.Error!, /speaks https, not tls[^]*ERR_NGROK_334/);
  const { agent: stranger } = await side.agent("other");
  assert.equal(codeOf(await stranger.bind("https", url, POOLING)), "320");
  first.abort();
  await side.settle();
  assert.equal(side.registry.membersAt("tls:a.example.com").length, 1);
  assert.equal(await whoServes(side, bound[1], [second]), 0);
  await side.close();
});

test("Places refuses pooling with an endpoint that does not enable it, while that lives", async () => {
  const side = await AgentsSide.create();
  const { agent: holder } = await side.agent("one");
  const { agent: rival } = await side.agent("two");
  await holder.bind("https", { Domain: "a.example.com" });
  const asked = () => rival.bind("https", { Domain: "a.example.com" }, POOLING);
  assert.match((await asked()).Error!, /does not enable pooling[^]*ERR_NGROK_334/);
  holder.freeze();
  const again = asked();
  await side.clock.advance(2_000);
  assert.equal(codeOf(await again), "");
  await side.close();
});

test("Places takes a member that is back for the same member, by token and without one", async () => {
  const side = await AgentsSide.create();
  const { agent: old, answer } = await side.agent("one");
  const { agent: other } = await side.agent("two");
  const url = { Domain: "a.example.com" };
  const bound = await old.bind("https", url, POOLING);
  await other.bind("https", url, POOLING);
  old.freeze();
  const back = await side.resume(answer);
  const again = await back.bind(bound.Proto, bound.Opts, {
    Id: bound.Id,
    Extra: { Token: bound.Extra.Token, PoolingEnabled: true },
  });
  assert.equal(again.Id, bound.Id);
  assert.equal(side.registry.membersAt("tls:a.example.com").length, 2);
  // With the token it may not leave the pool by the way.
  const alone = await back.bind(bound.Proto, bound.Opts, {
    Id: bound.Id,
    Extra: { Token: bound.Extra.Token },
  });
  assert.match(alone.Error!, /Cannot turn off pooling[^]*ERR_NGROK_334/);
  back.freeze();
  const third = await side.resume(answer);
  const fresh = await third.bind("https", url, POOLING);
  assert.equal(codeOf(fresh), "");
  assert.notEqual(fresh.Id, bound.Id);
  assert.equal(side.registry.membersAt("tls:a.example.com").length, 2);
  await side.close();
});

test("Places counts the legs of an agent as one member", async () => {
  const side = await AgentsSide.create();
  const { agent: leg0, answer } = await side.agent("one");
  const { agent: other } = await side.agent("two");
  const url = { Domain: "a.example.com" };
  const bound = await leg0.bind("https", url, POOLING);
  await other.bind("https", url, POOLING);
  const leg1 = await side.resume(answer, "one", { LegNumber: 1 });
  await leg1.bind(bound.Proto, bound.Opts, {
    Id: bound.Id,
    Extra: { Token: bound.Extra.Token, PoolingEnabled: true },
  });
  const members = side.registry.membersAt("tls:a.example.com");
  assert.deepEqual(members.map(({ members }) => members.length), [2, 1]);
  await side.close();
});

test("Places opens the port of a pool once, and frees it with the last member", async () => {
  const side = await AgentsSide.create();
  const { agent: first } = await side.agent("one");
  const { agent: second } = await side.agent("two");
  const addr = { Addr: "example.com:20001" };
  const bound = await first.bind("tcp", addr, POOLING);
  const other = await second.bind("tcp", addr, POOLING);
  assert.equal(other.URL, bound.URL);
  await first.unbind(bound.Id);
  const conn = {} as Conn;
  side.ports!.open.get(20001)!(conn);
  assert.deepEqual(side.tcpVisitors.map(({ endpoint }) => endpoint.id), [other.Id]);
  const third = await first.bind("tcp", addr, POOLING);
  side.ports!.open.get(20001)!(conn);
  assert.equal(side.tcpVisitors[1].endpoint.pick !== undefined, true);
  await second.unbind(other.Id);
  await first.unbind(third.Id);
  assert.equal(side.ports!.open.size, 0);
  await side.close();
});

test("Places lets no member of a pool end TLS otherwise than the others, also not when it is back", async () => {
  const side = await AgentsSide.create();
  const { agent: one, answer } = await side.agent("one");
  const { agent: two } = await side.agent("two");
  const url = { Domain: "a.example.com" };
  const { caPem } = await makeCa("visitors");
  const strict = { ...url, MutualTLSCA: { mutual_tls_ca: btoa(caPem) } };
  const bound = await one.bind("https", url, POOLING);
  await two.bind("https", url, POOLING);
  assert.match((await two.bind("https", strict, POOLING)).Error!, /ends TLS otherwise[^]*334/);
  const back = await side.resume(answer);
  const again = (opts: Record<string, unknown>) =>
    back.bind("https", opts, {
      Id: bound.Id,
      Extra: { Token: bound.Extra.Token, PoolingEnabled: true },
    });
  assert.match((await again(strict)).Error!, /ends TLS otherwise[^]*334/);
  assert.equal(codeOf(await again(url)), "");
  await side.close();
});

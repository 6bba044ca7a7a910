/** @module */
import assert from "node:assert/strict";
import { TunnelError } from "../../../lib/base/errors.ts";
import {
  AgentEndpoint,
  type EndpointFacts,
  type EndpointMember,
} from "../../../lib/edge/agent_endpoint.ts";
import type { MuxStream } from "../../../lib/mux/mux.ts";
import type { ProxyHeader } from "../../../lib/wire/messages.ts";
import { test } from "../../harness.ts";

const FACTS: EndpointFacts = {
  id: "e1",
  ksuid: "2aBcDeFgHiJkLmNoPqRsTuVwXyZ",
  binding: "public",
  forwardsProto: "",
  tokenId: "cr_1",
  url: "https://a.example.com",
  proto: "https",
  host: "a.example.com",
  port: 443,
  accountId: "ac_1",
  clientId: "c1",
  forwardsTo: "localhost:80",
  options: {},
  startedAtMs: 5,
  name: "n",
  description: "d",
  metadata: "m",
  poolingEnabled: false,
};

class FakeMember implements EndpointMember {
  readonly clientId = "c1";
  readonly order = 1;
  readonly headers: ProxyHeader[] = [];
  load = 0;
  isOpen = true;
  isFull = false;
  isSilent = false;
  latencyMs: number | undefined;
  failure: TunnelError | undefined;

  readonly id: string;
  readonly legNumber: number;

  constructor(id: string, legNumber = 0) {
    this.id = id;
    this.legNumber = legNumber;
  }

  openProxy(header: ProxyHeader): MuxStream {
    if (this.failure) throw this.failure;
    this.headers.push(header);
    this.load++;
    return { id: this.load } as MuxStream;
  }

  isAlive(): Promise<boolean> {
    return Promise.resolve(true);
  }

  doubt(): Promise<boolean> {
    return Promise.resolve(!this.isSilent);
  }

  abort(): void {
    this.isOpen = false;
  }
}

const VISITOR = { clientAddr: "[::1]:99", passthroughTls: true };

test("AgentEndpoint.openStream() writes all five keys, EdgeType as text", async () => {
  const endpoint = new AgentEndpoint(FACTS);
  const member = new FakeMember("s1");
  endpoint.join(member);
  await endpoint.openStream(VISITOR);
  assert.deepEqual(member.headers, [{
    Id: "e1",
    ClientAddr: "[::1]:99",
    Proto: "https",
    EdgeType: "0",
    PassthroughTLS: true,
  }]);
});

test("AgentEndpoint.openStream() takes the member that has least to do", async () => {
  const endpoint = new AgentEndpoint(FACTS);
  const busy = new FakeMember("s1", 0);
  const idle = new FakeMember("s2", 1);
  busy.load = 3;
  endpoint.join(busy);
  endpoint.join(idle);
  for (let count = 0; count < 5; count++) await endpoint.openStream(VISITOR);
  assert.deepEqual([busy.headers.length, idle.headers.length], [1, 4]);
});

test("AgentEndpoint.openStream() passes over members that are gone", async () => {
  const endpoint = new AgentEndpoint(FACTS);
  const gone = new FakeMember("s1", 0);
  const going = new FakeMember("s2", 1);
  const alive = new FakeMember("s3", 2);
  gone.isOpen = false;
  going.failure = new TunnelError("session_closed", "just now");
  alive.load = 100;
  for (const member of [gone, going, alive]) endpoint.join(member);
  await endpoint.openStream(VISITOR);
  assert.equal(alive.headers.length, 1);
  alive.isOpen = false;
  await assert.rejects(
    endpoint.openStream(VISITOR),
    (error: TunnelError) => error.code === "session_closed" && /went away/.test(error.message),
  );
});

test("AgentEndpoint.openStream() does not hide that an agent is full", async () => {
  const endpoint = new AgentEndpoint(FACTS);
  const member = new FakeMember("s1");
  member.failure = new TunnelError("streams_exhausted", "full");
  endpoint.join(member);
  await assert.rejects(endpoint.openStream(VISITOR), member.failure);
});

test("AgentEndpoint.leave() changes nothing for a member that was displaced", () => {
  const endpoint = new AgentEndpoint(FACTS);
  const old = new FakeMember("s1");
  const next = new FakeMember("s2");
  endpoint.join(old);
  endpoint.join(next);
  assert.equal(endpoint.hasMember(old), false);
  assert.equal(endpoint.leave(old), false);
  assert.deepEqual(endpoint.members, [next]);
  assert.equal(endpoint.leave(next), true);
});

test("AgentEndpoint.join() takes new facts and stays as old as it is", () => {
  const endpoint = new AgentEndpoint(FACTS);
  const facts = { ...FACTS, forwardsTo: "localhost:81", startedAtMs: 9 };
  endpoint.join(new FakeMember("s1"), facts);
  assert.deepEqual(endpoint.facts, { ...facts, startedAtMs: 5 });
  assert.equal(endpoint.forwardsTo, "localhost:81");
});

test("AgentEndpoint.patch() leaves what is absent and clears what is empty", () => {
  const endpoint = new AgentEndpoint(FACTS);
  endpoint.patch({ name: "new", description: undefined, metadata: "" });
  const { name, description, metadata } = endpoint.facts;
  assert.deepEqual([name, description, metadata], ["new", "d", ""]);
});

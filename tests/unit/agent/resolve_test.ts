import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import {
  type DnsMechanism,
  isPublicName,
  mechanismsFor,
  type ResolveOptions,
  Resolver,
} from "../../../lib/agent/resolve.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import type { LookUpOptions, Net } from "../../../lib/runtime/net.ts";
import { test } from "../../harness.ts";

const OPTIONS: ResolveOptions = {
  resolverIps: [],
  mechanisms: undefined,
  publicIps: ["192.0.2.53"],
  httpsUrls: ["https://192.0.2.53/dns-query"],
  list: undefined,
};
const never = new AbortController().signal;

/** A resolver whose look-ups are answered with `answers`, and what was asked. */
function stage(host: string, more: Partial<ResolveOptions>, answers: readonly string[] = []) {
  const clock = new FakeClock();
  const runtime = memoryRuntime({
    clock,
    host: { files: { "/list.json": '{"edge.sallyport.dev": ["192.0.2.99"]}' } },
  });
  const asked: (LookUpOptions["servers"] | "https")[] = [];
  const net = Object.assign(Object.create(runtime.net), {
    lookUp(_name: string, { servers }: LookUpOptions) {
      asked.push(servers);
      return answers.length > 0
        ? Promise.resolve(answers)
        : Promise.reject(new TunnelError("host_not_found", "it does not"));
    },
  }) as Net;
  const resolver = new Resolver(host, {
    resolve: { ...OPTIONS, ...more },
    net,
    clock,
    files: runtime.host.files,
    openWeb() {
      asked.push("https");
      return Promise.reject(new TunnelError("connection_refused", "refused"));
    },
  });
  return { resolver, asked };
}

/** The ways of so many attempts that all end alike. */
function rotation(resolver: Resolver, foundNothing: boolean, count: number) {
  return Array.from({ length: count }, () => {
    const { by } = resolver;
    resolver.failed(foundNothing);
    return by;
  });
}

test("S107 S108 S109 Resolver goes one way per attempt, and round again", () => {
  const { resolver } = stage("edge.sallyport.dev", { list: "/list.json" });
  assert.deepEqual(rotation(resolver, true, 5), ["system", "public", "https", "list", "system"]);
});

test("Resolver comes back to the first way at every other attempt while edges are found but down", () => {
  const { resolver } = stage("edge.sallyport.dev", {});
  assert.deepEqual(
    rotation(resolver, false, 6),
    ["system", "public", "system", "https", "system", "public"],
  );
});

test("Resolver stays with the way that led to the edge", () => {
  const { resolver } = stage("edge.sallyport.dev", {});
  resolver.failed(true);
  resolver.reached("192.0.2.1");
  assert.equal(resolver.by, "public");
});

test("Resolver ends a round in which nothing was found with the address it knew", async () => {
  const { resolver } = stage("edge.corp.internal", {});
  resolver.reached("192.0.2.1");
  assert.deepEqual(rotation(resolver, true, 1), ["system"]);
  assert.deepEqual(await resolver.find(100, never), { by: "known", addresses: ["192.0.2.1"] });
  assert.deepEqual(rotation(resolver, false, 3), ["known", "system", "system"]);
});

test("S110 Resolver asks the name servers it is told instead of the system, and nobody else", async () => {
  const { resolver, asked } = stage("edge.sallyport.dev", { resolverIps: ["192.0.2.9"] }, [
    "192.0.2.1",
  ]);
  assert.deepEqual(await resolver.find(100, never), { by: "system", addresses: ["192.0.2.1"] });
  assert.deepEqual(asked, [["192.0.2.9"]]);
  assert.deepEqual(rotation(resolver, true, 3), ["system", "system", "system"]);
});

test("Resolver leaves the system's look-up to the network, and looks no address up", async () => {
  const { resolver, asked } = stage("edge.sallyport.dev", {});
  assert.deepEqual(await resolver.find(100, never), { by: "system", addresses: undefined });
  const other = stage("192.0.2.1", { mechanisms: ["public"] }).resolver;
  assert.deepEqual(await other.find(100, never), { by: "system", addresses: undefined });
  assert.deepEqual(asked, []);
});

test("Resolver asks public servers, then HTTPS, then the list", async () => {
  const { resolver, asked } = stage("edge.sallyport.dev", { list: "/list.json" });
  resolver.failed(true);
  await assert.rejects(resolver.find(100, never), { code: "host_not_found" });
  resolver.failed(true);
  await assert.rejects(resolver.find(100, never), { code: "connection_refused" });
  resolver.failed(true);
  assert.deepEqual(await resolver.find(100, never), { by: "list", addresses: ["192.0.2.99"] });
  assert.deepEqual(asked, [["192.0.2.53"], "https", "https"]);
});

test("mechanismsFor() tells no public server about a private name, unless it is told to", () => {
  const ways = (host: string, more: Partial<ResolveOptions> = {}) =>
    mechanismsFor(host, { ...OPTIONS, ...more });
  const all: DnsMechanism[] = ["system", "public", "https"];
  assert.deepEqual(ways("edge.sallyport.dev"), all);
  assert.deepEqual(ways("edge.sallyport.dev", { list: "l" }), [...all, "list"]);
  assert.deepEqual(ways("edge.corp.internal"), ["system"]);
  assert.deepEqual(ways("edge.corp.internal", { mechanisms: ["public"] }), ["public"]);
  assert.deepEqual(ways("edge"), ["system"]);
  assert.deepEqual(ways("edge", { mechanisms: ["public"], list: "l" }), ["system", "list"]);
  assert.deepEqual(ways("192.0.2.1", { list: "l" }), ["system"]);
  assert.deepEqual(ways("edge.sallyport.dev", { mechanisms: ["system"] }), ["system"]);
  assert.throws(() => ways("edge.sallyport.dev", { mechanisms: ["list"] }), {
    code: "config_invalid",
  });
});

test("isPublicName() knows the names that are of no public DNS", () => {
  for (const name of ["connect.sallyport.dev", "a.co.uk", "edge.home.dev", "x.examples.com"]) {
    assert.ok(isPublicName(name), name);
  }
  const own = ["edge", "a.local", "a.b.lan", "router.home.arpa", "a.internal", "x.test", "a.corp."];
  for (const name of [...own, "connect.example.com", "10.0.0.1", "x.localhost"]) {
    assert.ok(!isPublicName(name), name);
  }
});

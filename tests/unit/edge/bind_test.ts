/** @module */
import assert from "node:assert/strict";
import { TunnelError } from "../../../lib/base/errors.ts";
import type { Reservations } from "../../../lib/edge/reservations.ts";
import { STREAM } from "../../../lib/wire/messages.ts";
import type { FakeAgent, Json } from "../../fakes/agent.ts";
import { AgentsSide, type AgentsSideOptions } from "../../fakes/agents_side.ts";
import { test } from "../../harness.ts";

/** Runs with one authenticated agent. */
async function withAgent(
  run: (agent: FakeAgent, side: AgentsSide) => Promise<void>,
  options?: AgentsSideOptions,
): Promise<void> {
  const side = await AgentsSide.create(options);
  const { agent } = await side.agent();
  await run(agent, side);
  await side.close();
}

async function errorOf(
  agent: FakeAgent,
  proto: string,
  opts: Json,
  rest?: Json,
): Promise<string> {
  const { Error: error = "" } = await agent.bind(proto, opts, rest);
  return /ERR_NGROK_(\d+)/.exec(error)?.[1] ?? error;
}

test("S10 bindEndpoint() gives random names under the base domain, never the same", () =>
  withAgent(async (agent, side) => {
    const first = await agent.bind("https");
    const second = await agent.bind("https");
    assert.match(
      first.URL,
      /^https:\/\/[a-z]+-[a-z]+-[0-9a-f]{8}\.example\.com$/,
    );
    assert.notEqual(first.URL, second.URL);
    assert.equal(first.Opts["Hostname"], first.URL.slice("https://".length));
    assert.match(first.Id, /^[0-9A-Za-z]{27}$/);
    assert.equal(first.Extra.TunnelID, `tn_${first.Id}`);
    const endpoint = side.registry.find(
      "https",
      String(first.Opts["Hostname"]),
    )!;
    assert.equal(endpoint.id, first.Id);
    assert.equal(endpoint.forwardsTo, "localhost:80");
    assert.equal(endpoint.accountId, "ac_1");
    assert.equal(endpoint.port, 443);
  }));

test("bindEndpoint() gives the chosen name, as each client asks for it", () =>
  withAgent(async (agent) => {
    const urls = [
      await agent.bind("https", { Domain: "a.example.com" }),
      await agent.bind("https", { Subdomain: "b" }),
      await agent.bind("http", { Hostname: "shop.example.org" }),
      await agent.bind("tls", { URL: "tls://c.example.com" }),
      await agent.bind("https", { URL: "https://*.wild.example.com" }),
      await agent.bind("https", { URL: "http://d.example.com" }),
    ].map((answer) => answer.URL);
    assert.deepEqual(urls, [
      "https://a.example.com",
      "https://b.example.com",
      "http://shop.example.org",
      "tls://c.example.com",
      "https://*.wild.example.com",
      "http://d.example.com",
    ]);
  }));

test("bindEndpoint() gives a v2 agent http and https of one name, in either order", () =>
  withAgent(async (agent, side) => {
    const https = await agent.bind("https", { Hostname: "", Subdomain: "" });
    const Hostname = https.Opts["Hostname"];
    const http = await agent.bind("http", { Hostname, Subdomain: "" });
    assert.equal(http.URL, `http://${Hostname}`);
    const sub = await agent.bind("http", { Hostname: "", Subdomain: "mysub" });
    const second = await agent.bind("https", {
      Hostname: sub.Opts["Hostname"],
      Subdomain: "mysub",
    });
    assert.equal(second.URL, "https://mysub.example.com");
    assert.equal(side.registry.size, 4);
  }));

test("bindEndpoint() binds concurrently without mixing anything up", () =>
  withAgent(async (agent) => {
    const names = Array.from(
      { length: 20 },
      (_, index) => `n${index}.example.com`,
    );
    const answers = await Promise.all(
      names.map((Domain) => agent.bind("https", { Domain })),
    );
    assert.deepEqual(
      answers.map((answer) => answer.URL),
      names.map((name) => `https://${name}`),
    );
    assert.equal(new Set(answers.map((answer) => answer.Id)).size, 20);
  }));

test("bindEndpoint() gives tcp ports: any, or the one asked for", () =>
  withAgent(async (agent, side) => {
    const any = await agent.bind("tcp", { Addr: "" });
    assert.equal(any.URL, "tcp://example.com:20000");
    assert.equal(any.Opts["Addr"], "example.com:20000");
    const chosen = await agent.bind("tcp", { Addr: "example.com:20002" });
    assert.equal(chosen.URL, "tcp://example.com:20002");
    const goSdk = await agent.bind("tcp", { URL: "tcp://", Addr: "" });
    assert.equal(goSdk.URL, "tcp://example.com:20001");
    const moved = await agent.bind("tcp", {
      URL: "tcp://1.tcp.example.com:20003",
    });
    assert.equal(moved.URL, "tcp://1.tcp.example.com:20003");
    assert.deepEqual([...side.ports!.open.keys()].sort(), [
      20000,
      20001,
      20002,
      20003,
    ]);
    assert.equal(await errorOf(agent, "tcp", {}), "307");
    await agent.unbind(chosen.Id);
    assert.equal((await agent.bind("tcp", {})).URL, "tcp://example.com:20002");
  }));

test("bindEndpoint() refuses ports that are out of range or another program's", () =>
  withAgent(async (agent, side) => {
    side.ports!.foreign.add(20001);
    assert.equal(
      await errorOf(agent, "tcp", { Addr: "example.com:19999" }),
      "307",
    );
    assert.equal(
      await errorOf(agent, "tcp", { Addr: "example.com:20001" }),
      "307",
    );
    assert.equal(side.registry.size, 0);
  }));

test("bindEndpoint() puts the port in URLs when it is not the usual one", () =>
  withAgent(async (agent) => {
    assert.equal(
      (await agent.bind("http", { Subdomain: "a" })).URL,
      "http://a.example.com:8080",
    );
    const https = await agent.bind("https", { Subdomain: "a" });
    assert.equal(https.URL, "https://a.example.com:8443");
    assert.equal(https.Opts["Hostname"], "a.example.com");
  }, { ports: { http: 8080, https: 8443, tls: 8443 } }));

test("bindEndpoint() refuses protocols that have no door", () =>
  withAgent(async (agent) => {
    assert.equal(await errorOf(agent, "https", {}), "332");
    assert.equal(await errorOf(agent, "tls", {}), "332");
    assert.equal(await errorOf(agent, "tcp", {}), "332");
    assert.equal(await errorOf(agent, "http", {}), "");
  }, { ports: { http: 80 }, tcpRange: null }));

test("bindEndpoint() gives http for https where the edge was told to", () =>
  withAgent(async (agent) => {
    const answer = await agent.bind("https");
    assert.equal(answer.Proto, "http");
    assert.match(answer.URL, /^http:\/\/.*:8080$/);
    assert.equal((await agent.rebind(answer)).URL, answer.URL);
  }, { ports: { http: 8080 }, httpsFallsBack: true }));

test("bindEndpoint() refuses modules that it does not enforce, and nothing goes online", () =>
  withAgent(async (agent, side) => {
    assert.equal(
      await errorOf(agent, "https", { OAuth: { provider: "google" } }),
      "813",
    );
    assert.equal(
      await errorOf(agent, "https", {}, { Extra: { IPPolicyRef: "ipp_1" } }),
      "2216",
    );
    assert.equal(
      await errorOf(agent, "https", {}, { Extra: { Bindings: ["kubernetes"] } }),
      "15005",
    );
    assert.equal(side.registry.size, 0);
    assert.deepEqual(
      new Set(side.endpointEvents),
      new Set(["endpoint_refused"]),
    );
  }));

test("bindEndpoint() gives an endpoint its policy, made of modules and rules", () =>
  withAgent(async (agent, side) => {
    const plain = await agent.bind("https");
    assert.equal(side.registry.byId(plain.Id)!.policy, undefined);
    const guarded = await agent.bind("https", {
      Auth: "user:password",
      TrafficPolicy:
        "on_http_response: [{ actions: [{ type: remove-headers, config: { headers: [server] } }] }]",
    });
    const { policy } = side.registry.byId(guarded.Id)!;
    assert.ok(policy?.onHttpRequest && policy.onHttpResponse && !policy.onTcpConnect);
    assert.equal(await errorOf(agent, "https", { TrafficPolicy: "on_http_request: 7" }), "9026");
  }));

test("bindEndpoint() keeps PROXY and other harmless options", () =>
  withAgent(async (agent, side) => {
    const bound = await agent.bind(
      "https",
      { ProxyProto: 2, Compression: {} },
      {
        ForwardsProto: "http2",
        Extra: { PoolingEnabled: true },
      },
    );
    assert.equal(side.registry.byId(bound.Id)!.options["ProxyProto"], 2);
  }));

test("bindEndpoint() limits the endpoints of a session", () =>
  withAgent(async (agent) => {
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => agent.bind("https")),
    );
    const codes = answers.map(({ Error: error }) => /ERR_NGROK_\d+/.exec(error ?? "")?.[0] ?? "");
    assert.deepEqual(codes.sort(), ["", "", "ERR_NGROK_324", "ERR_NGROK_324"]);
  }, { maxEndpointsPerSession: 2 }));

test("bindEndpoint() obeys the rules of the authtoken", async () => {
  const acl = ["bind:*.example.com", "bind:example.com:20001"];
  const side = await AgentsSide.create({
    grants: { one: { acl }, two: { acl: [] } },
  });
  const { agent } = await side.agent("one");
  assert.equal(await errorOf(agent, "https", { Domain: "a.example.com" }), "");
  assert.equal(await errorOf(agent, "https", {}), "");
  assert.equal(
    await errorOf(agent, "https", { Domain: "a.example.org" }),
    "316",
  );
  assert.equal(await errorOf(agent, "tcp", { Addr: "example.com:20001" }), "");
  assert.equal(
    await errorOf(agent, "tcp", { Addr: "example.com:20002" }),
    "308",
  );
  assert.equal(await errorOf(agent, "tcp", {}), "356");
  const { agent: nobody } = await side.agent("two");
  assert.equal(await errorOf(nobody, "https", {}), "316");
  await side.close();
});

test("bindEndpoint() gives the same address and id for the token, even to a new edge", async () => {
  const before = await AgentsSide.create();
  const { agent } = await before.agent();
  const https = await agent.bind("https");
  const tcp = await agent.bind("tcp");
  await before.close();

  const after = await AgentsSide.create();
  const { agent: again } = await after.agent();
  // The Go SDK repeats its own request; what it was given is in the token.
  const silent = await again.bind("https", { URL: "https://" }, {
    Id: https.Id,
    Extra: { Token: https.Extra.Token },
  });
  assert.deepEqual([silent.Id, silent.URL], [https.Id, https.URL]);
  const back = await again.rebind(tcp);
  assert.deepEqual([back.Id, back.URL, back.Extra.Token], [
    tcp.Id,
    tcp.URL,
    tcp.Extra.Token,
  ]);
  await after.close();
});

test("bindEndpoint() treats another edge's token as none, and gives name and id all the same", async () => {
  const before = await AgentsSide.create();
  const { agent } = await before.agent();
  const https = await agent.bind("https");
  const tcp = await agent.bind("tcp");
  await before.close();

  const after = await AgentsSide.create({ key: new Uint8Array(32).fill(2) });
  const { agent: again } = await after.agent();
  for (const answer of [https, tcp]) {
    const back = await again.rebind(answer);
    assert.deepEqual([back.Id, back.URL], [answer.Id, answer.URL]);
    assert.notEqual(back.Extra.Token, answer.Extra.Token);
  }
  await after.close();
});

test("bindEndpoint() refuses tokens that are forged or for something else with 335", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const one = await agent.bind("https");
  const two = await agent.bind("https");
  const { agent: other } = await side.agent("other");
  const { agent: fresh } = await side.agent();
  const rebind = (by: FakeAgent, Id: string, Token: string, proto = "https") =>
    errorOf(by, proto, {}, { Id, Extra: { Token } });
  assert.equal(await rebind(fresh, one.Id, "nonsense"), "335");
  assert.equal(await rebind(fresh, one.Id, `${one.Extra.Token}A`), "335");
  assert.equal(await rebind(fresh, one.Id, two.Extra.Token), "335");
  assert.equal(await rebind(fresh, "", one.Extra.Token), "335");
  assert.equal(await rebind(fresh, one.Id, one.Extra.Token, "http"), "335");
  assert.equal(await rebind(other, one.Id, one.Extra.Token), "335");
  // Without a token the id of somebody else's endpoint is no use either.
  assert.equal(await rebind(other, one.Id, ""), "335");
  assert.equal(side.registry.size, 2);
  await side.close();
});

test("bindEndpoint() keeps an id it does not know, for clients keep it as their key", () =>
  withAgent(async (agent) => {
    const answer = await agent.bind("https", { Domain: "a.example.com" }, {
      Id: "my-old-id",
    });
    assert.equal(answer.Id, "my-old-id");
    // The name in APIs is a KSUID all the same.
    assert.match(answer.Extra.TunnelID!, /^tn_[0-9A-Za-z]{27}$/);
    assert.equal(
      (await agent.request(STREAM.patchTunnelState, {
        TunnelId: answer.Extra.TunnelID,
        Name: "web",
      }))["Error"],
      "",
    );
    assert.equal((await agent.rebind(answer)).Extra.TunnelID, answer.Extra.TunnelID);
    assert.equal(
      await errorOf(agent, "https", {}, { Id: "x".repeat(200) }),
      "301",
    );
  }));

test("bindEndpoint() gives every account its own .internal names, without a door and without a public name", async () => {
  const side = await AgentsSide.create({ ports: { http: 8080 } });
  const { agent } = await side.agent();
  const { agent: other } = await side.agent("other");
  const mine = await agent.bind("https", { URL: "https://api.internal" }, {
    Extra: { Bindings: ["internal"] },
  });
  const theirs = await other.bind("https", { URL: "https://api.internal" });
  assert.equal(mine.URL, "https://api.internal");
  assert.equal(theirs.URL, "https://api.internal");
  assert.equal(mine.Opts["Hostname"], "api.internal");
  assert.equal(side.registry.byId(mine.Id)!.facts.binding, "internal");
  assert.equal(side.registry.find("https", "api.internal"), undefined);
  assert.equal(
    (await agent.bind("http", { URL: "http://api.internal:9000" })).URL,
    "http://api.internal:9000",
  );
  const { agent: second } = await side.agent("two");
  assert.equal(await errorOf(second, "https", { URL: "https://api.internal" }), "334");
  assert.equal(await errorOf(agent, "https", {}, { Extra: { Bindings: ["internal"] } }), "9028");
  assert.equal(
    await errorOf(agent, "http", { Domain: "a.example.com" }, {
      Extra: { Bindings: ["internal"] },
    }),
    "9029",
  );
  assert.equal(
    await errorOf(agent, "http", { Domain: "a.internal" }, { Extra: { Bindings: ["public"] } }),
    "331",
  );
  await side.close();
});

test("bindEndpoint() gives an internal endpoint the same name and port for its token", async () => {
  const side = await AgentsSide.create();
  const { agent, answer } = await side.agent();
  const bound = await agent.bind("https", { URL: "https://api.internal:9443" });
  agent.abort();
  await side.settle();
  const back = await side.resume(answer);
  const again = await back.rebind(bound);
  assert.deepEqual([again.URL, again.Id], ["https://api.internal:9443", bound.Id]);
  assert.equal(side.registry.byId(bound.Id)!.facts.binding, "internal");
  await side.close();
});

const ACL_TABLE: readonly [
  row: string,
  acl: readonly string[] | undefined,
  proto: string,
  opts: Json,
  code: string,
][] = [
  // a name
  ["S43", ["bind:foo.example.com"], "https", { Domain: "foo.example.com" }, ""],
  ["S43", ["bind:foo.example.com"], "http", { Domain: "foo.example.com" }, ""],
  ["S43", ["bind:foo.example.com"], "tls", { Domain: "foo.example.com" }, ""],
  ["S43", ["bind:foo.example.com"], "https", { Domain: "bar.example.com" }, "316"],
  ["S43", ["bind:foo.example.com"], "https", { Domain: "a.foo.example.com" }, "316"],
  ["S43", ["bind:foo.example.com"], "https", { Domain: "*.foo.example.com" }, "316"],
  ["S43", ["bind:foo.example.com"], "https", {}, "316"],
  ["S43", ["bind:foo.example.com"], "tcp", {}, "356"],
  ["S43", ["bind:foo.example.com"], "tcp", { Addr: "foo.example.com:20001" }, "308"],
  // everything under a name; random names are under the base domain
  ["S44", ["bind:*.example.com"], "https", { Domain: "foo.example.com" }, ""],
  ["S44", ["bind:*.example.com"], "https", { Domain: "*.example.com" }, ""],
  ["S44", ["bind:*.example.com"], "https", {}, ""],
  ["S44", ["bind:*.example.com"], "https", { Domain: "example.com" }, "316"],
  ["S44", ["bind:*.dev.example.com"], "https", {}, "316"],
  // an address
  ["S40", ["bind:example.com:20001"], "tcp", { Addr: "example.com:20001" }, ""],
  ["S40", ["bind:example.com:20001"], "tcp", { Addr: "example.com:20002" }, "308"],
  ["S40", ["bind:example.com:20001"], "tcp", {}, "356"],
  ["S40", ["bind:example.com:20001"], "https", { Domain: "example.com" }, "316"],
  // labels name nothing that can be bound here
  ["S40", ["bind:app=*"], "https", { Domain: "app.example.com" }, "316"],
  // internal names and addresses obey too
  ["S40", ["bind:*.internal"], "https", { Domain: "api.internal" }, ""],
  ["S40", ["bind:*.internal"], "https", { Domain: "api.example.org" }, "316"],
  ["S40", ["bind:db.internal:5432"], "tcp", { Addr: "db.internal:5432" }, ""],
  ["S40", ["bind:foo.example.com"], "https", { Domain: "api.internal" }, "316"],
  ["S40", ["bind:foo.example.com"], "tcp", { Addr: "db.internal:5432" }, "308"],
  // any one rule is enough
  [
    "S41",
    ["bind:foo.example.com", "bind:bar.example.com"],
    "https",
    { Domain: "bar.example.com" },
    "",
  ],
  // no rules allow everything
  ["S42", undefined, "https", { Domain: "any.example.com" }, ""],
  ["S42", undefined, "https", {}, ""],
  ["S42", undefined, "tcp", {}, ""],
  ["S42", undefined, "tcp", { Addr: "example.com:20001" }, ""],
  // everything
  ["S47", ["bind:*"], "tcp", {}, ""],
  ["S47", ["bind:*"], "https", {}, ""],
  ["S47", ["*"], "tcp", { Addr: "example.com:20001" }, ""],
];

for (const [row, acl, proto, opts, code] of ACL_TABLE) {
  const asked = `${proto} ${JSON.stringify(opts)}`;
  const rules = acl?.join(", ") ?? "no rules";
  test(`${row} bindEndpoint() answers ${asked} with ${code || "an endpoint"} under ${rules}`, () =>
    withAgent(async (agent) => {
      assert.equal(await errorOf(agent, proto, opts), code);
    }, { grants: { one: { acl } } }));
}

test("bindEndpoint() asks for every address whether it is somebody's", async () => {
  const asked: unknown[] = [];
  const refuse = (code: number) => new TunnelError("refused", "No", { ngrokCode: code });
  const reservations: Reservations = {
    checkHost(accountId, host) {
      asked.push([accountId, host]);
      return host === "taken.example.com" ? Promise.reject(refuse(320)) : Promise.resolve();
    },
    checkAddress(wish) {
      asked.push(wish);
      return wish.port === 20002 ? Promise.reject(refuse(309)) : Promise.resolve();
    },
    reservedPorts: () => Promise.resolve(new Set([20000])),
  };
  await withAgent(async (agent) => {
    assert.equal(await errorOf(agent, "https", { Domain: "taken.example.com" }), "320");
    assert.equal(await errorOf(agent, "https", { Domain: "free.example.com" }), "");
    assert.equal(await errorOf(agent, "tcp", { Addr: "example.com:20002" }), "309");
    const tcp = await agent.bind("tcp");
    assert.equal(tcp.URL, "tcp://example.com:20001");
    const random = await agent.bind("https");
    await agent.rebind(tcp);
    assert.equal(await errorOf(agent, "https", { Domain: "api.internal" }), "");
    assert.deepEqual(asked, [
      ["ac_1", "taken.example.com"],
      ["ac_1", "free.example.com"],
      { accountId: "ac_1", host: "example.com", port: 20002, isKept: false },
      ["ac_1", random.Opts["Hostname"]],
      { accountId: "ac_1", host: "example.com", port: 20001, isKept: true },
    ]);
  }, { reservations });
});

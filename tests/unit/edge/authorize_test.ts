/** @module */
import assert from "node:assert/strict";
import { kindOf } from "../../../lib/edge/authorize.ts";
import { STREAM } from "../../../lib/wire/messages.ts";
import type { Json } from "../../fakes/agent.ts";
import { AgentsSide } from "../../fakes/agents_side.ts";
import { test } from "../../harness.ts";

/** What Auth answers, and whether the connection was closed behind it. */
async function refusalOf(
  request: Json | string,
): Promise<{ error: string; answer: Json }> {
  const side = await AgentsSide.create();
  const agent = side.connect();
  const answer = await agent.request(STREAM.auth, request);
  await side.clock.advance(2_000);
  await agent.closed;
  assert.deepEqual(side.agents.sessions, []);
  await side.close();
  return { error: String(answer["Error"]), answer };
}

function authRequest(extra: Json, rest: Json = {}): Json {
  return {
    Version: ["3", "2"],
    ClientId: "",
    ...rest,
    Extra: { AuthToken: "one", ...extra },
  };
}

test("authorize() answers with every key that clients need, Extra never null", async () => {
  const side = await AgentsSide.create();
  const { answer } = await side.agent();
  const extra = answer["Extra"] as Json;
  assert.equal(answer["Version"], "3");
  assert.equal(answer["Error"], "");
  assert.match(String(answer["ClientId"]), /^[0-9a-f]{32}$/);
  assert.deepEqual(Object.keys(extra), [
    "Version",
    "Region",
    "Cookie",
    "AccountName",
    "SessionDuration",
    "PlanName",
    "Banner",
    "DeprecationWarning",
    "ConnectAddresses",
    "AgentSessionID",
  ]);
  assert.equal(extra["Region"], "here");
  assert.equal(extra["AccountName"], "Account");
  assert.deepEqual(extra["ConnectAddresses"], []);
  assert.match(String(extra["AgentSessionID"]), /^ts_[0-9A-Za-z]{27}$/);
  await side.close();
});

test("authorize() names addresses for further legs only when there are two or more", async () => {
  const cases: [string[], Json[]][] = [
    [["a:443"], []],
    [["a:443", "b:443"], [{ Region: "here", ServerAddr: "a:443" }, {
      Region: "here",
      ServerAddr: "b:443",
    }]],
  ];
  for (const [connectAddresses, named] of cases) {
    const side = await AgentsSide.create({ connectAddresses });
    const { answer } = await side.agent();
    assert.deepEqual((answer["Extra"] as Json)["ConnectAddresses"], named);
    await side.close();
  }
});

test("authorize() reads keys in any case, for Go says Authtoken and Rust AuthToken", async () => {
  const side = await AgentsSide.create();
  for (const key of ["AuthToken", "Authtoken", "authtoken"]) {
    const agent = side.connect();
    const answer = await agent.request(STREAM.auth, {
      version: ["2"],
      clientid: "",
      extra: { [key]: "one" },
    });
    assert.equal(answer["Error"], "");
    assert.equal(answer["Version"], "2");
  }
  await side.close();
});

test("authorize() reads a request that arrives one byte at a time", async () => {
  const side = await AgentsSide.create();
  const agent = side.connect();
  const bytes = new TextEncoder().encode(JSON.stringify(authRequest({})));
  const stream = agent.mux.open(STREAM.auth);
  for (const byte of bytes) await stream.write(new Uint8Array([byte]));
  const answer = await stream.read();
  assert.match(new TextDecoder().decode(answer), /"Error":""/);
  await stream.closeWrite();
  await side.close();
});

test("authorize() passes the authenticator's refusal on, then the connection is closed", async () => {
  const { error, answer } = await refusalOf(
    authRequest({ AuthToken: "wrong" }),
  );
  assert.equal(error, "Nobody knows that token\r\n\r\nERR_NGROK_107\r\n");
  // The Rust SDK cannot read an answer without these.
  assert.deepEqual(answer["Extra"], {});
  assert.equal(typeof answer["Version"], "string");
  assert.equal(typeof answer["ClientId"], "string");
});

const REFUSED: [string, Json | string, number][] = [
  ["no protocol version", authRequest({}, { Version: [] }), 811],
  ["an unknown protocol version", authRequest({}, { Version: ["4"] }), 811],
  [
    "a heartbeat interval that is too small",
    authRequest({ HeartbeatInterval: 1e8 }),
    111,
  ],
  [
    "a negative heartbeat interval",
    authRequest({ HeartbeatInterval: -1 }),
    111,
  ],
  [
    "a heartbeat tolerance that is too small",
    authRequest({ HeartbeatTolerance: 1e8 }),
    112,
  ],
  [
    "metadata that is too long",
    authRequest({ Metadata: "x".repeat(4097) }),
    100,
  ],
  ["a leg number that is none", authRequest({ LegNumber: 1.5 }), 109],
  ["a field of the wrong type", authRequest({ AuthToken: 5 }), 109],
  ["a version that is no list", authRequest({}, { Version: "3" }), 109],
  ["an Extra that is no object", { Version: ["3"], Extra: [] }, 109],
  ["text that is no JSON", "{nonsense}", 109],
  ["text that is no object", "[1]", 109],
  [
    "a request that is too large",
    JSON.stringify({ a: "x".repeat(70_000) }),
    109,
  ],
];

for (const [what, request, code] of REFUSED) {
  test(`authorize() refuses ${what} with ${code}`, async () => {
    const { error } = await refusalOf(request);
    assert.match(error, new RegExp(`\r\n\r\nERR_NGROK_${code}\r\n$`));
  });
}

test("authorize() survives deep nesting and strange keys", async () => {
  const deep = `{"Version":["3"],"Extra":${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}}`;
  const side = await AgentsSide.create();
  for (
    const text of [
      deep,
      '{"__proto__":{"Error":""},"Version":["3"],"Extra":{}}',
    ]
  ) {
    const agent = side.connect();
    assert.match(
      String((await agent.request(STREAM.auth, text))["Error"]),
      /ERR_NGROK_107/,
    );
  }
  await side.close();
});

test("authorize() recognises an agent by its cookie", async () => {
  const side = await AgentsSide.create();
  const { agent, answer } = await side.agent();
  agent.abort();
  await side.settle();
  const again = await side.connect().resume(answer, { AuthToken: "one" });
  assert.equal(again["ClientId"], answer["ClientId"]);
  const started = side.events.filter((event) => event.type === "session_started");
  assert.deepEqual(started.map((event) => event.resumed), [false, true]);
  await side.close();
});

test("authorize() makes a new agent of one whose cookie is another's, changed, or missing", async () => {
  const side = await AgentsSide.create();
  const { answer } = await side.agent();
  const { answer: stranger } = await side.agent("two");
  const clientId = answer["ClientId"];
  const cookie = String((answer["Extra"] as Json)["Cookie"]);
  const cookies = [
    String((stranger["Extra"] as Json)["Cookie"]),
    `${cookie}x`,
    cookie.replace(".", ".A"),
    "",
    "nonsense",
  ];
  for (const Cookie of cookies) {
    const again = await side.connect().auth({ AuthToken: "one", Cookie }, {
      ClientId: clientId,
    });
    assert.equal(again["Error"], "");
    assert.notEqual(again["ClientId"], clientId);
  }
  await side.close();
});

test("authorize() lets no account continue another's session, stolen cookie or not", async () => {
  const side = await AgentsSide.create();
  const { answer } = await side.agent("one");
  const thief = await side.connect().resume(answer, { AuthToken: "other" });
  assert.equal(thief["Error"], "");
  assert.notEqual(thief["ClientId"], answer["ClientId"]);
  await side.close();
});

test("authorize() recognises an agent after a restart of the edge with the same key", async () => {
  const before = await AgentsSide.create();
  const { answer } = await before.agent();
  await before.close();
  const after = await AgentsSide.create();
  const again = await after.connect().resume(answer, { AuthToken: "one" });
  assert.equal(again["ClientId"], answer["ClientId"]);
  await after.close();
});

test("authorize() echoes the features of a Sallyport agent and lets nobody else have them", async () => {
  const side = await AgentsSide.create();
  const own = await side.agent("one", {
    SallyportFeatures: ["window-growth", "from-the-future"],
  });
  assert.deepEqual((own.answer["Extra"] as Json)["SallyportFeatures"], [
    "window-growth",
  ]);
  const other = await side.agent("one");
  assert.equal("SallyportFeatures" in (other.answer["Extra"] as Json), false);
  await side.close();
});

test("kindOf() tells the families of agents apart", () => {
  assert.equal(
    kindOf("ngrok-javascript/1.7.0 ngrok-rust/0.18.0", false),
    "rust",
  );
  assert.equal(
    kindOf(
      "my#app-x/9.9#beta (c1; c2) ngrok-javascript/1.7.0 ngrok-rust/0.18.0",
      false,
    ),
    "rust",
  );
  assert.equal(kindOf("ngrok-go/2.1.4", false), "go");
  assert.equal(kindOf("ngrok/2", false), "go");
  assert.equal(kindOf("ngrok/3.24.0", false), "go");
  assert.equal(kindOf("sallyport/0.1.0", false), "sallyport");
  assert.equal(kindOf("thing/1 sallyport/0.1.0", false), "sallyport");
  assert.equal(kindOf("thing/1", true), "sallyport");
  assert.equal(kindOf("notsallyport/1", false), "other");
  assert.equal(kindOf("", false), "other");
});

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  EXAMPLE_AUTHORITY,
  EXAMPLE_CERTIFICATE,
  EXAMPLE_KEY,
} from "../../lib/api/resources/certificate_examples.ts";
import { RESOURCES } from "../../lib/api/resources/mod.ts";
import { COLUMN_KINDS, type TableName } from "../../lib/store/tables.ts";
import { test } from "../harness.ts";
import {
  type Caller,
  liveEndpoint,
  liveSession,
  type Reply,
  type Stage,
  type StageOptions,
  withApi,
} from "../unit/api/kit.ts";

/** Test events go nowhere here. */
const OPTIONS: StageOptions = { deps: { sendTestEvent: () => Promise.resolve() } };

/** How each kind of object is made; `pick` gives the id of any object of a kind, of anybody. */
type Maker = (pick: (prefix: string) => string, serial: number) => object;

const POLICY = '{"on_http_request":[]}';

const MAKERS: Readonly<Record<string, Maker>> = {
  agent_ingresses: (_, serial) => ({ domain: `connect${serial % 4}.example.org` }),
  api_keys: (pick, serial) => serial % 2 === 0 ? {} : { owner_id: pick("service") },
  bot_users: (_, serial) => ({ name: `bot ${serial % 5}` }),
  certificate_authorities: () => ({ ca_pem: EXAMPLE_AUTHORITY }),
  credentials: (pick, serial) => serial % 2 === 0 ? {} : { owner_id: pick("bot") },
  endpoints: (_, serial) => ({ url: `http://n${serial % 4}.internal`, traffic_policy: POLICY }),
  event_destinations: () => ({ target: { http: { url: "https://a.example/", secret: "hush" } } }),
  event_subscriptions: (pick) => ({
    sources: [{ type: "domain_created.v0" }],
    destination_ids: [pick("ed")],
  }),
  ip_policies: () => ({}),
  ip_policy_rules: (pick, serial) => ({
    cidr: `192.0.2.${serial % 9}/32`,
    ip_policy_id: pick("ipp"),
    action: "allow",
  }),
  // Not "api": callers would lock themselves out, and the test would see nothing any more.
  ip_restrictions: (pick, serial) => ({
    type: ["agent", "endpoints", "dashboard"][serial % 3],
    enforced: true,
    ip_policy_ids: [pick("ipp")],
  }),
  reserved_addrs: () => ({}),
  reserved_domains: (pick, serial) => ({
    domain: `${serial % 3 === 0 ? "*." : ""}d${serial % 5}.example.com`,
    ...(serial % 2 === 0 ? {} : { certificate_id: pick("cert") }),
  }),
  service_users: (_, serial) => ({ name: `user ${serial % 5}` }),
  tls_certificates: () => ({
    certificate_pem: EXAMPLE_CERTIFICATE,
    private_key_pem: EXAMPLE_KEY,
  }),
  vaults: (_, serial) => ({ name: `vault${serial % 4}` }),
  vault_secrets: (pick, serial) => ({
    name: `secret${serial % 4}`,
    value: "hush",
    ...(serial % 2 === 0 ? { vault_id: pick("vault") } : { vault_name: `vault${serial % 4}` }),
  }),
};

/** One request to come. */
interface Step {
  readonly who: 0 | 1;
  readonly operation: number;
  readonly pick: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  who: fc.constantFrom(0 as const, 1 as const),
  operation: fc.nat(),
  pick: fc.nat(),
});

/** Every operation, creation three times as likely: there must be something to reach for. */
const OPERATIONS = RESOURCES.flatMap(({ name, operations }) =>
  operations.flatMap((operation) => {
    const times = operation.verb === "create" ? 3 : 1;
    return Array.from({ length: times }, () => ({ name, operation }));
  })
);

/** All that an account has, as it lies in the store. The use of keys is noted, and no harm. */
async function rowsOf(stage: Stage, accountId: string): Promise<unknown> {
  const tables = Object.keys(COLUMN_KINDS) as TableName[];
  return await Promise.all(
    tables.map((name) => stage.store[name].list(accountId, { limit: 10_000 })),
  );
}

class Walls {
  readonly #stage: Stage;
  readonly #callers: readonly Caller[];
  /** Ids of everybody, by prefix, with their owners. */
  readonly #ids: { readonly id: string; readonly who: number }[] = [];
  #serial = 0;

  constructor(stage: Stage, callers: readonly Caller[]) {
    this.#stage = stage;
    this.#callers = callers;
    for (const [who, caller] of callers.entries()) {
      const session = liveSession(caller.accountId);
      const endpoint = liveEndpoint(caller.accountId, {
        url: `https://live${who}.tunnels.example.net`,
        sessionIds: [session.id],
      });
      stage.live.all.sessions.push(session);
      stage.live.all.endpoints.push(endpoint);
      for (const id of [session.id, `ep_${endpoint.key}`, `tn_${endpoint.key}`, caller.keyId]) {
        this.#ids.push({ id, who });
      }
    }
  }

  async take({ who, operation: at, pick }: Step): Promise<void> {
    const { name, operation } = OPERATIONS[at % OPERATIONS.length];
    const { events, changes, live } = this.#stage;
    const [caller, other] = [this.#callers[who], this.#callers[1 - who]];
    const before = await rowsOf(this.#stage, other.accountId);
    const marks = [events.length, changes.length, live.commands.length];

    const path = operation.path.replace(/\{(\w+)\}/g, (_, param: string) => {
      const { prefix } = operation.params[param];
      return prefix === undefined ? "domain_created.v0" : this.#pick(prefix, pick);
    });
    // Whoever deletes the key he asks with sees nothing any more.
    if (operation.method === "DELETE" && path.endsWith(caller.keyId)) return;
    const body = this.#bodyOf(name, operation.verb, who, pick);
    const reply = await caller.send(operation.method, path, body);

    const where = `${operation.method} ${path} ${JSON.stringify(body)}`;
    assert.deepEqual(await rowsOf(this.#stage, other.accountId), before, where);
    for (const event of events.slice(marks[0])) assert.equal(event.account_id, caller.accountId);
    for (const change of changes.slice(marks[1])) {
      assert.equal(change.accountId, caller.accountId);
    }
    for (const command of live.commands.slice(marks[2])) {
      assert.ok(this.#isOwn(command.split(" ")[1], who), `${where}: ${command}`);
    }
    this.#checkReply(reply, who, `${path} ${JSON.stringify(body)}`, where);
    const named = path.split("/")[2];
    if (named !== undefined && reply.status < 300) assert.ok(this.#isOwn(named, who), where);
    if (operation.verb === "create" && reply.status === 201) {
      const { id } = reply.body;
      if (id !== undefined) this.#ids.push({ id, who });
    }
  }

  /** Nothing in an answer is of the other, but what the request itself said. */
  #checkReply(reply: Reply, who: number, asked: string, where: string): void {
    const text = JSON.stringify(reply.body ?? "");
    assert.ok(reply.status < 500, `${where}: ${text}`);
    assert.ok(!text.includes(`mark of ${1 - who}`), `${where}: ${text}`);
    for (const { id, who: owner } of this.#ids) {
      if (owner !== who && !asked.includes(id)) assert.ok(!text.includes(id), `${where}: ${text}`);
    }
  }

  #bodyOf(name: string, verb: string, who: number, pick: number): unknown {
    const description = `mark of ${who}`;
    if (name === "event_sources") {
      if (verb === "create") return { type: "domain_deleted.v0" };
      return verb === "update" ? { filter: description } : undefined;
    }
    if (verb === "create") {
      const body = MAKERS[name]((prefix) => this.#pick(prefix, pick), this.#serial++);
      return name.endsWith("_users") ? body : { ...body, description };
    }
    if (verb === "update" && name === "tunnel_sessions") return {};
    if (verb !== "update") return undefined;
    if (name.endsWith("_users")) return { active: pick % 2 === 0 };
    const more: Readonly<Record<string, object>> = {
      event_subscriptions: { destination_ids: [this.#pick("ed", pick)] },
      ip_restrictions: { ip_policy_ids: [this.#pick("ipp", pick)] },
      reserved_domains: { certificate_id: this.#pick("cert", pick) },
      vault_secrets: { value: "changed" },
    };
    return { description, ...more[name] };
  }

  #pick(prefix: string, pick: number): string {
    const known = this.#ids.filter(({ id }) => id.startsWith(`${prefix}_`));
    return known.length === 0 ? `${prefix}_none` : known[pick % known.length].id;
  }

  #isOwn(id: string, who: number): boolean {
    return this.#ids.some((one) => one.id === id && one.who === who);
  }
}

test("no request of one account reads or changes what another has, over all resources", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 60 }), async (steps) => {
      await withApi(async (stage) => {
        const callers = [stage.caller, await stage.stranger()];
        const walls = new Walls(stage, callers);
        for (const one of steps) await walls.take(one);
      }, OPTIONS);
    }),
    // A failure is told as it was found: to shrink it would take longer than a test may.
    { numRuns: 20, endOnFailure: true },
  );
});

test("walls: what is fuzzed reaches every kind of object, of both accounts", async () => {
  await withApi(async (stage) => {
    const callers = [stage.caller, await stage.stranger()];
    const walls = new Walls(stage, callers);
    for (let round = 0; round < 3; round++) {
      for (const [at, { operation }] of OPERATIONS.entries()) {
        if (operation.verb !== "create") continue;
        await walls.take({ who: (round % 2) as 0 | 1, operation: at, pick: round });
      }
    }
    const tables: Record<string, TableName> = {
      credentials: "authtokens",
      endpoints: "cloud_endpoints",
      vault_secrets: "secrets",
    };
    for (const name of Object.keys(MAKERS)) {
      const table = tables[name] ?? name as TableName;
      const counts = await Promise.all(
        callers.map(({ accountId }) => stage.store[table].count(accountId)),
      );
      assert.ok(counts[0] > 0, name);
    }
    for (const [at, { operation }] of OPERATIONS.entries()) {
      if (operation.verb === "create") continue;
      for (const who of [0, 1] as const) {
        for (const pick of [0, 1]) await walls.take({ who, operation: at, pick });
      }
    }
  }, OPTIONS);
});

/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { ksuid } from "../../../lib/base/ids.ts";
import { type Logger, silentLogger } from "../../../lib/base/log.ts";
import type { Agents } from "../../../lib/edge/agents.ts";
import { DEFAULT_EDGE_LIMITS } from "../../../lib/edge/config.ts";
import { Enforcement } from "../../../lib/edge/enforcement.ts";
import { StoreAuthenticator } from "../../../lib/edge/store_auth.ts";
import type { Store } from "../../../lib/store/store.ts";
import { makeToken, tokenKeys } from "../../../lib/store/tokens.ts";
import type { FakeAgent } from "../../fakes/agent.ts";
import { AgentsSide } from "../../fakes/agents_side.ts";
import { test } from "../../harness.ts";
import { addAccount, authtoken, base, domain, withStore } from "../store/rows.ts";

/** An agent that was let in. */
interface Guest {
  readonly agent: FakeAgent;
  readonly token: string;
  readonly tokenId: string;
  readonly accountId: string;
}

class Stage {
  readonly store: Store;
  readonly side: AgentsSide;
  readonly enforcement: Enforcement;

  constructor(store: Store, side: AgentsSide, enforcement: Enforcement) {
    this.store = store;
    this.side = side;
    this.enforcement = enforcement;
  }

  async guest(accountId: string, more: Partial<ReturnType<typeof authtoken>> = {}): Promise<Guest> {
    const token = makeToken(ksuid(Date.now()));
    const { lookup, sha256 } = await tokenKeys(token);
    const row = { ...authtoken(accountId), lookup, token_sha256: sha256, ...more };
    await this.store.authtokens.insert(row);
    const agent = this.side.connect();
    assert.equal((await agent.auth({ AuthToken: token }))["Error"], "");
    return { agent, token, tokenId: row.id, accountId };
  }

  /** What the agent reads when it comes again. */
  async again(guest: Guest): Promise<string> {
    const answer = await this.side.connect().auth({ AuthToken: guest.token });
    return /ERR_NGROK_(\d+)/.exec(String(answer["Error"]))?.[1] ?? "in";
  }

  /** The tokens of the agents that are connected. */
  async connected(): Promise<string[]> {
    await this.side.settle();
    return this.side.agents.sessions.map((session) => session.grant.tokenId);
  }
}

function onStage(run: (stage: Stage) => Promise<void>, logger: Logger = silentLogger) {
  return withStore(async (store) => {
    const clock = new FakeClock();
    const authenticator = new StoreAuthenticator({
      store,
      clock,
      logger,
      limits: DEFAULT_EDGE_LIMITS,
    });
    const enforcement: Enforcement = new Enforcement({
      authenticator,
      logger,
      agents: (): Agents => side.agents,
    });
    const side: AgentsSide = await AgentsSide.create({
      clock,
      authenticator,
      onAdmitted: (session) => enforcement.admitted(session),
    });
    await run(new Stage(store, side, enforcement));
    await side.close();
  });
}

test("S36 Enforcement cuts the agents of a revoked token, with a goodbye, and no other's", () =>
  onStage(async (stage) => {
    const { store, enforcement, side } = stage;
    const account = await addAccount(store);
    const [bad, good] = [await stage.guest(account), await stage.guest(account)];
    const stranger = await stage.guest(await addAccount(store));
    const bound = await bad.agent.bind("https");
    const kept = await good.agent.bind("https");
    await store.authtokens.update(account, bad.tokenId, { revoked_at: 1 });
    await enforcement.changed({ accountId: account });
    assert.equal(side.registry.byId(bound.Id), undefined);
    assert.ok(side.registry.byId(kept.Id));
    assert.deepEqual(await stage.connected(), [good.tokenId, stranger.tokenId]);
    const { goAway } = await bad.agent.closed;
    assert.match(goAway?.text ?? "", /revoked/);
    assert.equal(await stage.again(bad), "300");
  }));

test("Enforcement cuts every agent of a suspended account", () =>
  onStage(async (stage) => {
    const { store, enforcement } = stage;
    const [account, other] = [await addAccount(store), await addAccount(store)];
    const guests = [await stage.guest(account), await stage.guest(account)];
    const stranger = await stage.guest(other);
    await store.accounts.update(account, { suspended: true });
    // Whoever tells need not know whose.
    await enforcement.changed();
    assert.deepEqual(await stage.connected(), [stranger.tokenId]);
    assert.equal(await stage.again(guests[0]), "103");
  }));

test("Enforcement cuts the agents of a service user who is switched off", () =>
  onStage(async (stage) => {
    const { store, enforcement } = stage;
    const account = await addAccount(store);
    const user = { ...base(account, "service"), name: "ci", active: true };
    await store.service_users.insert(user);
    const robot = await stage.guest(account, { owner_id: user.id });
    const person = await stage.guest(account);
    await store.service_users.update(account, user.id, { active: false });
    await enforcement.changed({ accountId: account });
    assert.deepEqual(await stage.connected(), [person.tokenId]);
    assert.equal(await stage.again(robot), "636");
  }));

test("Enforcement cuts the agents that a new IP restriction does not let in", () =>
  onStage(async (stage) => {
    const { store, enforcement } = stage;
    const [account, other] = [await addAccount(store), await addAccount(store)];
    const guest = await stage.guest(account);
    const stranger = await stage.guest(other);
    const policy = base(account, "ipp");
    await store.ip_policies.insert(policy);
    const rule = {
      ...base(account, "ipr"),
      ip_policy_id: policy.id,
      cidr: "192.0.2.0/24",
      action: "allow" as const,
    };
    await store.ip_policy_rules.insert(rule);
    await store.ip_restrictions.insert({
      ...base(account, "ipx"),
      type: "agent",
      enforced: true,
      ip_policy_ids: [policy.id],
    });
    await enforcement.changed({ accountId: account });
    assert.deepEqual(await stage.connected(), [guest.tokenId, stranger.tokenId]);
    await store.ip_policy_rules.update(account, rule.id, { cidr: "203.0.113.0/24" });
    await enforcement.changed({ accountId: account });
    assert.deepEqual(await stage.connected(), [stranger.tokenId]);
    assert.equal(await stage.again(guest), "115");
  }));

test("Enforcement gives new rules to agents that are connected", () =>
  onStage(async (stage) => {
    const { store, enforcement } = stage;
    const account = await addAccount(store);
    const { agent, tokenId } = await stage.guest(account);
    await store.authtokens.update(account, tokenId, { acl: ["bind:a.example.com"] });
    await enforcement.changed({ accountId: account });
    const refused = await agent.bind("https", { Domain: "b.example.com" });
    assert.match(refused.Error ?? "", /ERR_NGROK_316/);
    assert.equal((await agent.bind("https", { Domain: "a.example.com" })).Error, "");
  }));

test("Enforcement leaves agents alone when their reserved name is given up", () =>
  onStage(async (stage) => {
    const { store, enforcement, side } = stage;
    const account = await addAccount(store);
    const { agent, tokenId } = await stage.guest(account);
    const reserved = domain(account, "a.example.com");
    await store.reserved_domains.insert(reserved);
    const bound = await agent.bind("https", { Domain: "a.example.com" });
    await store.reserved_domains.remove(account, reserved.id);
    await enforcement.changed({ accountId: account });
    assert.deepEqual(await stage.connected(), [tokenId]);
    assert.ok(side.registry.byId(bound.Id));
  }));

test("Enforcement looks again at an agent that was let in while something changed", () =>
  onStage(async (stage) => {
    const { store, enforcement, side } = stage;
    const account = await addAccount(store);
    const guest = await stage.guest(account);
    const [session] = side.agents.sessions;
    // As if the change had come between the verdict and the admission.
    session.regrant({ ...session.grant, revision: -1 });
    await store.authtokens.update(account, guest.tokenId, { revoked_at: 1 });
    enforcement.admitted(session);
    await guest.agent.closed;
    assert.deepEqual(await stage.connected(), []);
  }));

test("Enforcement takes changes that come together in as few looks as it can", () =>
  onStage(async (stage) => {
    const { store, enforcement } = stage;
    const account = await addAccount(store);
    const guest = await stage.guest(account);
    const changes = [enforcement.changed({ accountId: account })];
    await store.authtokens.update(account, guest.tokenId, { revoked_at: 1 });
    for (let i = 0; i < 50; i++) changes.push(enforcement.changed({ accountId: account }));
    await Promise.all(changes);
    assert.deepEqual(await stage.connected(), []);
  }));

test("Enforcement keeps agents while the database does not answer, and says so", async () => {
  const lines: string[] = [];
  const logger: Logger = {
    log: (level, message) => void lines.push(`${level} ${message}`),
    child: () => logger,
  };
  await onStage(async (stage) => {
    const guest = await stage.guest(await addAccount(stage.store));
    const [session] = stage.side.agents.sessions;
    const broken = new Enforcement({
      authenticator: {
        revision: 1,
        forget: () => {},
        judge: () => Promise.reject(new Error("disk I/O error")),
      } as unknown as StoreAuthenticator,
      logger,
      agents: () => stage.side.agents,
    });
    await broken.changed();
    broken.admitted(session);
    assert.deepEqual(await stage.connected(), [guest.tokenId]);
    assert.deepEqual(new Set(lines), new Set(["error agent could not be looked at again"]));
  });
});

/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { ksuid, newId, randomBase62 } from "../../../lib/base/ids.ts";
import { type Logger, silentLogger } from "../../../lib/base/log.ts";
import { DEFAULT_EDGE_LIMITS } from "../../../lib/edge/config.ts";
import { StoreAuthenticator } from "../../../lib/edge/store_auth.ts";
import type { Store } from "../../../lib/store/store.ts";
import type { AuthtokenRow } from "../../../lib/store/tables.ts";
import { makeToken, tokenKeys } from "../../../lib/store/tokens.ts";
import { test } from "../../harness.ts";
import { addAccount, authtoken, base, withStore } from "../store/rows.ts";

const HERE = "192.0.2.1";

/** Lets time pass, and what is hashed elsewhere arrive. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  await clock.advance(ms);
}

interface Stage {
  readonly store: Store;
  readonly clock: FakeClock;
  readonly auth: StoreAuthenticator;
  readonly account: string;
  /** Adds a token and tells it. */
  add(more?: Partial<AuthtokenRow>, token?: string): Promise<{ token: string; row: AuthtokenRow }>;
  /** The number of the refusal; 0 when there is none. */
  codeOf(token: string, host?: string): Promise<number>;
}

function onStage(
  run: (stage: Stage) => Promise<void>,
  logger: Logger = silentLogger,
): Promise<void> {
  return withStore(async (store) => {
    const clock = new FakeClock();
    const auth = new StoreAuthenticator({ store, clock, logger, limits: DEFAULT_EDGE_LIMITS });
    const account = await addAccount(store);
    await run({
      store,
      clock,
      auth,
      account,
      async add(more = {}, token = makeToken(ksuid(clock.now()))) {
        const { lookup, sha256 } = await tokenKeys(token);
        const row = { ...authtoken(account), lookup, token_sha256: sha256, ...more };
        await store.authtokens.insert(row);
        return { token, row };
      },
      async codeOf(token, host = HERE) {
        const verdict = auth.authenticate(token, host);
        let settled = false;
        void verdict.finally(() => settled = true);
        while (!settled) await pass(clock, 1_000);
        return (await verdict).refusal?.ngrokCode ?? 0;
      },
    });
  });
}

test("StoreAuthenticator grants what the row of a token says", () =>
  onStage(async ({ auth, account, add }) => {
    const acl = ["bind:*.example.com"];
    const { token, row } = await add({ acl });
    const { grant } = await auth.authenticate(token, HERE);
    assert.deepEqual(grant, {
      accountId: account,
      accountName: "test",
      planName: "self-hosted",
      tokenId: row.id,
      acl,
      revision: 0,
    });
    const { token: free } = await add();
    assert.equal((await auth.authenticate(free, HERE)).grant?.acl, undefined);
  }));

test("S30 S147 StoreAuthenticator says what is wrong with a token, by its number", () =>
  onStage(async ({ add, codeOf }) => {
    const { token } = await add();
    const table: [string, number][] = [
      ["", 4018],
      ["nonsense", 105],
      ["x".repeat(5_000), 105],
      ["two parts_but a blank1", 105],
      [`${token.slice(0, -1)}!`, 105],
      [`${token.split("_")[0]}_${randomBase62(24)}`, 107],
      [makeToken(ksuid(0)), 107],
      [token, 0],
    ];
    for (const [text, code] of table) assert.equal(await codeOf(text), code, text);
  }));

test("S30 StoreAuthenticator tells a revoked token (300) from an unknown one", () =>
  onStage(async ({ add, codeOf, auth }) => {
    const { token } = await add({ revoked_at: 5 });
    assert.equal(await codeOf(token), 300);
    // The same text under two rows: the one that is alive counts.
    await add({}, token);
    auth.forget();
    assert.equal(await codeOf(token), 0);
  }));

test("StoreAuthenticator takes tokens that an operator chose, and those of an older data folder", () =>
  onStage(async ({ add, codeOf }) => {
    await add({}, "correct horse battery staple");
    assert.equal(await codeOf("correct horse battery staple"), 0);
    const token = "ownertoken_0123456789";
    const { sha256 } = await tokenKeys(token);
    await add({ lookup: sha256.slice(0, 27) }, token);
    assert.equal(await codeOf(token), 0);
  }));

test("StoreAuthenticator refuses every agent of a suspended account with 103, and no other's", () =>
  onStage(async ({ store, account, auth, add, codeOf }) => {
    const { token } = await add();
    const other = await add({ account_id: await addAccount(store) });
    assert.equal(await codeOf(token), 0);
    await store.accounts.update(account, { suspended: true });
    auth.forget();
    assert.equal(await codeOf(token), 103);
    assert.equal(await codeOf(other.token), 0);
    await store.accounts.update(account, { suspended: false });
    auth.forget();
    assert.equal(await codeOf(token), 0);
  }));

test("StoreAuthenticator refuses the tokens of service users who are switched off or gone with 636", () =>
  onStage(async ({ store, account, clock, auth, add, codeOf }) => {
    for (const [table, prefix] of [["service_users", "service"], ["bot_users", "bot"]] as const) {
      const user = { ...base(account, prefix), name: prefix, active: true };
      await store[table].insert(user);
      const { token } = await add({ owner_id: user.id });
      assert.equal(await codeOf(token), 0);
      await store[table].update(account, user.id, { active: false });
      auth.forget();
      assert.equal(await codeOf(token), 636);
      const { token: orphan } = await add({ owner_id: newId(prefix, clock.now()) });
      assert.equal(await codeOf(orphan), 636);
    }
    const { token: ownersOwn } = await add({ owner_id: newId("usr", clock.now()) });
    assert.equal(await codeOf(ownersOwn), 0);
  }));

async function restrict(
  store: Store,
  account: string,
  cidr: string,
  enforced = true,
): Promise<string> {
  const policy = base(account, "ipp");
  await store.ip_policies.insert(policy);
  await store.ip_policy_rules.insert({
    ...base(account, "ipr"),
    ip_policy_id: policy.id,
    cidr,
    action: "allow",
  });
  const restriction = base(account, "ipx");
  await store.ip_restrictions.insert({
    ...restriction,
    type: "agent",
    enforced,
    ip_policy_ids: [policy.id],
  });
  return restriction.id;
}

test("S148 StoreAuthenticator refuses addresses outside of an enforced restriction with 115", () =>
  onStage(async ({ store, account, auth, add, codeOf }) => {
    const { token } = await add();
    const { token: wrong } = await add({ account_id: await addAccount(store) });
    await restrict(store, account, "203.0.113.0/24");
    assert.equal(await codeOf(token, "192.0.2.1"), 115);
    assert.equal(await codeOf(token, "203.0.113.9"), 0);
    assert.equal(await codeOf(token, "::ffff:203.0.113.9"), 0);
    assert.equal(await codeOf(wrong, "192.0.2.1"), 0);
    // What is wrong with the token is said first, wherever it comes from.
    assert.equal(await codeOf(makeToken(ksuid(0)), "192.0.2.1"), 107);
    auth.forget();
    assert.equal(await codeOf(token, "192.0.2.1"), 115);
  }));

test("StoreAuthenticator only warns where a restriction is not enforced", async () => {
  const lines: string[] = [];
  const logger: Logger = {
    log: (level, message) => void lines.push(`${level} ${message}`),
    child: () => logger,
  };
  await onStage(async ({ store, account, add, codeOf }) => {
    const { token } = await add();
    await restrict(store, account, "203.0.113.0/24", false);
    assert.equal(await codeOf(token), 0);
    assert.deepEqual(lines, ["warn agent would be refused by its address"]);
  }, logger);
});

test("StoreAuthenticator believes a token for a while, and not a moment longer than it is told", () =>
  onStage(async ({ store, account, auth, add, codeOf, clock }) => {
    const { token, row } = await add();
    assert.equal(await codeOf(token), 0);
    await store.authtokens.update(account, row.id, { revoked_at: 7 });
    assert.equal(await codeOf(token), 0);
    auth.forget();
    assert.equal(auth.revision, 1);
    assert.equal(await codeOf(token), 300);
    // Nobody tells: it is found out all the same.
    await store.authtokens.update(account, row.id, { revoked_at: null });
    assert.equal(await codeOf(token), 0);
    await store.authtokens.update(account, row.id, { revoked_at: 7 });
    await clock.advance(10_000);
    assert.equal(await codeOf(token), 300);
  }));

test("StoreAuthenticator never believes what it read before a change that came meanwhile", () =>
  onStage(async ({ store, clock, account, add }) => {
    const { token, row } = await add();
    // The token is revoked between the moment it is read and the moment it is judged.
    const authtokens = {
      findAnyOf: async (...question: Parameters<typeof store.authtokens.findAnyOf>) => {
        const rows = await store.authtokens.findAnyOf(...question);
        await store.authtokens.update(account, row.id, { revoked_at: 7 });
        auth.forget();
        return rows;
      },
    } as typeof store.authtokens;
    const auth: StoreAuthenticator = new StoreAuthenticator({
      store: { ...store, authtokens },
      clock,
      logger: silentLogger,
      limits: DEFAULT_EDGE_LIMITS,
    });
    const { grant } = await auth.authenticate(token, HERE);
    assert.equal(grant?.revision, 0);
    assert.equal(auth.revision, 1);
    assert.equal((await auth.authenticate(token, HERE)).refusal?.ngrokCode, 300);
  }));

test("StoreAuthenticator.judge() says what has become of a grant", () =>
  onStage(async ({ store, account, auth, add }) => {
    const { token, row } = await add();
    const { grant } = await auth.authenticate(token, HERE);
    const judge = async () => {
      auth.forget();
      return await auth.judge(grant!, HERE);
    };
    assert.equal((await judge()).grant?.tokenId, row.id);
    await store.authtokens.update(account, row.id, { acl: ["bind:a.example.com"] });
    assert.deepEqual((await judge()).grant?.acl, ["bind:a.example.com"]);
    const restriction = await restrict(store, account, "203.0.113.0/24");
    assert.equal((await judge()).refusal?.ngrokCode, 115);
    await store.ip_restrictions.remove(account, restriction);
    await store.authtokens.update(account, row.id, { revoked_at: 7 });
    assert.equal((await judge()).refusal?.ngrokCode, 300);
    await store.authtokens.remove(account, row.id);
    assert.equal((await judge()).refusal?.ngrokCode, 107);
  }));

test("StoreAuthenticator holds the answers to guesses back, then stops looking", () =>
  onStage(async ({ auth, clock, add, codeOf }) => {
    const { token } = await add();
    assert.equal(await codeOf(token), 0);
    const delays: number[] = [];
    for (let i = 0; i < 8; i++) {
      let isOver = false;
      void auth.authenticate(makeToken(ksuid(0)), HERE).then(() => isOver = true);
      while (!isOver && clock.pending === 0) await pass(clock, 0);
      const startMs = clock.now();
      while (!isOver) await clock.advance(50);
      delays.push(clock.now() - startMs);
    }
    assert.deepEqual(delays, [0, 0, 0, 0, 0, 250, 500, 1_000]);
    for (let i = 8; i < 20; i++) assert.equal(await codeOf(makeToken(ksuid(0))), 107);
    assert.equal(await codeOf(makeToken(ksuid(0))), 743);
    // An agent that was there before is not locked out by its neighbours.
    assert.equal(await codeOf(token), 0);
    const { token: fresh } = await add();
    assert.equal(await codeOf(fresh), 743);
    assert.equal(await codeOf(fresh, "198.51.100.1"), 0);
    await clock.advance(60_000);
    assert.equal(await codeOf(fresh), 0);
  }));

test("StoreAuthenticator never repeats a token in what it says", () =>
  onStage(async ({ auth, add }) => {
    const { token } = await add({ revoked_at: 1 });
    for (const text of [token, makeToken(ksuid(0)), "malformed"]) {
      const { refusal } = await auth.authenticate(text, HERE);
      assert.ok(!refusal!.message.includes(text), refusal!.message);
    }
  }));

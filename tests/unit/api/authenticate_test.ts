import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import type { ApiProblem } from "../../../lib/api/problem.ts";
import { DEFAULT_API_LIMITS } from "../../../lib/api/limits.ts";
import { Gate } from "../../../lib/api/authenticate.ts";
import { newId } from "../../../lib/base/ids.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import { tokenKeys } from "../../../lib/store/tokens.ts";
import { test } from "../../harness.ts";
import { assertProblem, BASE, type Stage, withApi } from "./kit.ts";

function ask(stage: Stage, authorization: string | undefined, remoteIp?: string) {
  const headers = new Headers({ "ngrok-version": "2" });
  if (authorization !== undefined) headers.set("authorization", authorization);
  return stage.raw(new Request(`${BASE}/self`, { headers }), remoteIp);
}

test("Gate lets in whoever has a key, as Bearer and as Basic", async () => {
  await withApi(async (stage) => {
    const { key } = stage.caller;
    const forms = [
      `Bearer ${key}`,
      `bearer  ${key}`,
      `Basic ${btoa(`:${key}`)}`,
      `Basic ${btoa(`user:${key}`)}`,
      `basic ${btoa(`${key}:`)}`,
      `Basic ${btoa(key)}`,
    ];
    for (const form of forms) assert.equal((await ask(stage, form)).status, 200, form);
  });
});

test("Gate says what is wrong with a credential, and never repeats it", async () => {
  await withApi(async (stage) => {
    const { caller, store } = stage;
    const authtoken = await caller.make("/credentials", {});
    await store.accounts.insert({ id: "ac_x", name: "x", created_at: 1, suspended: false });
    const wrong = `${caller.key.slice(0, -1)}${caller.key.endsWith("A") ? "B" : "A"}`;
    const cases: readonly (readonly [string | undefined, number])[] = [
      [undefined, 200],
      ["", 200],
      [`Digest ${caller.key}`, 201],
      [caller.key, 201],
      ["Bearer", 201],
      ["Bearer a b", 201],
      ["Basic !!!", 201],
      ["Basic A", 201],
      ["Bearer short", 202],
      ["Bearer nounderscorebutlong0000000000000000", 202],
      [`Bearer ${"x".repeat(2_000)}`, 202],
      [`Basic ${btoa(":")}`, 202],
      [`Bearer ${wrong}`, 203],
      [`Bearer ${newId("x", 1).slice(2)}_${"a".repeat(24)}`, 203],
      [`Bearer ${authtoken.token}`, 206],
      [`Bearer ${authtoken.id}`, 207],
      [`Bearer ${caller.keyId}`, 208],
    ];
    for (const [authorization, code] of cases) {
      const reply = await ask(stage, authorization);
      assertProblem(reply, code, 401);
      assert.match(reply.headers.get("www-authenticate")!, /^Bearer/);
      const secret = authorization?.split(" ")[1] ?? "";
      if (secret.length > 10) assert.ok(!JSON.stringify(reply.body).includes(secret));
    }
    assert.ok(!JSON.stringify(stage.log).includes(caller.key));
  });
});

test("Gate takes a key that an operator chose, whatever its form", async () => {
  await withApi(async (stage) => {
    const { caller, store, clock } = stage;
    const { lookup, sha256 } = await tokenKeys("correct-horse");
    await store.api_keys.insert({
      id: newId("ak", clock.now()),
      account_id: caller.accountId,
      created_at: 1,
      updated_at: 1,
      description: "",
      metadata: "",
      owner_id: null,
      lookup,
      token_sha256: sha256,
      revoked_at: null,
    });
    assert.equal((await ask(stage, "Bearer correct-horse")).status, 200);
    assertProblem(await ask(stage, "Bearer correct-house"), 202, 401);
  });
});

test("Gate refuses accounts that are suspended, and keys of users that are not active", async () => {
  await withApi(async (stage) => {
    const { caller, store, withKey } = stage;
    await store.accounts.update(caller.accountId, { suspended: true });
    assertProblem(await caller.get("/self"), 205, 403);
    await store.accounts.update(caller.accountId, { suspended: false });
    const user = await caller.make("/service_users", { name: "ci", active: false });
    assertProblem(await (await withKey(user.id)).get("/self"), 636, 403);
    assertProblem(await (await withKey("service_gone")).get("/self"), 203, 401);
    assert.equal(
      (await (await withKey(`usr_${caller.accountId.slice(3)}`)).get("/self")).status,
      200,
    );
  });
});

test("Gate keeps callers outside of the account's IP policies out, when that is enforced", async () => {
  await withApi(async (stage) => {
    const { caller, log } = stage;
    const { id } = await caller.make("/ip_policies", {});
    const rule = { ip_policy_id: id, cidr: "192.0.2.0/24", action: "allow" };
    await caller.make("/ip_policy_rules", rule);
    const restriction = await caller.make("/ip_restrictions", { type: "api", ip_policy_ids: [id] });
    const from = (ip: string) => ask(stage, `Bearer ${caller.key}`, ip);
    assert.equal((await from("198.51.100.1")).status, 200);
    assert.ok(log.some(({ message }) => message.includes("would be refused")));
    await caller.patch(`/ip_restrictions/${restriction.id}`, { enforced: true });
    assertProblem(await from("198.51.100.1"), 220, 403);
    assert.equal((await from("192.0.2.200")).status, 200);
    assert.equal((await from("::ffff:192.0.2.200")).status, 200);
    assertProblem(await from("2001:db8::1"), 220, 403);
    const deny = { ip_policy_id: id, cidr: "192.0.2.200/32", action: "deny" };
    await caller.make("/ip_policy_rules", deny);
    assertProblem(await from("192.0.2.200"), 220, 403);
    const other = await stage.stranger();
    assert.equal((await ask(stage, `Bearer ${other.key}`, "198.51.100.1")).status, 200);
  });
});

test("Gate.admit() of the admin page heeds the restrictions of the dashboard too", async () => {
  await withApi(async ({ caller, store, clock }) => {
    const { id } = await caller.make("/ip_policies", {});
    await caller.make("/ip_policy_rules", {
      ip_policy_id: id,
      cidr: "192.0.2.0/24",
      action: "allow",
    });
    const body = { type: "dashboard", ip_policy_ids: [id], enforced: true };
    await caller.make("/ip_restrictions", body);
    const gate = new Gate({ store, clock, logger: silentLogger, limits: DEFAULT_API_LIMITS });
    const bearer = `Bearer ${caller.key}`;
    await gate.admit(bearer, "198.51.100.1");
    await gate.admit(bearer, "192.0.2.1", "dashboard");
    await assert.rejects(gate.admit(bearer, "198.51.100.1", "dashboard"), { ngrokCode: 220 });
  });
});

test("Gate slows guessing from one address, and locks out nobody whose key it has seen there", async () => {
  await withApi(async (stage) => {
    const { caller, stranger, clock, store } = stage;
    const limits = { ...DEFAULT_API_LIMITS, maxGuesses: 3 };
    const gate = new Gate({ store, clock, logger: { log: () => {}, child: () => null! }, limits });
    const good = `Bearer ${caller.key}`;
    const late = `Bearer ${(await stranger()).key}`;
    await gate.admit(good, "192.0.2.1");
    const guess = async (at: number, ip = "192.0.2.1") => {
      const token = `Bearer ${newId("x", at).slice(2)}_${"a".repeat(24)}`;
      const before = clock.now();
      const asking = gate.admit(token, ip).catch((error: ApiProblem) => error);
      // The answer may be held back: then time must pass.
      let done = false;
      void asking.then(() => done = true);
      while (!done) {
        await setImmediate();
        if (clock.pending > 0) await clock.advance(100);
      }
      const { ngrokCode, retryAfterS } = await asking as ApiProblem;
      return { ngrokCode, retryAfterS, tookMs: clock.now() - before };
    };
    const answers = [];
    for (let at = 1; at <= 12; at++) answers.push(await guess(at));
    assert.ok(answers.slice(0, 3).every(({ ngrokCode }) => ngrokCode === 203));
    assert.ok(answers[2].tookMs <= 100);
    assert.ok(answers[7].tookMs > answers[4].tookMs);
    assert.equal(answers.at(-1)!.ngrokCode, 226);
    assert.ok(answers.at(-1)!.retryAfterS! > 0);
    await assert.rejects(gate.admit(late, "192.0.2.1"), { ngrokCode: 226, status: 429 });
    assert.equal((await gate.admit(good, "192.0.2.1")).accountId, caller.accountId);
    assert.equal((await guess(99, "198.51.100.1")).ngrokCode, 203);
    assert.ok((await gate.admit(late, "198.51.100.1")).accountId);
    await clock.advance(3_600_000);
    assert.ok((await gate.admit(late, "192.0.2.1")).accountId);
  });
});

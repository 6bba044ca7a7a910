/**
 * Who may open a door here, with the official SDK at the other end: tokens that are taken back,
 * addresses that are not welcome, names that are somebody's; and what is left of a token on disk.
 */
import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Agent, connect } from "../../lib/agent/agent.ts";
import { ksuid, newId } from "../../lib/base/ids.ts";
import type { LogFields, Logger } from "../../lib/base/log.ts";
import type { EdgeOptions } from "../../lib/edge/config.ts";
import type { EdgeEvent } from "../../lib/edge/events.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import type { ObjectRow } from "../../lib/store/tables.ts";
import { makeToken, tokenKeys } from "../../lib/store/tokens.ts";
import { test } from "../harness.ts";
import { startWeb, visit } from "./kit.ts";
import { Sdk } from "./sdk.ts";
import { AUTHTOKEN, DOMAIN, eventually, startTestEdge, type TestEdge } from "./tunnel_suite.ts";

/** An edge with accounts, and everything that closes with it. */
class Stage {
  readonly edge: TestEdge;
  /** The numbers that agents were refused with. */
  readonly refusals: readonly number[];
  readonly #closables: { close(): Promise<void> }[] = [];

  constructor(edge: TestEdge, refusals: readonly number[]) {
    this.edge = edge;
    this.refusals = refusals;
    this.use(edge);
  }

  use<T extends { close(): Promise<void> }>(thing: T): T {
    this.#closables.push(thing);
    return thing;
  }

  get store() {
    return this.edge.edge.store!;
  }

  get owner(): string {
    return this.edge.edge.ownerAccountId!;
  }

  /** What every row has. */
  base(account: string, prefix: string): ObjectRow {
    const nowMs = Date.now();
    return {
      id: newId(prefix, nowMs),
      account_id: account,
      created_at: nowMs,
      updated_at: nowMs,
      description: "",
      metadata: "",
    };
  }

  async addAccount(): Promise<string> {
    const id = newId("ac", Date.now());
    await this.store.accounts.insert({ id, name: id, created_at: Date.now(), suspended: false });
    return id;
  }

  async addToken(
    account = this.owner,
    acl: readonly string[] = [],
  ): Promise<{ id: string; token: string }> {
    const token = makeToken(ksuid(Date.now()));
    const { lookup, sha256 } = await tokenKeys(token);
    const row = {
      ...this.base(account, "cr"),
      owner_id: null,
      lookup,
      token_sha256: sha256,
      revoked_at: null,
      acl,
    };
    await this.store.authtokens.insert(row);
    return { id: row.id, token };
  }

  /** Lets the agents of an account in from one range alone; gives the id of the rule. */
  async restrict(account: string, cidr: string): Promise<string> {
    const policy = this.base(account, "ipp");
    await this.store.ip_policies.insert(policy);
    const rule = this.base(account, "ipr");
    await this.store.ip_policy_rules.insert({
      ...rule,
      ip_policy_id: policy.id,
      cidr,
      action: "allow",
    });
    await this.store.ip_restrictions.insert({
      ...this.base(account, "ipx"),
      type: "agent",
      enforced: true,
      ip_policy_ids: [policy.id],
    });
    return rule.id;
  }

  async sdk(): Promise<Sdk> {
    const sdk = await Sdk.start();
    this.use({ close: () => sdk.stop() });
    return sdk;
  }

  /** How the official SDK is told to connect. */
  login(authtoken: string) {
    return { serverAddr: this.edge.agents, rootCas: this.edge.caPath, authtoken };
  }

  async agent(authtoken: string): Promise<Agent> {
    const agent = await connect({
      connectUrl: this.edge.agents,
      connectCas: this.edge.caPath,
      authtoken,
      runtime: detectRuntime(),
    });
    this.use({ close: () => agent.close({ graceMs: 0 }) });
    return agent;
  }

  async close(): Promise<void> {
    for (const thing of this.#closables.reverse()) await thing.close();
  }
}

async function onStage(
  run: (stage: Stage) => Promise<void>,
  more: Partial<EdgeOptions> = {},
): Promise<void> {
  const refusals: number[] = [];
  const onEvent = (event: EdgeEvent) => {
    if (event.type === "session_refused") refusals.push(event.ngrokCode);
  };
  const stage = new Stage(await startTestEdge({ ...more, onEvent }), refusals);
  try {
    await run(stage);
  } finally {
    await stage.close();
  }
}

test("S36 identity: the official SDK sees that its token was revoked; another token goes on", () =>
  onStage(async (stage) => {
    const { edge, store, owner } = stage;
    const web = stage.use(await startWeb());
    const to = `http://127.0.0.1:${web.port}`;
    const { id, token } = await stage.addToken();
    const [bad, good] = [await stage.sdk(), await stage.sdk()];
    await bad.must("connect", stage.login(token));
    await good.must("connect", stage.login(AUTHTOKEN));
    const lost = await bad.listen("http", to);
    const kept = await good.listen("http", to);
    assert.equal((await visit(edge.door, `${lost.url}/hello`)).status, 200);

    const from = bad.lines.length;
    await store.authtokens.update(owner, id, { revoked_at: Date.now() });
    await edge.edge.identityChanged({ accountId: owner });
    // Offline at once, whatever the client does.
    assert.equal((await visit(edge.door, `${lost.url}/hello`)).status, 404);
    assert.equal((await visit(edge.door, `${kept.url}/hello`)).status, 200);
    // It comes back, is refused, and says so; the reason it keeps to itself.
    await bad.waitFor(
      (line) => line.event === "disconnected" && line.error === "reconnect error",
      from,
    );
    assert.deepEqual(new Set(stage.refusals), new Set([300]));
    assert.equal(good.lines.some((line) => line.event === "disconnected"), false);
    assert.equal((await visit(edge.door, `${kept.url}/hello`)).status, 200);
    // Who starts again with that token reads it too.
    const again = await stage.sdk();
    const answer = await again.ask("connect", stage.login(token));
    assert.equal(answer.errorCode, "ERR_NGROK_300", JSON.stringify(answer));
    assert.match(String(answer.error), new RegExp(`${id} has been revoked`));
  }));

test("S148 identity: an address that the account does not welcome is refused with 115, and accepted when it is", () =>
  onStage(async (stage) => {
    const { edge, store, owner } = stage;
    const rule = await stage.restrict(owner, "203.0.113.0/24");
    await edge.edge.identityChanged({ accountId: owner });
    const sdk = await stage.sdk();
    const refused = await sdk.ask("connect", stage.login(AUTHTOKEN));
    assert.equal(refused.errorCode, "ERR_NGROK_115", JSON.stringify(refused));
    await store.ip_policy_rules.update(owner, rule, { cidr: "127.0.0.0/8" });
    await edge.edge.identityChanged({ accountId: owner });
    await sdk.must("connect", stage.login(AUTHTOKEN));
    assert.equal(edge.edge.sessions().length, 1);

    // The same the other way round, while it is connected.
    const from = sdk.lines.length;
    await store.ip_policy_rules.update(owner, rule, { cidr: "203.0.113.0/24" });
    await edge.edge.identityChanged({ accountId: owner });
    await sdk.waitFor(
      (line) => line.event === "disconnected" && line.error === "reconnect error",
      from,
    );
    assert.deepEqual(new Set(stage.refusals), new Set([115]));
    assert.equal(edge.edge.sessions().length, 0);
  }));

test("S11 identity: names of one account are nobody else's", () =>
  onStage(async (stage) => {
    const { store, owner } = stage;
    const web = stage.use(await startWeb());
    const to = `http://127.0.0.1:${web.port}`;
    const other = await stage.addAccount();
    for (const domain of [`*.dev.${DOMAIN}`, `shop.${DOMAIN}`]) {
      await store.reserved_domains.insert({
        ...stage.base(owner, "rd"),
        domain,
        region: "",
        certificate_id: null,
        certificate_management_policy: null,
        resolves_to: [],
      });
    }
    const { token } = await stage.addToken(other);
    const [mine, theirs] = [await stage.sdk(), await stage.sdk()];
    await mine.must("connect", stage.login(AUTHTOKEN));
    await theirs.must("connect", stage.login(token));
    const cases: [Sdk, string, string | undefined][] = [
      [theirs, `shop.${DOMAIN}`, "ERR_NGROK_320"],
      [theirs, `a.shop.${DOMAIN}`, "ERR_NGROK_320"],
      [theirs, `x.dev.${DOMAIN}`, "ERR_NGROK_320"],
      [theirs, `*.dev.${DOMAIN}`, "ERR_NGROK_320"],
      [theirs, `*.own.${DOMAIN}`, "ERR_NGROK_318"],
      [theirs, "shop.example.org", "ERR_NGROK_319"],
      [theirs, `a.b.${DOMAIN}`, "ERR_NGROK_354"],
      [theirs, `free.${DOMAIN}`, undefined],
      [mine, `free.${DOMAIN}`, "ERR_NGROK_320"],
      [mine, `*.x.dev.${DOMAIN}`, "ERR_NGROK_321"],
      [mine, `*.dev.${DOMAIN}`, undefined],
      [mine, `shop.${DOMAIN}`, undefined],
      [mine, `x.dev.${DOMAIN}`, undefined],
    ];
    for (const [sdk, domain, code] of cases) {
      const answer = await sdk.ask("listen", { kind: "http", to, domain });
      assert.equal(answer.errorCode, code, `${domain}: ${JSON.stringify(answer)}`);
    }
  }));

test("S40 S43 identity: the rules of a token hold for the official SDK, and new ones at once", () =>
  onStage(async (stage) => {
    const { edge, store, owner } = stage;
    const web = stage.use(await startWeb());
    const to = `http://127.0.0.1:${web.port}`;
    const { id, token } = await stage.addToken(owner, [`bind:a.${DOMAIN}`]);
    const sdk = await stage.sdk();
    await sdk.must("connect", stage.login(token));
    const listen = async (options: Record<string, unknown>) =>
      (await sdk.ask("listen", { kind: "http", to, ...options })).errorCode;
    assert.equal(await listen({ domain: `b.${DOMAIN}` }), "ERR_NGROK_316");
    assert.equal(await listen({}), "ERR_NGROK_316");
    assert.equal(await listen({ kind: "tcp" }), "ERR_NGROK_356");
    assert.equal(await listen({ domain: `a.${DOMAIN}` }), undefined);
    await store.authtokens.update(owner, id, { acl: [`bind:b.${DOMAIN}`] });
    await edge.edge.identityChanged({ accountId: owner });
    assert.equal(await listen({ domain: `b.${DOMAIN}` }), undefined);
  }));

test("identity: the URL that an edge gave, port and all, is accepted back; another port is refused", () =>
  onStage(async (stage) => {
    const web = stage.use(await startWeb());
    const agent = await stage.agent(AUTHTOKEN);
    const first = await agent.forward({ addr: web.port, url: `https://mine.${DOMAIN}` });
    const { port } = new URL(first.url);
    assert.notEqual(port, "");
    await first.close();
    const again = await eventually(() => agent.forward({ addr: web.port, url: first.url }));
    assert.equal(again.url, first.url);
    await assert.rejects(
      agent.forward({ addr: web.port, url: `https://mine.${DOMAIN}:${Number(port) ^ 1}` }),
      { ngrokCode: 9035 },
    );
  }));

test("identity: every account has all of .internal for itself, and visitors have none of it", () =>
  onStage(async (stage) => {
    const { edge } = stage;
    const web = stage.use(await startWeb());
    const { token } = await stage.addToken(await stage.addAccount());
    const [mine, theirs] = [await stage.agent(AUTHTOKEN), await stage.agent(token)];
    for (const agent of [mine, theirs]) {
      const { url } = await agent.forward({ addr: web.port, url: "https://api.internal" });
      assert.equal(url, "https://api.internal");
    }
    assert.deepEqual(
      edge.edge.endpoints().map((endpoint) => [endpoint.binding, endpoint.url]),
      [["internal", "https://api.internal"], ["internal", "https://api.internal"]],
    );
    const answer = await visit(edge.door, "http://api.internal/hello");
    assert.equal(answer.status, 404);
    assert.equal(web.requests(), 0);
  }));

test("identity: no token and no key is to be found in the data folder, or in the log", async () => {
  const lines: string[] = [];
  const logger: Logger = {
    log: (level, message, fields?: LogFields) =>
      void lines.push(`${level} ${message} ${JSON.stringify(fields)}`),
    child: () => logger,
  };
  await onStage(async (stage) => {
    const { edge, store, owner } = stage;
    const { id, token } = await stage.addToken();
    const secrets = [token, AUTHTOKEN, "ak-preset-0123456789", "wrong_token_that_was_guessed1"];
    const agent = await stage.agent(token);
    await agent.forward({ addr: 1, url: `https://a.${DOMAIN}` });
    await assert.rejects(stage.agent(secrets[3]));
    await store.authtokens.update(owner, id, { revoked_at: Date.now() });
    await edge.edge.identityChanged();
    await eventually(() => {
      assert.equal(edge.edge.sessions().length, 0);
      return Promise.resolve();
    });
    await edge.edge.close({ graceMs: 0 });
    const files = await filesUnder(edge.dataDir);
    assert.ok(files.some((path) => path.endsWith("sallyport.db")), String(files));
    for (const path of files) {
      const bytes = (await readFile(path)).toString("latin1");
      for (const secret of secrets) {
        assert.ok(!bytes.includes(secret), `${path} has ${secret}`);
        // Nor the part that proves it, on its own.
        assert.ok(!bytes.includes(secret.split("_").at(-1)!), `${path} has a part of ${secret}`);
      }
      assert.equal((await stat(path)).mode & 0o077, 0, `${path} is readable for others`);
    }
    assert.ok(lines.length > 0);
    for (const secret of secrets) assert.ok(!lines.join("\n").includes(secret));
  }, { logger, apiKey: "ak-preset-0123456789" });
});

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const paths = await Promise.all(entries.map((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(path) : [path];
  }));
  return paths.flat();
}

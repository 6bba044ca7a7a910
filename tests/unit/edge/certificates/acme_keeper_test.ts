/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../../lib/base/clock.ts";
import type { LogFields, Logger } from "../../../../lib/base/log.ts";
import {
  AcmeKeeper,
  type AcmeKeeperOptions,
} from "../../../../lib/edge/certificates/acme_keeper.ts";
import { AcmeShelf } from "../../../../lib/edge/certificates/acme_shelf.ts";
import {
  type CertificateOrder,
  IssueError,
  type RenewalWindow,
  type SignedCertificate,
} from "../../../../lib/edge/certificates/issuer.ts";
import { openSqlite } from "../../../../lib/runtime/node_sqlite.ts";
import type { Certificate } from "../../../../lib/runtime/net.ts";
import { sqliteDriver } from "../../../../lib/store/driver.ts";
import { createSealer } from "../../../../lib/store/seal.ts";
import { openStore, type Store } from "../../../../lib/store/store.ts";
import { makeCa } from "../../../fakes/certs.ts";
import { eventually } from "../../../fakes/edge.ts";
import { test } from "../../../harness.ts";

const DAY_MS = 86_400_000;

class Stage {
  readonly clock = new FakeClock(Date.now());
  readonly orders: CertificateOrder[] = [];
  readonly log: { readonly message: string; readonly fields: LogFields }[] = [];
  /** Names that somebody owns, and whose. */
  owned: Record<string, string> = {};
  always: string[] = [];
  /** What the signer says next instead of signing. */
  failures: Error[] = [];
  window: RenewalWindow | undefined;
  /** Holds orders up. */
  gate: Promise<void> = Promise.resolve();
  readonly store: Store;
  readonly #sign: (names: readonly string[]) => Promise<SignedCertificate>;

  constructor(store: Store, sign: (names: readonly string[]) => Promise<SignedCertificate>) {
    this.store = store;
    this.#sign = sign;
  }

  static async open(): Promise<Stage> {
    const ca = await makeCa();
    const store = await openStore(sqliteDriver(await openSqlite(":memory:")));
    const stage: Stage = new Stage(store, (names) => {
      const nowMs = stage.clock.now();
      const [notBefore, notAfter] = [new Date(nowMs), new Date(nowMs + 90 * DAY_MS)];
      return ca.leaf(names, { notBefore, notAfter });
    });
    return stage;
  }

  async keeper(more: Partial<AcmeKeeperOptions> = {}): Promise<AcmeKeeper> {
    const logger: Logger = {
      log: (_, message, fields = {}) => void this.log.push({ message, fields }),
      child: () => logger,
    };
    const wanted = (name: string, accountId: string | undefined) => ({
      names: [name],
      accountId,
      keyType: "ecdsa" as const,
    });
    const keeper = new AcmeKeeper({
      issuer: {
        issue: async (order) => {
          this.orders.push(order);
          await this.gate;
          const failure = this.failures.shift();
          if (failure) throw failure;
          return await this.#sign(order.names);
        },
        renewalWindow: () => Promise.resolve(this.window),
      },
      directoryUrl: "https://ca.test/",
      shelf: new AcmeShelf(this.store.settings, await createSealer(new Uint8Array(32))),
      clock: this.clock,
      logger,
      limits: { waitMs: 5_000, perHour: 100, perAccountHour: 3 },
      wantedFor: (name) =>
        this.owned[name] === undefined ? undefined : wanted(name, this.owned[name]),
      alwaysWanted: () => this.always.map((name) => wanted(name, undefined)),
      random: () => 0.5,
      ...more,
    });
    await keeper.open();
    keeper.start();
    return keeper;
  }

  /** Lets what needs no time happen, crypto and database included. */
  settle(check: () => boolean): Promise<void> {
    return eventually(this.clock, check);
  }
}

function has(keeper: AcmeKeeper, name: string): () => boolean {
  return () => keeper.recordOf(name)?.issued !== undefined;
}

test("AcmeKeeper.find() orders once for many visitors, who wait for it", async () => {
  const stage = await Stage.open();
  stage.owned = { "a.test": "ac_1" };
  const keeper = await stage.keeper();
  const found = await Promise.all(Array.from({ length: 50 }, () => keeper.find("a.test")));
  assert.equal(stage.orders.length, 1);
  assert.equal(new Set(found.map((one) => one?.chainPem)).size, 1);
  // From now on it is there at once.
  assert.ok(!(keeper.find("a.test") instanceof Promise));
  await keeper.close();
  await stage.store.close();
  assert.equal(stage.clock.pending, 0);
});

test("AcmeKeeper.find() asks for nothing that nobody owns", async () => {
  const stage = await Stage.open();
  const keeper = await stage.keeper();
  assert.equal(keeper.find("stranger.test"), undefined);
  assert.equal(stage.orders.length, 0);
  assert.deepEqual(keeper.records, []);
  await keeper.close();
  await stage.store.close();
});

test("AcmeKeeper.find() lets a visitor wait no longer than it may", async () => {
  const stage = await Stage.open();
  stage.owned = { "a.test": "ac_1" };
  const gate = Promise.withResolvers<void>();
  stage.gate = gate.promise;
  const keeper = await stage.keeper();
  const found = keeper.find("a.test");
  await stage.clock.advance(5_000);
  assert.equal(await found, undefined);
  gate.resolve();
  await stage.settle(has(keeper, "a.test"));
  await keeper.close();
  await stage.store.close();
});

test("AcmeKeeper backs off after failures, longer each time, and remembers that over a restart", async () => {
  const stage = await Stage.open();
  stage.owned = { "a.test": "ac_1" };
  stage.always = ["a.test"];
  const refused = () => new IssueError("no address", { kind: "dns" });
  stage.failures = [
    refused(),
    refused(),
    new IssueError("slow down", {
      kind: "rateLimited",
      retryAfterMs: 4 * 3_600_000,
    }),
  ];
  let keeper = await stage.keeper();
  const attempts = (count: number) => () => keeper.recordOf("a.test")?.trouble?.attempts === count;
  const waitMs = () => keeper.recordOf("a.test")!.trouble!.retriesAtMs - stage.clock.now();
  await stage.settle(attempts(1));
  const first = keeper.recordOf("a.test")!.trouble!;
  assert.equal(first.errorCode, "DNS_ERROR");
  assert.equal(first.message, "no address");
  assert.equal(waitMs(), 66_000);
  // A storm of handshakes changes nothing.
  for (let visit = 0; visit < 100; visit++) assert.equal(keeper.find("a.test"), undefined);
  assert.equal(stage.orders.length, 1);
  await keeper.close();
  keeper = await stage.keeper();
  assert.equal(stage.orders.length, 1);
  await stage.clock.advance(66_000);
  await stage.settle(attempts(2));
  assert.equal(waitMs(), 330_000);
  assert.equal(keeper.recordOf("a.test")!.trouble!.startedAtMs, first.startedAtMs);
  await stage.clock.advance(330_000);
  await stage.settle(attempts(3));
  assert.equal(waitMs(), 4 * 3_600_000);
  await stage.clock.advance(4 * 3_600_000);
  await stage.settle(has(keeper, "a.test"));
  assert.equal(keeper.recordOf("a.test")?.trouble, undefined);
  await keeper.close();
  await stage.store.close();
});

test("AcmeKeeper renews in the last third of life, and serves the old one until the new one is there", async () => {
  const stage = await Stage.open();
  stage.always = ["a.test"];
  const keeper = await stage.keeper();
  await stage.settle(has(keeper, "a.test"));
  const old = await keeper.find("a.test") as Certificate;
  // 60 days, and half of the jitter of nine.
  await stage.clock.advance(64 * DAY_MS);
  assert.equal(stage.orders.length, 1);
  const gate = Promise.withResolvers<void>();
  stage.gate = gate.promise;
  await stage.clock.advance(DAY_MS);
  await stage.settle(() => stage.orders.length === 2);
  assert.equal((await keeper.find("a.test"))?.chainPem, old.chainPem);
  gate.resolve();
  await stage.settle(() => {
    const found = keeper.find("a.test");
    return found !== undefined && !(found instanceof Promise) && found.chainPem !== old.chainPem;
  });
  await keeper.close();
  await stage.store.close();
});

test("AcmeKeeper keeps serving what it has when a renewal fails", async () => {
  const stage = await Stage.open();
  stage.always = ["a.test"];
  const keeper = await stage.keeper();
  await stage.settle(has(keeper, "a.test"));
  stage.failures = [new Error("down")];
  await stage.clock.advance(66 * DAY_MS);
  await stage.settle(() => stage.orders.length >= 2);
  assert.ok(await keeper.find("a.test"));
  await keeper.close();
  await stage.store.close();
});

test("AcmeKeeper follows the signer's wish for an earlier renewal", async () => {
  const stage = await Stage.open();
  stage.always = ["a.test"];
  const startMs = stage.clock.now() + 10 * DAY_MS;
  stage.window = { startMs, endMs: startMs + 2 * DAY_MS };
  const keeper = await stage.keeper();
  await stage.settle(has(keeper, "a.test"));
  assert.equal(keeper.recordOf("a.test")?.issued?.renewsAtMs, startMs + DAY_MS);
  // It has to revoke: the window moves to today.
  stage.window = { startMs: stage.clock.now() - DAY_MS, endMs: stage.clock.now() };
  await stage.clock.advance(7 * 3_600_000);
  const isMoved = () => keeper.recordOf("a.test")!.issued!.renewsAtMs < stage.clock.now();
  await stage.settle(isMoved);
  stage.window = undefined; // the next one may last
  // Once the new time is on the disk, it is planned.
  for (const untilMs = performance.now() + 30_000; performance.now() < untilMs;) {
    if (stage.orders.length > 1) break;
    await stage.store.settings.get("anything");
    await stage.clock.advance(1_000);
  }
  // A third may be under way: the second one's window may have been asked for before it was taken back.
  assert.ok(stage.orders.length >= 2);
  await keeper.close();
  await stage.store.close();
});

test("AcmeKeeper spends no more orders on an account than it may have", async () => {
  const stage = await Stage.open();
  for (let count = 0; count < 6; count++) stage.owned[`n${count}.test`] = "ac_1";
  stage.owned["other.test"] = "ac_2";
  const keeper = await stage.keeper();
  for (const name of Object.keys(stage.owned)) void keeper.find(name);
  await stage.settle(() => stage.orders.length === 4);
  assert.deepEqual(stage.orders.map(({ names }) => names[0]), [
    "n0.test",
    "n1.test",
    "n2.test",
    "other.test",
  ]);
  await stage.settle(() => /too many/.test(keeper.recordOf("n5.test")?.trouble?.message ?? ""));
  await stage.clock.advance(3_600_000);
  await stage.settle(() => stage.orders.length === 7);
  await keeper.close();
  await stage.store.close();
});

test("AcmeKeeper asks another server anew, and forgets what nobody wants when it has ended", async () => {
  const stage = await Stage.open();
  stage.always = ["a.test"];
  let keeper = await stage.keeper();
  await stage.settle(has(keeper, "a.test"));
  await keeper.close();
  keeper = await stage.keeper({ directoryUrl: "https://other.test/" });
  await stage.settle(() =>
    keeper.recordOf("a.test")?.issued?.directoryUrl.includes("other") === true
  );
  assert.equal(stage.orders.length, 2);
  stage.always = [];
  await stage.clock.advance(91 * DAY_MS);
  await stage.settle(() => keeper.records.length === 0);
  assert.equal(stage.orders.length, 2);
  await keeper.close();
  await stage.store.close();
});

test("AcmeKeeper does not wait for years when the clock was wrong", async () => {
  const stage = await Stage.open();
  stage.always = ["a.test"];
  stage.failures = [new Error("down")];
  let keeper = await stage.keeper();
  await stage.settle(() => keeper.recordOf("a.test")?.trouble !== undefined);
  await keeper.close();
  const [record] = await new AcmeShelf(stage.store.settings, await createSealer(new Uint8Array(32)))
    .records();
  const trouble = { ...record.trouble!, retriesAtMs: stage.clock.now() + 3_650 * DAY_MS };
  await stage.store.settings.set("acme/certificate/a.test", JSON.stringify({ ...record, trouble }));
  keeper = await stage.keeper();
  await stage.settle(has(keeper, "a.test"));
  await keeper.close();
  await stage.store.close();
});

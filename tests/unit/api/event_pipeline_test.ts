import assert from "node:assert/strict";
import {
  type EventEnvelope,
  EventPipeline,
  type PipelineDeps,
} from "../../../lib/api/event_pipeline.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import type { TunnelError } from "../../../lib/base/errors.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import { sealTarget } from "../../../lib/store/event_target.ts";
import { createSealer } from "../../../lib/store/seal.ts";
import type { Store } from "../../../lib/store/store.ts";
import { eventually } from "../../fakes/edge.ts";
import { test } from "../../harness.ts";
import { addAccount, base, withStore } from "../store/rows.ts";

interface Rig {
  pipeline: EventPipeline;
  clock: FakeClock;
  received: string[];
  account: string;
  /** What the receiver answers next; 200 when empty. */
  answers: number[];
  store: Store;
  destination: string;
}

async function withPipeline(
  run: (rig: Rig) => Promise<void>,
  limits: PipelineDeps["limits"] = {},
): Promise<void> {
  await withStore(async (store) => {
    const clock = new FakeClock();
    const sealer = await createSealer(new Uint8Array(32));
    const account = await addAccount(store);
    const received: string[] = [];
    const answers: number[] = [];
    const row = base(account, "ed");
    const target = { http: { url: "https://hooks.example.com/", secret: "s" } };
    await store.event_destinations.insert({
      ...row,
      format: "json",
      ...await sealTarget(sealer, row.id, target),
    });
    await store.event_subscriptions.insert({
      ...base(account, "esb"),
      sources: [{ type: "domain_created.v0" }],
      destination_ids: [row.id],
    });
    const pipeline = new EventPipeline({
      store,
      sealer,
      clock,
      logger: silentLogger,
      isTrusted: () => false,
      limits,
      fetch: async (request) => {
        const { event_id } = JSON.parse(await request.text());
        assert.ok(request.headers.has("sallyport-signature"), "the secret was opened");
        const status = answers.shift() ?? 200;
        if (status === 200) received.push(event_id);
        return new Response(null, { status });
      },
    });
    await run({ pipeline, clock, received, account, answers, store, destination: row.id });
    await pipeline.close(0);
    await clock.advance(1);
  });
}

function event(account: string, id: string, type = "domain_created.v0"): EventEnvelope {
  return {
    event_id: id,
    event_type: type,
    event_timestamp: "2026-01-01T00:00:00Z",
    account_id: account,
    object: {},
    principal: null,
  };
}

/** Real turns of the loop: WebCrypto does not settle on a fake clock. */
function until(done: () => boolean, clock: FakeClock): Promise<void> {
  return eventually(clock, done);
}

test("EventPipeline brings an event to who subscribed to its type, in order", () =>
  withPipeline(async ({ pipeline, clock, received, account }) => {
    for (const id of ["ev_1", "ev_2", "ev_3"]) pipeline.publish(event(account, id));
    pipeline.publish(event(account, "ev_other", "vault_created.v0"));
    await until(() => pipeline.counters.delivered === 3, clock);
    assert.deepEqual(received, ["ev_1", "ev_2", "ev_3"]);
  }));

test("EventPipeline never brings an event of one account to another's destination", () =>
  withPipeline(async ({ pipeline, clock, received, account, store }) => {
    const other = await addAccount(store);
    pipeline.publish(event(other, "ev_foreign"));
    pipeline.publish(event(account, "ev_own"));
    await until(() => pipeline.counters.delivered === 1, clock);
    assert.deepEqual(received, ["ev_own"]);
  }));

test("EventPipeline tries again with growing waits, and keeps the order meanwhile", () =>
  withPipeline(async ({ pipeline, clock, received, account, answers }) => {
    answers.push(500, 503);
    pipeline.publish(event(account, "ev_1"));
    pipeline.publish(event(account, "ev_2"));
    await until(() => pipeline.counters.failed === 1, clock);
    assert.deepEqual(received, []);
    await clock.advance(1_000);
    await until(() => pipeline.counters.failed === 2, clock);
    await clock.advance(2_000);
    await until(() => pipeline.counters.delivered === 2, clock);
    assert.deepEqual(received, ["ev_1", "ev_2"]);
  }));

test("EventPipeline gives an event up after its last attempt and goes on with the next", () =>
  withPipeline(async ({ pipeline, clock, received, account, answers }) => {
    answers.push(500, 500);
    pipeline.publish(event(account, "ev_1"));
    pipeline.publish(event(account, "ev_2"));
    await until(() => pipeline.counters.failed === 1, clock);
    await clock.advance(1_000);
    await until(() => pipeline.counters.delivered === 1, clock);
    assert.deepEqual(received, ["ev_2"]);
    assert.deepEqual({ ...pipeline.counters }, { delivered: 1, failed: 2, dropped: 1 });
  }, { maxAttempts: 2 }));

test("EventPipeline bounds what waits for a destination", () =>
  withPipeline(async ({ pipeline, clock, account, answers }) => {
    answers.push(500);
    for (let i = 0; i < 10; i++) pipeline.publish(event(account, `ev_${i}`));
    await until(() => pipeline.counters.failed === 1 && pipeline.counters.dropped === 7, clock);
    await clock.advance(1_000);
    await until(() => pipeline.counters.delivered === 3, clock);
  }, { maxQueued: 3 }));

test("EventPipeline.changed() makes it look at the subscriptions again", () =>
  withPipeline(async ({ pipeline, clock, received, account, store, destination }) => {
    pipeline.publish(event(account, "ev_1"));
    await until(() => pipeline.counters.delivered === 1, clock);
    await store.event_subscriptions.insert({
      ...base(account, "esb"),
      sources: [{ type: "vault_created.v0" }],
      destination_ids: [destination],
    });
    pipeline.changed({
      resource: "event_subscriptions",
      verb: "created",
      accountId: account,
      id: "esb_x",
    });
    pipeline.publish(event(account, "ev_2", "vault_created.v0"));
    await until(() => pipeline.counters.delivered === 2, clock);
    assert.deepEqual(received, ["ev_1", "ev_2"]);
  }));

test("EventPipeline.sendTest() sends one event and says what went wrong", () =>
  withPipeline(async ({ pipeline, received, account, answers, destination }) => {
    await pipeline.sendTest(account, destination);
    assert.match(received[0], /^ev_/);
    answers.push(500);
    await assert.rejects(pipeline.sendTest(account, destination), /answered 500/);
    await assert.rejects(
      pipeline.sendTest(account, "ed_none"),
      (error: TunnelError) => error.code === "not_found",
    );
  }));

test("EventPipeline.close() waits for what is queued, but not for ever", () =>
  withPipeline(async ({ pipeline, clock, received, account, answers }) => {
    pipeline.publish(event(account, "ev_1"));
    const closing = pipeline.close(5_000);
    await until(() => pipeline.counters.delivered === 1, clock);
    await closing;
    assert.deepEqual(received, ["ev_1"]);
    pipeline.publish(event(account, "ev_late"));
    assert.deepEqual(answers, []);
    assert.equal(pipeline.counters.delivered, 1);
  }));

test("EventPipeline sends a destination what its source selects, and that once", () =>
  withPipeline(async ({ pipeline, clock, received, account, store, destination }) => {
    const type = "http_request_complete.v0";
    for (const _ of [1, 2]) {
      await store.event_subscriptions.insert({
        ...base(account, "esb"),
        sources: [{ type, filter: 'ev.conn.client_ip == "192.0.2.1"' }],
        destination_ids: [destination],
      });
    }
    for (const [id, client_ip] of [["ev_1", "192.0.2.2"], ["ev_2", "192.0.2.1"]]) {
      pipeline.publish({ ...event(account, id, type), object: { conn: { client_ip } } });
    }
    await until(() => pipeline.counters.delivered === 1, clock);
    assert.deepEqual(received, ["ev_2"]);
  }));

test("EventPipeline.wants() knows what nobody subscribed to, and forgets it when that changes", async () => {
  await withPipeline(async ({ pipeline, clock, account, received, store, destination }) => {
    assert.equal(pipeline.wants(account, "http_request_complete.v0"), true, "not known yet");
    pipeline.publish(event(account, "ev_1"));
    await eventually(clock, () => received.length === 1);
    assert.equal(pipeline.wants(account, "domain_created.v0"), true);
    assert.equal(pipeline.wants(account, "http_request_complete.v0"), false);
    await store.event_subscriptions.insert({
      ...base(account, "esb"),
      sources: [{ type: "http_request_complete.v0" }],
      destination_ids: [destination],
    });
    const change = { resource: "event_subscriptions", accountId: account };
    pipeline.changed(change as Parameters<typeof pipeline.changed>[0]);
    assert.equal(pipeline.wants(account, "http_request_complete.v0"), true);
    pipeline.publish(event(account, "ev_2", "http_request_complete.v0"));
    await eventually(clock, () => received.length === 2);
    assert.equal(pipeline.wants(account, "http_request_complete.v0"), true);
  });
});

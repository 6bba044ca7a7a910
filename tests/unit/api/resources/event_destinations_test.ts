import assert from "node:assert/strict";
import { TunnelError } from "../../../../lib/base/errors.ts";
import { openTarget } from "../../../../lib/store/event_target.ts";
import { test } from "../../../harness.ts";
import { assertProblem, withApi } from "../kit.ts";
import { assertRefused, journey } from "./journey.ts";

const path = "/event_destinations";
const none = {
  http: null,
  file: null,
  stdout: null,
  debug: null,
  firehose: null,
  kinesis: null,
  cloudwatch_logs: null,
  datadog: null,
  azure_logs_ingestion: null,
};
const arn = "arn:aws:kinesis:us-east-2:123456789012:stream/events";
const role = { role_arn: "arn:aws:iam::123456789012:role/events" };

test("event_destinations: created, read, listed, changed, deleted", async () => {
  await withApi((stage) =>
    journey(stage, {
      path,
      prefix: "ed",
      event: "event_destination",
      create: { format: "JSON", target: { http: { url: "https://a.example/", secret: "hush" } } },
      created: { format: "json", target: { ...none, http: { url: "https://a.example/" } } },
      update: { target: { http: { url: "https://b.example/" } } },
      updated: { format: "json", target: { ...none, http: { url: "https://b.example/" } } },
    })
  );
});

test("event_destinations: secrets are sealed, kept over updates, and never shown", async () => {
  await withApi(async ({ caller, store, sealer, events, database }) => {
    const creds = { aws_access_key_id: "AKIA", aws_secret_access_key: "hush" };
    const http = { url: "https://a.example/", secret: "hush", headers: { "x-key": "hush" } };
    const azure = {
      tenant_id: "t",
      client_id: "c",
      client_secret: "hush",
      logs_ingestion_uri: "https://a.example/",
      data_collection_rule_id: "d",
      data_collection_stream_name: "s",
    };
    const targets = [
      { http },
      { kinesis: { auth: { creds }, stream_arn: arn } },
      { datadog: { api_key: "hush", service: "edge" } },
      { azure_logs_ingestion: azure },
    ];
    for (const target of targets) {
      const made = await caller.make(path, { target });
      const opened = async () => {
        const row = (await store.event_destinations.get(caller.accountId, made.id))!;
        return await openTarget(sealer, row);
      };
      assert.deepEqual(await opened(), target);
      // What a GET shows can be sent back: the secrets stay.
      const again = await caller.patch(`${path}/${made.id}`, { target: made.target });
      assert.equal(again.status, 200, JSON.stringify(again.body));
      assert.deepEqual(await opened(), target);
      assert.ok(!JSON.stringify([made, again.body]).includes("hush"));
    }
    const { id } = (await caller.get(path)).body.event_destinations.at(-1);
    await caller.patch(`${path}/${id}`, { target: { http: { ...http, secret: "other" } } });
    const row = (await store.event_destinations.get(caller.accountId, id))!;
    assert.deepEqual(await openTarget(sealer, row), { http: { ...http, secret: "other" } });
    const dump = database.prepare("select * from event_destinations").all([]);
    const trail = database.prepare("select * from audit_events").all([]);
    assert.ok(!JSON.stringify([dump, trail, events]).includes("hush"));
  });
});

test("event_destinations: takes every kind of target", async () => {
  await withApi(async ({ caller }) => {
    const targets = [
      { file: { name: "events.jsonl" } },
      { stdout: {} },
      { debug: { log: true } },
      { debug: { callback_url: "http://localhost:9000/" } },
      { firehose: { auth: { role }, delivery_stream_arn: arn } },
      { kinesis: { auth: { role, creds: null }, stream_arn: arn } },
      { cloudwatch_logs: { auth: { role }, log_group_arn: arn } },
    ];
    for (const target of targets) {
      const made = await caller.make(path, { target: { ...none, ...target } });
      const [kind] = Object.keys(target);
      assert.notEqual(made.target[kind], null);
    }
  });
});

test("event_destinations: refuses what it must, with its numbers", async () => {
  await withApi(async ({ caller }) => {
    const post = (what: string, target: unknown, code: number) =>
      [what, "POST", path, { target }, code, 400] as const;
    const { id } = await caller.make(path, { target: { stdout: {} } });
    const kinesis = (auth: unknown, stream_arn = arn) => ({ kinesis: { auth, stream_arn } });
    const creds = { aws_access_key_id: "A", aws_secret_access_key: "B" };
    await assertRefused(caller, [
      post("no target", undefined, 236),
      post("empty target", {}, 5100),
      post("only nulls", none, 5100),
      post("two targets", { stdout: {}, debug: {} }, 5115),
      post("wrong shape", { http: "https://a.example" }, 236),
      post("no URL", { http: { url: "a.example" } }, 5140),
      post("another scheme", { http: { url: "file:///etc/passwd" } }, 5140),
      post("a user", { http: { url: "https://u:p@a.example/" } }, 5140),
      post("a callback that is none", { debug: { callback_url: "x" } }, 5140),
      post("a path", { file: { name: "../events" } }, 5140),
      post("a hidden file", { file: { name: ".events" } }, 5140),
      post("no auth", kinesis(undefined), 5106),
      post("empty auth", kinesis({}), 5107),
      post("half of creds", kinesis({ creds: { aws_access_key_id: "A" } }), 5107),
      post("both", kinesis({ role, creds }), 5116),
      post("no ARN", kinesis({ role }, "stream/1"), 5120),
      post("no role", kinesis({ role: { role_arn: arn } }), 5104),
      post("no key", { datadog: { service: "s" } }, 5133),
      ["format", "POST", path, { format: "xml", target: { stdout: {} } }, 235, 400],
      ["another kind", "PATCH", `${path}/${id}`, { target: { debug: {} } }, 5108, 400],
    ]);
    await caller.make("/event_subscriptions", { destination_ids: [id] });
    await assertRefused(caller, [["in use", "DELETE", `${path}/${id}`, undefined, 5112, 409]]);
  });
  await withApi(async ({ caller }) => {
    await caller.make(path, { target: { stdout: {} } });
    const body = { target: { stdout: {} } };
    await assertRefused(caller, [["one too many", "POST", path, body, 5102, 400]]);
  }, { limits: { maxObjects: 1 } });
});

test("event_destinations: a test event is sent, and its failure told", async () => {
  const sent: string[] = [];
  let fails = false;
  const sendTestEvent = (accountId: string, id: string): Promise<void> => {
    sent.push(`${accountId} ${id}`);
    const error = new TunnelError("timed_out", "Cannot deliver: no answer");
    return fails ? Promise.reject(error) : Promise.resolve();
  };
  await withApi(async ({ caller, stranger }) => {
    const { id } = await caller.make(path, { target: { stdout: {} } });
    const one = `${path}/${id}/send_test_event`;
    assert.equal((await caller.send("POST", one)).status, 204);
    assert.equal((await caller.post(one, {})).status, 204);
    assert.deepEqual(sent, [`${caller.accountId} ${id}`, `${caller.accountId} ${id}`]);
    fails = true;
    const failed = await caller.post(one, {});
    assertProblem(failed, undefined, 502);
    assert.match(failed.body.msg, /no answer/);
    assertProblem(await (await stranger()).post(one, {}), undefined, 404);
    assert.equal(sent.length, 3);
  }, { deps: { sendTestEvent } });
  await withApi(async ({ caller }) => {
    const { id } = await caller.make(path, { target: { stdout: {} } });
    assertProblem(await caller.post(`${path}/${id}/send_test_event`, {}), undefined, 503);
  });
});

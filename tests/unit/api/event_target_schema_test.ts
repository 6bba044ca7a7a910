import assert from "node:assert/strict";
import {
  readTarget,
  showTarget,
  TARGET_KINDS,
  targetAnswer,
  targetField,
} from "../../../lib/api/event_target_schema.ts";
import { test } from "../../harness.ts";

const arn = "arn:aws:kinesis:us-east-2:123456789012:stream/events";

test("showTarget() has every kind, all but one null, as the schema says", () => {
  const shown = showTarget({ stdout: {} });
  assert.deepEqual(Object.keys(shown).sort(), [...TARGET_KINDS].sort());
  assert.deepEqual(Object.values(shown).filter((value) => value !== null), [{}]);
  assert.ok(targetAnswer.safeParse(shown).success);
  assert.ok(!targetField.safeParse({ moon: {} }).success);
});

test("readTarget() keeps secrets of before that an update leaves out", () => {
  const http = { url: "https://a.example/", secret: "s", headers: { a: "b" } };
  assert.deepEqual(readTarget({ http: { url: "https://b.example/" } }, { http }), {
    http: { ...http, url: "https://b.example/" },
  });
  assert.deepEqual(readTarget({ http: { ...http, secret: "t" } }, { http }), {
    http: { ...http, secret: "t" },
  });
  const creds = { aws_access_key_id: "A", aws_secret_access_key: "B" };
  const kinesis = { auth: { creds }, stream_arn: arn };
  const without = { auth: { creds: { aws_access_key_id: "C" } }, stream_arn: arn };
  assert.deepEqual(readTarget({ kinesis: without }, { kinesis }), {
    kinesis: { auth: { creds: { ...creds, aws_access_key_id: "C" } }, stream_arn: arn },
  });
  // Another way to log in takes nothing along.
  const role = { role_arn: "arn:aws:iam::123456789012:role/x" };
  const moved = { kinesis: { auth: { role }, stream_arn: arn } };
  assert.deepEqual(readTarget(moved, { kinesis }), moved);
});

test("readTarget() refuses what cannot be delivered to", () => {
  const cases = [
    [{}, 5100],
    [{ stdout: {}, debug: {} }, 5115],
    [{ http: { url: "ftp://a.example/" } }, 5140],
    [{ http: { url: "https://user@a.example/" } }, 5140],
    [{ file: { name: "a/b" } }, 5140],
    [{ datadog: {} }, 5133],
    [{ azure_logs_ingestion: {} }, 5139],
    [{ kinesis: { stream_arn: "x" } }, 5120],
    [{ kinesis: { stream_arn: arn } }, 5106],
  ] as const;
  for (const [target, ngrokCode] of cases) {
    assert.throws(() => readTarget(target), { ngrokCode }, JSON.stringify(target));
  }
  assert.throws(() => readTarget({ debug: {} }, { stdout: {} }), { ngrokCode: 5108 });
});

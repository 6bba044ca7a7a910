import assert from "node:assert/strict";
import { openTarget, sealTarget } from "../../../lib/store/event_target.ts";
import { createSealer } from "../../../lib/store/seal.ts";
import { test } from "../../harness.ts";

const sealer = await createSealer(new Uint8Array(32).fill(7));

test("sealTarget() keeps secrets out of what is shown, openTarget() puts them back", async () => {
  const aws = { aws_access_key_id: "AKIA1", aws_secret_access_key: "hush" };
  const targets = [
    { kinesis: { auth: { creds: aws }, stream_arn: "arn:x" } },
    { datadog: { api_key: "hush", service: "edge" } },
    { azure_logs_ingestion: { client_id: "c", client_secret: "hush" } },
    { http: { url: "https://a.example/hook", secret: "hush", headers: { "x-key": "hush" } } },
  ];
  for (const target of targets) {
    const sealed = await sealTarget(sealer, "ed_1", target);
    assert.ok(!JSON.stringify(sealed).includes("hush"), JSON.stringify(sealed));
    assert.deepEqual(await openTarget(sealer, { id: "ed_1", ...sealed }), target);
    assert.ok(JSON.stringify(target).includes("hush"));
  }
});

test("sealTarget() seals nothing when there is no secret", async () => {
  const targets = [
    { stdout: {} },
    { http: { url: "https://a.example/" } },
    { kinesis: { auth: { role: { role_arn: "arn:r" } }, stream_arn: "arn:x" } },
  ];
  for (const target of targets) {
    const sealed = await sealTarget(sealer, "ed_1", target);
    assert.deepEqual(sealed, { target, target_sealed: null });
    assert.deepEqual(await openTarget(sealer, { id: "ed_1", ...sealed }), target);
  }
});

test("openTarget() does not open the secrets of another destination", async () => {
  const sealed = await sealTarget(sealer, "ed_1", { datadog: { api_key: "hush" } });
  await assert.rejects(openTarget(sealer, { id: "ed_2", ...sealed }));
});

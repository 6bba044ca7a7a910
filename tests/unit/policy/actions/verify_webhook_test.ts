/** @module */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { TunnelError } from "../../../../lib/base/errors.ts";
import { MAX_WEBHOOK_BYTES } from "../../../../lib/policy/actions/verify_webhook.ts";
import { test } from "../../../harness.ts";
import { compileAction, requestContext, testServices } from "../testing.ts";

const GITHUB = { provider: "github", secret: "s" };
const BODY = "{}";
const SIGNATURE = createHmac("sha256", "s").update(BODY).digest("hex");
const GENUINE = ["POST /hook HTTP/1.1", `X-Hub-Signature-256: sha256=${SIGNATURE}`];

test("verify-webhook lets a genuine webhook go on, and says so", async () => {
  const policy = await compileAction("on_http_request", "verify-webhook", GITHUB);
  const context = requestContext(GENUINE, { body: BODY });
  assert.equal(await policy.onHttpRequest!(context), undefined);
  assert.deepEqual(context.results.get("verify_webhook"), { verified: true });
});

test("verify-webhook refuses any other with 403 and 3204, without telling what was expected", async () => {
  const policy = await compileAction("on_http_request", "verify-webhook", GITHUB);
  const context = requestContext(GENUINE, { body: "{ }" });
  const outcome = await policy.onHttpRequest!(context);
  assert.ok(outcome?.do === "fail");
  assert.equal(outcome.problem.status, 403);
  assert.equal(outcome.problem.ngrokCode, 3204);
  assert.match(outcome.problem.message, /GitHub signed: its signature does not match/);
  assert.doesNotMatch(JSON.stringify(outcome), new RegExp(SIGNATURE));
  assert.deepEqual(context.results.get("verify_webhook"), {
    verified: false,
    error: {
      code: "ERR_NGROK_3204",
      message: "The webhook was refused: its signature does not match",
    },
  });
});

test("verify-webhook only takes notes when it does not enforce", async () => {
  const config = { ...GITHUB, enforce: false };
  const policy = await compileAction("on_http_request", "verify-webhook", config);
  const context = requestContext(["POST / HTTP/1.1"], { body: BODY });
  assert.equal(await policy.onHttpRequest!(context), undefined);
  assert.equal(context.results.get("verify_webhook")?.verified, false);
});

test("verify-webhook answers a provider's question itself", async () => {
  const config = { provider: "twitter", secret: "s" };
  const policy = await compileAction("on_http_request", "verify-webhook", config);
  const outcome = await policy.onHttpRequest!(requestContext(["GET /?crc_token=abc HTTP/1.1"]));
  assert.ok(outcome?.do === "respond");
  assert.equal(outcome.response.status, 200);
  assert.deepEqual(outcome.response.headers, [["Content-Type", "application/json"]]);
  const hash = createHmac("sha256", "s").update("abc").digest("base64");
  assert.equal(outcome.response.body, `{"response_token":"sha256=${hash}"}`);
});

test("verify-webhook signs over the address as the sender wrote it", async () => {
  const config = { provider: "square", secret: "s" };
  const policy = await compileAction("on_http_request", "verify-webhook", config);
  const signature = createHmac("sha256", "s").update(`https://A.example.com/a?b=%20${BODY}`)
    .digest("base64");
  const lines = [
    "POST /a?b=%20 HTTP/1.1",
    "Host: A.example.com",
    `x-square-hmacsha256-signature: ${signature}`,
  ];
  const context = requestContext(lines, { body: BODY });
  context.request.headers.set("Host", "internal.test");
  context.request.target = "/rewritten";
  assert.equal(await policy.onHttpRequest!(context), undefined);
});

test("verify-webhook reads no body that is larger than its bound", async () => {
  const policy = await compileAction("on_http_request", "verify-webhook", GITHUB);
  const large = requestContext([
    "POST / HTTP/1.1",
    `Content-Length: ${MAX_WEBHOOK_BYTES + 1}`,
    `X-Hub-Signature-256: sha256=${SIGNATURE}`,
  ]);
  const outcome = await policy.onHttpRequest!(large);
  assert.match(outcome?.do === "fail" ? outcome.problem.message : "", /larger than 8388608 bytes/);
});

test("verify-webhook refuses providers it does not know with 364, naming those it knows", async () => {
  await assert.rejects(
    compileAction("on_http_request", "verify-webhook", { provider: "gihtub", secret: "s" }),
    { ngrokCode: 364, message: /"gihtub".*github, gitlab/ },
  );
});

test("verify-webhook refuses SNS where nothing may be fetched, and else lets a failure be a 500", async () => {
  const config = { provider: "sns", secret: "123456789012" };
  await assert.rejects(compileAction("on_http_request", "verify-webhook", config), {
    ngrokCode: 364,
    message: /certificate that has to be fetched/,
  });
  const fetchBytes = () => Promise.reject(new TunnelError("timed_out", "It took too long"));
  const services = testServices({ fetchBytes, clock: { ...testServices().clock, now: () => 0 } });
  const body = JSON.stringify({
    Type: "Notification",
    TopicArn: "arn:aws:sns:r:123456789012:t",
    Timestamp: new Date(0).toISOString(),
    SignatureVersion: "1",
    Signature: "AAAA",
    SigningCertURL: "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
  });
  const run = async (enforce: boolean) => {
    const policy = await compileAction(
      "on_http_request",
      "verify-webhook",
      { ...config, enforce },
      "https",
      services,
    );
    return await policy.onHttpRequest!(requestContext(["POST / HTTP/1.1"], { body }));
  };
  const failed = await run(true);
  assert.equal(failed?.do === "fail" && failed.problem.ngrokCode, 2300);
  assert.equal(await run(false), undefined);
});

test("verify-webhook complains about a secret that cannot be one", async () => {
  await assert.rejects(
    compileAction("on_http_request", "verify-webhook", { provider: "vmware", secret: "x" }),
    { ngrokCode: 2203, message: /for VMware Workspace ONE it must read "username::password"/ },
  );
  await assert.rejects(
    compileAction("on_http_request", "verify-webhook", { provider: "github", secret: "" }),
    { ngrokCode: 2203 },
  );
});

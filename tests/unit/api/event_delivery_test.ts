import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { deliver, type DeliveryDeps, isPublic, sign } from "../../../lib/api/event_delivery.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import type { TunnelError } from "../../../lib/base/errors.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

const EVENT = {
  event_id: "ev_1",
  event_type: "domain_created.v0",
  object: { domain: "ä.example" },
};

interface Rig {
  deps: DeliveryDeps;
  requests: { request: Request; body: string }[];
  printed: string[];
  clock: FakeClock;
  files: ReturnType<typeof memoryRuntime>["host"]["files"];
}

function rig(
  answer: (request: Request) => Promise<Response> | Response = () => new Response(""),
): Rig {
  const clock = new FakeClock(1_700_000_000_000);
  const requests: Rig["requests"] = [];
  const printed: string[] = [];
  const { files } = memoryRuntime().host;
  const deps: DeliveryDeps = {
    clock,
    files,
    folder: "/data/events",
    print: (line) => printed.push(line),
    fetch: async (request) => {
      requests.push({ request, body: await request.clone().text() });
      return await answer(request);
    },
    isTrusted: (account) => account === "ac_owner",
  };
  return { deps, requests, printed, clock, files };
}

test("deliver() posts the event as JSON with a signature that its secret explains", async () => {
  const { deps, requests } = rig();
  const target = {
    http: { url: "https://hooks.example.com/x", secret: "s3cret", headers: { "X-Mine": "1" } },
  };
  await deliver("ac_1", target, EVENT, 3, deps);
  const [{ request, body }] = requests;
  assert.equal(request.method, "POST");
  assert.deepEqual(JSON.parse(body), EVENT);
  assert.equal(request.headers.get("content-type"), "application/json");
  assert.equal(request.headers.get("sallyport-event-id"), "ev_1");
  assert.equal(request.headers.get("sallyport-attempt"), "3");
  assert.equal(request.headers.get("x-mine"), "1");
  const mac = createHmac("sha256", "s3cret").update(`1700000000.${body}`).digest("hex");
  assert.equal(request.headers.get("sallyport-signature"), `t=1700000000,v1=${mac}`);
});

test("deliver() does not sign without a secret, and calls the callback of a debug target", async () => {
  const { deps, requests } = rig();
  await deliver("ac_1", { debug: { callback_url: "https://hooks.example.com/" } }, EVENT, 1, deps);
  assert.equal(requests[0].request.headers.has("sallyport-signature"), false);
});

test("deliver() reports what may pass: an answer that is no success, and none at all", async () => {
  const target = { http: { url: "https://hooks.example.com/" } };
  for (const status of [301, 404, 500]) {
    const { deps } = rig(() => new Response(null, { status }));
    await assert.rejects(deliver("ac_1", target, EVENT, 1, deps), (error: TunnelError) => {
      assert.equal(error.code, "connection_closed");
      assert.match(error.message, new RegExp(String(status)));
      return true;
    });
  }
  const { deps, clock } = rig(() => new Promise(() => {}));
  const delivering = deliver("ac_1", target, EVENT, 1, deps);
  const refused = assert.rejects(delivering, (error: TunnelError) => error.code === "timed_out");
  await clock.advance(10_000);
  await refused;
});

test("deliver() refuses for good what is not public, unless the account is trusted", async () => {
  const { deps, requests } = rig();
  const target = { http: { url: "http://127.0.0.1:8080/" } };
  await assert.rejects(
    deliver("ac_1", target, EVENT, 1, deps),
    (error: TunnelError) => error.code === "refused",
  );
  assert.equal(requests.length, 0);
  await deliver("ac_owner", target, EVENT, 1, deps);
  assert.equal(requests.length, 1);
});

test("deliver() appends lines to a file of the account's own", async () => {
  const { deps, files } = rig();
  await deliver("ac_1", { file: { name: "audit.jsonl" } }, EVENT, 1, deps);
  await deliver("ac_1", { file: { name: "audit.jsonl" } }, EVENT, 1, deps);
  assert.equal(
    await files.readText("/data/events/ac_1/audit.jsonl"),
    `${JSON.stringify(EVENT)}\n`.repeat(2),
  );
  for (const name of ["../x", "a/b", ".hidden", "", "/etc/passwd"]) {
    await assert.rejects(
      deliver("ac_1", { file: { name } }, EVENT, 1, deps),
      (error: TunnelError) => error.code === "refused",
    );
  }
});

test("deliver() prints for the owner alone", async () => {
  const { deps, printed } = rig();
  await deliver("ac_owner", { stdout: {} }, EVENT, 1, deps);
  assert.deepEqual(printed, [JSON.stringify(EVENT)]);
  await assert.rejects(deliver("ac_1", { stdout: {} }, EVENT, 1, deps), /owner/);
  await assert.rejects(deliver("ac_1", { kinesis: {} }, EVENT, 1, deps), /"kinesis"/);
});

test("isPublic() knows the addresses of the edge's own network", () => {
  const good = [
    "https://example.com/x",
    "http://8.8.8.8/",
    "https://[2606:4700::1111]/",
    "https://172.32.0.1/",
  ];
  const bad = [
    "ftp://example.com/",
    "https://localhost/",
    "https://x.localhost/",
    "https://printer.local/",
    "https://intranet/",
    "https://10.1.2.3/",
    "https://0x7f.1/",
    "https://2130706433/",
    "https://127.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://192.168.1.1/",
    "https://172.16.0.1/",
    "https://100.64.0.1/",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[fd00::1]/",
    "https://[fe80::1]/",
    "https://metadata.google.internal/",
    "nonsense",
  ];
  for (const url of good) assert.equal(isPublic(url), true, url);
  for (const url of bad) assert.equal(isPublic(url), false, url);
});

test("sign() gives another signature for another time, body or secret", async () => {
  const signatures = new Set([
    await sign("a", "{}", 1_000),
    await sign("b", "{}", 1_000),
    await sign("a", "[]", 1_000),
    await sign("a", "{}", 2_000),
  ]);
  assert.equal(signatures.size, 4);
});

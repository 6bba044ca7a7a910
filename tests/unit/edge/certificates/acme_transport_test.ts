/** @module */
import assert from "node:assert/strict";
import { fromBase64 } from "../../../../lib/base/base64.ts";
import { decodeText, encodeText } from "../../../../lib/base/bytes.ts";
import { FakeClock } from "../../../../lib/base/clock.ts";
import {
  AcmeTransport,
  readRetryAfter,
  signJws,
  toIssueError,
} from "../../../../lib/edge/certificates/acme_transport.ts";
import { serveFetch } from "../../../../lib/http/serve_fetch.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";

type Handler = (request: Request) => Response | Promise<Response>;

const KEY = { name: "ECDSA", namedCurve: "P-256" };

async function withServer(
  handler: Handler,
  run: (transport: AcmeTransport, key: CryptoKeyPair) => Promise<void>,
): Promise<void> {
  const { net } = memoryRuntime();
  const clock = new FakeClock();
  const door = await net.listen({
    port: 80,
    onConnection: (conn) =>
      void serveFetch(conn, (request) => Promise.resolve(handler(request)), {
        clock,
        scheme: "http",
      }),
  });
  const transport = new AcmeTransport({
    net,
    clock,
    directoryUrl: "http://127.0.0.1/dir",
    roots: "system",
  });
  const keys = await crypto.subtle.generateKey(KEY, true, ["sign", "verify"]) as CryptoKeyPair;
  try {
    await run(transport, keys);
  } finally {
    await door.close();
  }
}

const DIRECTORY = {
  newNonce: "http://127.0.0.1/nonce",
  newAccount: "http://127.0.0.1/account",
  newOrder: "http://127.0.0.1/order",
};

test("AcmeTransport.jwsFetch() signs with a nonce, and tries again with the one of a refusal", async () => {
  let count = 0;
  const seen: string[] = [];
  await withServer(async (request) => {
    const { pathname } = new URL(request.url);
    const headers = { "Replay-Nonce": `nonce-${++count}` };
    if (pathname === "/dir") return Response.json(DIRECTORY);
    if (pathname === "/nonce") return new Response(null, { headers });
    const jws = await request.json();
    const header = JSON.parse(decodeText(fromBase64(jws.protected)!));
    seen.push(header.nonce);
    assert.equal(header.url, DIRECTORY.newOrder);
    assert.equal(header.alg, "ES256");
    if (seen.length < 3) {
      const problem = { type: "urn:ietf:params:acme:error:badNonce", detail: "stale" };
      return Response.json(problem, { status: 400, headers });
    }
    return Response.json({ payload: jws.payload }, { headers });
  }, async (transport, { privateKey }) => {
    await transport.open();
    const response = await transport.jwsFetch(transport.directory.newOrder, {
      privateKey,
      protected: { kid: "me" },
    });
    // POST-as-GET has an empty payload (RFC 8555 6.3).
    assert.deepEqual(await response.json(), { payload: "" });
    assert.equal(new Set(seen).size, 3);
  });
});

test("AcmeTransport.jwsFetch() says in words what was refused, and until when", async () => {
  await withServer((request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/dir") return Response.json(DIRECTORY);
    if (pathname === "/nonce") return new Response(null, { headers: { "Replay-Nonce": "n" } });
    return Response.json(
      { type: "urn:ietf:params:acme:error:rateLimited", detail: "try later." },
      { status: 429, headers: { "Retry-After": "120", "Replay-Nonce": "m" } },
    );
  }, async (transport, { privateKey }) => {
    await transport.open();
    const asked = transport.jwsFetch(DIRECTORY.newOrder, { privateKey, protected: {} });
    await assert.rejects(asked, {
      code: "refused",
      kind: "rateLimited",
      retryAfterMs: 120_000,
      message:
        "Cannot get a certificate from the ACME server: its rate limit is reached: try later",
    });
  });
});

test("AcmeTransport.open() knows what is no ACME server", async () => {
  await withServer(() => new Response("<html>"), async (transport) => {
    await assert.rejects(transport.open(), { code: "http_invalid" });
    assert.throws(() => transport.directory, { code: "internal" });
  });
});

test("toIssueError() names the name, and what a CAA record means", () => {
  const error = toIssueError({ type: "urn:ietf:params:acme:error:caa" }, { name: "a.test" });
  assert.equal(
    error.message,
    'Cannot get a certificate for "a.test" from the ACME server: a CAA record in DNS forbids it to sign for this name',
  );
  assert.ok(error.isDns);
});

test("readRetryAfter() reads seconds and dates", () => {
  const nowMs = Date.UTC(2030, 0, 1);
  assert.equal(readRetryAfter("7", nowMs), 7_000);
  assert.equal(readRetryAfter(new Date(nowMs + 5_000).toUTCString(), nowMs), 5_000);
  assert.equal(readRetryAfter(new Date(nowMs - 5_000).toUTCString(), nowMs), 0);
  assert.equal(readRetryAfter("soon", nowMs), undefined);
  assert.equal(readRetryAfter(null, nowMs), undefined);
});

test("signJws() makes what a verifier accepts", async () => {
  const keys = await crypto.subtle.generateKey(KEY, true, ["sign", "verify"]) as CryptoKeyPair;
  const jws = await signJws({ kid: "x" }, { a: 1 }, keys.privateKey);
  const signed = new Uint8Array(encodeText(`${jws.protected}.${jws.payload}`));
  const signature = fromBase64(jws.signature)!;
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  assert.ok(await crypto.subtle.verify(algorithm, keys.publicKey, signature, signed));
});

/** @module */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { X509Certificate } from "node:crypto";
import {
  Challenges,
  type ChallengesOptions,
} from "../../../../lib/edge/certificates/challenges.ts";
import type { RunOptions } from "../../../../lib/runtime/host.ts";
import { test } from "../../../harness.ts";

const proof = { name: "a.test", token: "tok", keyAuthorization: "tok.print" } as const;

function make(more: Partial<ChallengesOptions> = {}): Challenges {
  return new Challenges({
    host: { run: () => Promise.resolve({ code: 0, output: "" }) },
    dns: undefined,
    wait: () => Promise.resolve(),
    nowMs: () => Date.UTC(2030, 0, 1),
    ...more,
  });
}

test("Challenges.httpAnswer() answers tokens in flight, and leaves all others to who they belong to", async () => {
  const challenges = make();
  const path = "/.well-known/acme-challenge/tok";
  assert.equal(challenges.httpAnswer(path), undefined);
  const remove = await challenges.present({ ...proof, type: "http-01" });
  assert.equal(challenges.httpAnswer(path), "tok.print");
  assert.equal(challenges.httpAnswer(`${path}2`), undefined);
  assert.equal(challenges.httpAnswer("/tok"), undefined);
  await remove();
  assert.equal(challenges.httpAnswer(path), undefined);
});

test("Challenges.tlsAnswer() has the digest in a critical extension, for that name alone", async () => {
  const challenges = make();
  const remove = await challenges.present({ ...proof, type: "tls-alpn-01" });
  const leaf = new X509Certificate(challenges.tlsAnswer("a.test")!.chainPem);
  assert.equal(leaf.subjectAltName, "DNS:a.test");
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("tok.print"));
  const raw = leaf.raw.toString("hex");
  // OID 1.3.6.1.5.5.7.1.31, critical TRUE, an OCTET STRING in an OCTET STRING.
  assert.ok(
    raw.includes(`06082b0601050507011f0101ff04220420${Buffer.from(digest).toString("hex")}`),
  );
  assert.equal(challenges.tlsAnswer("b.test"), undefined);
  await remove();
  assert.equal(challenges.tlsAnswer("a.test"), undefined);
});

test("Challenges.present() runs the command for DNS, and waits for the record to spread", async () => {
  const runs: { program: string; args: readonly string[]; options: RunOptions }[] = [];
  const waits: number[] = [];
  const challenges = make({
    host: {
      run(program, args, options) {
        runs.push({ program, args, options });
        return Promise.resolve({ code: 0, output: "" });
      },
    },
    dns: { command: ["hook", "--zone", "x"], timeoutMs: 9, waitMs: 70 },
    wait: (delayMs) => Promise.resolve(void waits.push(delayMs)),
  });
  const remove = await challenges.present({ ...proof, type: "dns-01" });
  await remove();
  assert.deepEqual(waits, [70]);
  assert.deepEqual(runs.map(({ options }) => options.env?.SALLYPORT_DNS_ACTION), [
    "present",
    "cleanup",
  ]);
  const [{ program, args, options }] = runs;
  assert.deepEqual([program, ...args], ["hook", "--zone", "x"]);
  assert.equal(options.env?.SALLYPORT_DNS_NAME, "_acme-challenge.a.test");
  assert.equal(options.env?.SALLYPORT_DNS_DOMAIN, "a.test");
  assert.match(options.env?.SALLYPORT_DNS_VALUE ?? "", /^[\w-]{43}$/);
});

test("Challenges.present() says what the command said when it fails", async () => {
  const challenges = make({
    host: { run: () => Promise.resolve({ code: 4, output: "no such zone\n" }) },
    dns: { command: ["hook"], timeoutMs: 9, waitMs: 0 },
  });
  await assert.rejects(challenges.present({ ...proof, type: "dns-01" }), {
    code: "io_failed",
    message:
      'Cannot set the DNS record "_acme-challenge.a.test": "hook" ended with code 4 and said "no such zone"',
  });
});

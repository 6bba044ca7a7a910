/** @module */
import assert from "node:assert/strict";
import { fromBase64 } from "../../../../lib/base/base64.ts";
import { decodeText } from "../../../../lib/base/bytes.ts";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { silentLogger } from "../../../../lib/base/log.ts";
import {
  AcmeIssuer,
  type AcmeIssuerOptions,
  type KeptAccount,
} from "../../../../lib/edge/certificates/acme_issuer.ts";
import {
  type AcmeTransport,
  type SignedRequest,
  type signJws,
  toIssueError,
} from "../../../../lib/edge/certificates/acme_transport.ts";
import type { Proof } from "../../../../lib/edge/certificates/challenges.ts";
import { readLeaf } from "../../../../lib/edge/certificates/x509.ts";
import { makeCa } from "../../../fakes/certs.ts";
import { test } from "../../../harness.ts";

const U = "https://ca.test";

/** An ACME server as the issuer sees it. */
class FakeServer {
  readonly asked: { readonly path: string; readonly request: SignedRequest }[] = [];
  readonly proofs: string[] = [];
  readonly shelf: { kept: KeptAccount | undefined } = { kept: undefined };
  authorization = "pending";
  offered = ["http-01", "dns-01"];
  problem: { readonly type: string; readonly detail: string } | undefined;
  knowsAccount = true;
  meta: Record<string, unknown> = {};
  chainPem = "";
  window: unknown;
  #order = "pending";

  issuer(more: Partial<AcmeIssuerOptions> = {}): AcmeIssuer {
    const directory = {
      newNonce: `${U}/nonce`,
      newAccount: `${U}/account`,
      newOrder: `${U}/order`,
      renewalInfo: `${U}/renewal`,
      meta: this.meta,
    };
    const transport = {
      directory,
      open: () => Promise.resolve(directory),
      get: (url: string) => {
        this.asked.push({ path: url.slice(U.length), request: {} as SignedRequest });
        return Promise.resolve(Response.json({ suggestedWindow: this.window }));
      },
      jwsFetch: (url: string, request: SignedRequest) => {
        this.asked.push({ path: url.slice(U.length), request });
        return Promise.resolve().then(() => this.#answer(url.slice(U.length)));
      },
    };
    return new AcmeIssuer({
      transport: transport as unknown as AcmeTransport,
      clock: new FakeClock(),
      logger: silentLogger,
      shelf: {
        load: () => Promise.resolve(this.shelf.kept),
        save: (account) => Promise.resolve(void (this.shelf.kept = account)),
      },
      challenges: {
        present: (proof: Proof) => {
          this.proofs.push(`+${proof.type} ${proof.name} ${proof.keyAuthorization.split(".")[0]}`);
          return Promise.resolve(() =>
            Promise.resolve(void this.proofs.push(`-${proof.type} ${proof.name}`))
          );
        },
      },
      ways: ["http-01", "dns-01"],
      email: "a@b.test",
      agreeTerms: true,
      externalAccount: undefined,
      ...more,
    });
  }

  #answer(path: string): Response {
    const location = { headers: { location: `${U}/accounts/1` } };
    if (path === "/account") return Response.json({}, location);
    if (!this.knowsAccount) {
      this.knowsAccount = true;
      throw toIssueError({ type: "urn:ietf:params:acme:error:accountDoesNotExist" });
    }
    const order = {
      status: this.#order,
      finalize: `${U}/finalize`,
      certificate: `${U}/certificate`,
      authorizations: [`${U}/authz`],
      identifiers: [{ type: "dns", value: "a.test" }],
    };
    if (path === "/order") {
      this.#order = this.authorization === "valid" ? "ready" : "pending";
      return Response.json(order, { headers: { location: `${U}/orders/1` } });
    }
    if (path === "/orders/1") return Response.json(order);
    if (path === "/authz") {
      return Response.json({
        status: this.authorization,
        identifier: { type: "dns", value: "a.test" },
        challenges: this.offered.map((type) => ({
          type,
          token: `token-${type}`,
          url: `${U}/challenge/${type}`,
          ...(this.authorization === "invalid" ? { error: this.problem } : {}),
        })),
      });
    }
    if (path.startsWith("/challenge/")) {
      this.authorization = this.problem ? "invalid" : "valid";
      if (!this.problem) this.#order = "ready";
    }
    if (path === "/finalize") this.#order = "valid";
    if (path === "/certificate") return new Response(this.chainPem);
    return Response.json({});
  }

  count(path: string): number {
    return this.asked.filter((one) => one.path === path).length;
  }
}

function order(names = ["a.test"]) {
  return { names, keyType: "ecdsa" as const, signal: new AbortController().signal };
}

test("AcmeIssuer.issue() opens an account once, proves the name, and takes the proof away", async () => {
  const server = new FakeServer();
  server.chainPem = "CHAIN";
  const issuer = server.issuer();
  const signed = await issuer.issue(order());
  assert.equal(signed.chainPem, "CHAIN");
  assert.match(signed.keyPem, /BEGIN PRIVATE KEY/);
  assert.deepEqual(server.proofs, ["+http-01 a.test token-http-01", "-http-01 a.test"]);
  await issuer.issue(order());
  assert.equal(server.count("/account"), 1);
  assert.equal(server.shelf.kept?.url, `${U}/accounts/1`);
  // The name was proved: it is not proved again.
  assert.equal(server.proofs.length, 2);
  // A restart opens no other account.
  await server.issuer().issue(order());
  assert.equal(server.count("/account"), 1);
  // Another address is told to the server.
  await server.issuer({ email: "c@d.test" }).issue(order());
  const told = server.asked.find(({ path }) => path === "/accounts/1");
  assert.deepEqual(told?.request.payload, { contact: ["mailto:c@d.test"] });
});

test("AcmeIssuer.issue() gives the reason of the server, and takes the proof away", async () => {
  const server = new FakeServer();
  server.problem = { type: "urn:ietf:params:acme:error:caa", detail: "CAA says no" };
  await assert.rejects(server.issuer().issue(order()), { kind: "caa", code: "refused" });
  assert.equal(server.proofs.at(-1), "-http-01 a.test");
});

test("AcmeIssuer.issue() says when no way to prove a name is left", async () => {
  const server = new FakeServer();
  server.offered = ["dns-01"];
  await assert.rejects(server.issuer({ ways: ["http-01"] }).issue(order()), {
    kind: "challenge",
    message:
      'Cannot prove "a.test" to the ACME server: it accepts dns-01, and this edge can do http-01',
  });
});

test("AcmeIssuer.issue() opens the account anew when the server has lost it, with the same key", async () => {
  const server = new FakeServer();
  const issuer = server.issuer();
  await issuer.issue(order());
  const { key } = server.shelf.kept!;
  server.knowsAccount = false;
  await issuer.issue(order());
  assert.equal(server.count("/account"), 2);
  assert.equal(server.shelf.kept?.key.x, key.x);
});

test("AcmeIssuer.issue() agrees to terms only when the operator does, and names external accounts", async () => {
  const server = new FakeServer();
  server.meta = { termsOfService: "https://ca.test/terms" };
  await assert.rejects(server.issuer({ agreeTerms: false }).issue(order()), /ca\.test\/terms/);
  server.meta = { externalAccountRequired: true };
  await assert.rejects(server.issuer().issue(order()), { kind: "externalAccountRequired" });
  const hmacKey = "A".repeat(43);
  await server.issuer({ externalAccount: { keyId: "kid", hmacKey } }).issue(order());
  const payload = server.asked.find(({ path }) => path === "/account")!.request.payload as {
    readonly externalAccountBinding: Awaited<ReturnType<typeof signJws>>;
  };
  const binding = payload.externalAccountBinding;
  assert.deepEqual(JSON.parse(decodeText(fromBase64(binding.protected)!)), {
    alg: "HS256",
    kid: "kid",
    url: `${U}/account`,
  });
});

test("AcmeIssuer.renewalWindow() asks by key identifier and number (RFC 9773)", async () => {
  const server = new FakeServer();
  server.window = { start: "2030-01-01T00:00:00Z", end: "2030-01-02T00:00:00Z" };
  const { chainPem } = await (await makeCa()).leaf(["a.test"]);
  assert.deepEqual(await server.issuer().renewalWindow(chainPem), {
    startMs: Date.UTC(2030, 0, 1),
    endMs: Date.UTC(2030, 0, 2),
  });
  const { authorityKeyId, serial } = await readLeaf(chainPem);
  const [keyPart, serialPart] = server.asked[0].path.slice("/renewal/".length).split(".");
  const hex = (text: string) =>
    [...fromBase64(text)!].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  assert.equal(hex(keyPart), authorityKeyId);
  assert.equal(hex(serialPart), serial);
  server.window = undefined;
  assert.equal(await server.issuer().renewalWindow(chainPem), undefined);
});

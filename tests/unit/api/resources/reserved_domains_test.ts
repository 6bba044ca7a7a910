import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import {
  EXAMPLE_CERTIFICATE,
  EXAMPLE_KEY,
} from "../../../../lib/api/resources/certificate_examples.ts";
import { BASE, DOMAIN, liveEndpoint, withApi } from "../kit.ts";
import { assertRefused, journey, longTexts } from "./journey.ts";

const path = "/reserved_domains";
const policy = { authority: "letsencrypt", private_key_type: "rsa" };
const certificate = { certificate_pem: EXAMPLE_CERTIFICATE, private_key_pem: EXAMPLE_KEY };

test("reserved_domains: created, read, listed, changed, deleted", async () => {
  await withApi((stage) =>
    journey(stage, {
      path,
      prefix: "rd",
      event: "domain",
      create: { domain: `Shop.${DOMAIN}`, region: "us", description: "the shop" },
      created: {
        domain: `shop.${DOMAIN}`,
        region: "us",
        cname_target: null,
        certificate: null,
        certificate_management_policy: null,
        certificate_management_status: null,
        acme_challenge_cname_target: null,
        is_dev: false,
      },
      update: { resolves_to: [{ value: "eu" }] },
      updated: { resolves_to: [{ value: "eu" }], description: "the shop" },
    })
  );
});

test("reserved_domains: other domains get CNAME targets, wildcards one for ACME too", async () => {
  await withApi(async ({ caller }) => {
    const custom = await caller.make(path, { domain: "shop.example.com" });
    assert.equal(custom.cname_target, `cname.${DOMAIN}`);
    assert.equal(custom.acme_challenge_cname_target, null);
    const wildcard = await caller.make(path, {
      domain: "*.example.org",
      certificate_management_policy: policy,
    });
    assert.match(
      wildcard.acme_challenge_cname_target,
      /^[0-9a-z]{27}\.acme\.tunnels\.example\.net$/,
    );
    assert.deepEqual(wildcard.certificate_management_policy, policy);
    assert.deepEqual(wildcard.certificate_management_status, {
      renews_at: null,
      provisioning_job: null,
    });
    const idn = await caller.make(path, { domain: "bücher.example.com" });
    assert.equal(idn.domain, "xn--bcher-kva.example.com");
  });
});

test("reserved_domains: a certificate is attached, and detached again", async () => {
  await withApi(async ({ caller, changes }) => {
    const { id } = await caller.make("/tls_certificates", certificate);
    const made = await caller.make(path, { domain: "shop.example.com", certificate_id: id });
    const certificateRef = { id, uri: `${BASE}/tls_certificates/${id}` };
    assert.deepEqual(made.certificate, certificateRef);
    const one = `${path}/${made.id}`;
    const inUse = await caller.delete(`/tls_certificates/${id}`);
    assert.equal(inUse.status, 409);
    assert.match(inUse.body.msg, /shop\.example\.com/);
    assert.equal((await caller.delete(`${one}/certificate`)).status, 204);
    assert.equal((await caller.get(one)).body.certificate, null);
    assert.equal((await caller.delete(`${one}/certificate`)).status, 204);
    await caller.patch(one, { certificate_id: id });
    // A policy takes the place of a certificate, and the other way round.
    const managed = (await caller.patch(one, { certificate_management_policy: {} })).body;
    assert.equal(managed.certificate, null);
    assert.deepEqual(managed.certificate_management_policy, {
      authority: "letsencrypt",
      private_key_type: "ecdsa",
    });
    await assertRefused(caller, [
      ["managed", "DELETE", `${one}/certificate`, undefined, 436, 409],
    ]);
    assert.equal((await caller.delete(`${one}/certificate_management_policy`)).status, 204);
    assert.equal((await caller.get(one)).body.certificate_management_policy, null);
    assert.equal((await caller.delete(`/tls_certificates/${id}`)).status, 204);
    assert.ok(changes.filter(({ verb, id }) => verb === "updated" && id === made.id).length >= 3);
  });
});

test("reserved_domains: old clients may detach what has ended", async () => {
  await withApi(async ({ caller }) => {
    const { id } = await caller.make(path, { domain: "a.example.com" });
    for (const part of ["http_endpoint_configuration", "https_endpoint_configuration"]) {
      assert.equal((await caller.delete(`${path}/${id}/${part}`)).status, 204);
      await assertRefused(caller, [
        ["nobody's", "DELETE", `${path}/rd_none/${part}`, undefined, undefined, 404],
      ]);
    }
  });
});

test("reserved_domains: names that cannot be had are refused with their numbers", async () => {
  await withApi(async ({ caller }) => {
    const cases: readonly (readonly [string, number])[] = [
      ["a.*.example.com", 402],
      ["*.*.example.com", 402],
      ["*x.example.com", 403],
      ["a$b.example.com", 406],
      ["", 406],
      ["192.0.2.1", 406],
      ["-a.example.com", 407],
      ["a-.example.com", 408],
      ["a..example.com", 409],
      ["ab--c.example.com", 410],
      ["shop.local", 411],
      ["shop.internal", 411],
      [DOMAIN, 416],
      [`*.${DOMAIN}`, 416],
      ["xn--a.example.com", 429],
      ["a_b.example.com", 438],
      ["shop", 448],
      [`connect.${DOMAIN}`, 450],
      [`api.${DOMAIN}`, 450],
      [`x.api.${DOMAIN}`, 450],
      [`${"a".repeat(64)}.example.com`, 513],
      [`${"a.".repeat(125)}example.com`, 514],
    ];
    await assertRefused(
      caller,
      cases.map(([domain, code]) => [domain, "POST", path, { domain }, code, 400] as const),
    );
  });
});

test("reserved_domains: a name is its account's alone, with all below it", async () => {
  await withApi(async ({ caller, stranger, live }) => {
    const other = await stranger();
    await other.make(path, { domain: `shop.${DOMAIN}` });
    await other.make(path, { domain: "*.example.org" });
    await other.make(path, { domain: "deep.down.example.com" });
    live.all.endpoints.push(liveEndpoint(other.accountId, { url: `https://busy.${DOMAIN}` }));
    live.all.endpoints.push(liveEndpoint(caller.accountId, { url: `https://mine.${DOMAIN}` }));
    await caller.make(path, { domain: "own.example.com" });
    const post = (domain: string, code: number) =>
      [domain, "POST", path, { domain }, code, 409] as const;
    await assertRefused(caller, [
      post(`shop.${DOMAIN}`, 414),
      post(`x.shop.${DOMAIN}`, 414),
      post(`*.shop.${DOMAIN}`, 414),
      post("*.example.org", 414),
      post("a.example.org", 414),
      post("down.example.com", 417),
      post("*.down.example.com", 417),
      post("*.example.com", 417),
      post("own.example.com", 413),
      post("OWN.example.com.", 413),
      post(`busy.${DOMAIN}`, 430),
    ]);
    await caller.make(path, { domain: `mine.${DOMAIN}` });
    await caller.make(path, { domain: "below.own.example.com" });
  });
});

test("reserved_domains: refuses what else it must, with its numbers", async () => {
  await withApi(async ({ caller, stranger }) => {
    const { id: mine } = await caller.make("/tls_certificates", certificate);
    const { id: theirs } = await (await stranger()).make("/tls_certificates", certificate);
    const { id } = await caller.make(path, { domain: "a.example.com" });
    const one = `${path}/${id}`;
    const custom = { domain: "b.example.com" };
    const both = { certificate_id: mine, certificate_management_policy: policy };
    const managed = { domain: `b.${DOMAIN}` };
    const wrong = { authority: "zerossl", private_key_type: "rsa" };
    await assertRefused(caller, [
      ["no domain", "POST", path, {}, 215, 400],
      ["region", "POST", path, { ...custom, region: "moon" }, 400, 400],
      ["both", "POST", path, { ...custom, ...both }, 434, 400],
      ["both", "PATCH", one, both, 434, 400],
      ["authority", "POST", path, { ...custom, certificate_management_policy: wrong }, 435, 400],
      ["managed", "POST", path, { ...managed, certificate_management_policy: policy }, 439, 400],
      ["uploaded", "POST", path, { ...managed, certificate_id: mine }, 440, 400],
      ["not there", "PATCH", one, { certificate_id: "cert_1" }, 1965, 404],
      ["another's", "PATCH", one, { certificate_id: theirs }, 1965, 404],
      ["twice", "PATCH", one, { resolves_to: [{ value: "eu" }, { value: "eu" }] }, 456, 400],
      ["empty update", "PATCH", one, {}, 422, 400],
      ["domain in update", "PATCH", one, { domain: "c.example.com" }, 214, 400],
      ...longTexts(path, custom, 420, 421),
    ]);
    await caller.make("/endpoints", { url: "https://x.a.example.com", traffic_policy: "{}" });
    await assertRefused(caller, [["in use", "DELETE", one, undefined, 446, 409]]);
  });
  await withApi(async ({ caller }) => {
    await caller.make(path, { domain: "a.example.com" });
    const body = { domain: "b.example.com" };
    await assertRefused(caller, [["one too many", "POST", path, body, 415, 400]]);
  }, { limits: { maxObjects: 1 } });
});

test("reserved domains say how their certificate fares", async () => {
  await withApi(async ({ caller, live }) => {
    const policy = { authority: "letsencrypt", private_key_type: "ecdsa" };
    const made = await caller.make("/reserved_domains", {
      domain: "shop.example.com",
      certificate_management_policy: policy,
    });
    const trouble = {
      errorCode: "DNS_ERROR",
      message: "no address",
      startedAtMs: 0,
      retriesAtMs: 60_000,
    };
    live.certificateOf = (domain) => ({
      renewsAtMs: undefined,
      trouble: domain === "shop.example.com" ? trouble : undefined,
    });
    const { body } = await caller.get(`/reserved_domains/${made.id}`);
    assert.deepEqual(body.certificate_management_status, {
      renews_at: null,
      provisioning_job: {
        error_code: "DNS_ERROR",
        msg: "no address",
        started_at: "1970-01-01T00:00:00Z",
        retries_at: "1970-01-01T00:01:00Z",
      },
    });
  });
});

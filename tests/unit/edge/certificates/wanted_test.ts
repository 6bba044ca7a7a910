/** @module */
import assert from "node:assert/strict";
import {
  alwaysWanted,
  type WantedFacts,
  wantedFor,
} from "../../../../lib/edge/certificates/wanted.ts";
import { decisiveNames } from "../../../../lib/edge/reserved_names.ts";
import type { AgentIngressRow, ReservedDomainRow } from "../../../../lib/store/tables.ts";
import { test } from "../../../harness.ts";

interface Given extends Partial<WantedFacts> {
  readonly rows?: readonly Partial<ReservedDomainRow>[];
  readonly online?: Readonly<Record<string, string>>;
}

function facts({ rows = [], online = {}, ...more }: Given = {}): WantedFacts {
  const full = rows.map((row) => ({
    account_id: "ac_1",
    certificate_id: null,
    certificate_management_policy: null,
    ...row,
  })) as ReservedDomainRow[];
  return {
    domains: ["base.test"],
    hasDns: false,
    publicAgents: false,
    keyType: "ecdsa",
    isCovered: () => false,
    ownerOf: (name) =>
      decisiveNames(name).map((one) => full.find((row) => row.domain === one)).find((row) => row),
    reserved: () => full,
    endpointOf: (name) =>
      online[name] === undefined ? undefined : { host: name, accountId: online[name] },
    ...more,
  };
}

function names(name: string, given?: Given): string | undefined {
  return wantedFor(name, facts(given))?.names.join(" ");
}

test("wantedFor() wants the edge's own names, and with DNS a wildcard for all below", () => {
  assert.equal(names("base.test"), "base.test");
  assert.equal(names("api.base.test"), "api.base.test");
  assert.equal(names("connect.base.test"), undefined);
  assert.equal(names("connect.base.test", { publicAgents: true }), "connect.base.test");
  assert.equal(names("random.base.test"), undefined);
  const dns = { hasDns: true };
  assert.equal(names("random.base.test", dns), "base.test *.base.test");
  assert.equal(names("base.test", dns), "base.test *.base.test");
  assert.equal(names("a.b.base.test", dns), undefined);
  assert.equal(names("connect.base.test", dns), undefined);
});

test("wantedFor() wants nothing for names that nobody owns, however they are typed", () => {
  for (const name of ["stranger.test", "127.0.0.1", "::1", "localhost", "a.localhost", "x"]) {
    assert.equal(names(name, { online: { localhost: "ac_1" } }), undefined, name);
  }
});

test("wantedFor() wants a reserved name, for its account, with the key it asks for", () => {
  const rows = [{
    domain: "shop.base.test",
    certificate_management_policy: { authority: "letsencrypt", private_key_type: "rsa" },
  }];
  assert.deepEqual(wantedFor("shop.base.test", facts({ rows })), {
    names: ["shop.base.test"],
    accountId: "ac_1",
    keyType: "rsa",
  });
  // Nobody serves it: visitors' typing makes no order.
  assert.equal(names("a.shop.base.test", { rows }), undefined);
  const online = { "a.shop.base.test": "ac_1" };
  assert.equal(names("a.shop.base.test", { rows, online }), "a.shop.base.test");
  assert.equal(
    names("a.shop.base.test", { rows, online: { "a.shop.base.test": "ac_2" } }),
    undefined,
  );
  assert.equal(
    names("up.test", { rows: [{ domain: "up.test", certificate_id: "cert_1" }] }),
    undefined,
  );
});

test("wantedFor() wants a reserved wildcard with DNS alone", () => {
  const rows = [{ domain: "*.dev.test" }];
  assert.equal(names("a.dev.test", { rows }), undefined);
  assert.equal(names("a.dev.test", { rows, hasDns: true }), "*.dev.test");
  assert.equal(names("a.b.dev.test", { rows, hasDns: true }), undefined);
});

test("wantedFor() wants names of other domains while they are online, and not below a base domain", () => {
  const online = { "shop.test": "ac_2", "mine.base.test": "ac_2" };
  assert.deepEqual(wantedFor("shop.test", facts({ online })), {
    names: ["shop.test"],
    accountId: "ac_2",
    keyType: "ecdsa",
  });
  assert.equal(names("mine.base.test", { online }), undefined);
});

test("wantedFor() wants nothing that the operator has", () => {
  assert.equal(names("base.test", { isCovered: (name) => name === "base.test" }), undefined);
});

test("wantedFor() wants an agent ingress when its account orders it, and always then", () => {
  const policy = { authority: "letsencrypt", private_key_type: "rsa" };
  const rows = [
    { domain: "agents.acme.test", account_id: "ac_1", certificate_management_policy: policy },
    { domain: "plain.acme.test", account_id: "ac_1", certificate_management_policy: null },
  ] as AgentIngressRow[];
  const given: Given = {
    ingressOf: (name) => rows.find(({ domain }) => domain === name),
    ingresses: () => rows,
    // A name that the account has reserved as well.
    rows: [{ domain: "plain.acme.test" }],
  };
  const one = { names: ["agents.acme.test"], accountId: "ac_1", keyType: "rsa" };
  assert.deepEqual(wantedFor("agents.acme.test", facts(given)), one);
  assert.equal(names("plain.acme.test", given), undefined);
  const ordered = alwaysWanted(facts(given)).filter(({ accountId }) => accountId !== undefined);
  assert.deepEqual(ordered, [one]);
  const covered = { ...given, isCovered: (name: string) => name === "agents.acme.test" };
  assert.equal(names("agents.acme.test", covered), undefined);
  assert.equal(alwaysWanted(facts(covered)).some(({ accountId }) => accountId), false);
});

test("alwaysWanted() is the edge's own names and what accounts have ordered", () => {
  const policy = { authority: "letsencrypt", private_key_type: "ecdsa" };
  const rows = [
    { domain: "shop.test", certificate_management_policy: policy },
    { domain: "quiet.test" },
    { domain: "*.wild.test", certificate_management_policy: policy },
  ];
  const all = (given: Given) => alwaysWanted(facts(given)).map((one) => one.names[0]);
  assert.deepEqual(all({ rows }), ["base.test", "api.base.test", "shop.test"]);
  assert.deepEqual(all({ rows, hasDns: true, publicAgents: true }), [
    "base.test",
    "shop.test",
    "*.wild.test",
  ]);
  assert.deepEqual(all({ domains: ["localhost"] }), []);
});

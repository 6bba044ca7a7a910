/** @module */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { TunnelError } from "../../../lib/base/errors.ts";
import { checkName, decisiveNames, type ReservedName } from "../../../lib/edge/reserved_names.ts";
import { test } from "../../harness.ts";

const DOMAINS = ["example.com", "eu.example.com", "tunnels.net"];

/** The number of the refusal; 0 when the account may have the name. */
function codeOf(
  accountId: string,
  host: string,
  reserved: readonly ReservedName[],
  mustReserve = true,
): number {
  const names = new Set(decisiveNames(host));
  try {
    checkName(
      { accountId, host, domains: DOMAINS, mustReserve },
      // As the store does: only what was asked for.
      reserved.filter(({ domain }) => names.has(domain)),
    );
    return 0;
  } catch (thrown) {
    assert.ok(thrown instanceof TunnelError && thrown.code === "refused", String(thrown));
    return thrown.ngrokCode!;
  }
}

function reserve(account_id: string, ...domains: string[]): ReservedName[] {
  return domains.map((domain) => ({ account_id, domain }));
}

test("decisiveNames() goes from the name itself to ever wider ones", () => {
  assert.deepEqual(decisiveNames("*.b.example.com"), [
    "*.b.example.com",
    "b.example.com",
    "*.example.com",
    "example.com",
    "*.com",
    "com",
  ]);
  assert.deepEqual(decisiveNames("localhost"), ["localhost"]);
});

const TABLE: readonly [why: string, host: string, reserved: ReservedName[], code: number][] = [
  ["a free name under a base domain", "shop.example.com", [], 0],
  ["a free name under another base domain", "shop.tunnels.net", [], 0],
  ["a name under a base domain that is under another", "shop.eu.example.com", [], 0],
  ["one's own name", "shop.example.com", reserve("me", "shop.example.com"), 0],
  ["another's name", "shop.example.com", reserve("you", "shop.example.com"), 320],
  ["a name below another's", "a.b.shop.example.com", reserve("you", "shop.example.com"), 320],
  ["a name beside another's", "ashop.example.com", reserve("you", "shop.example.com"), 0],
  [
    "a name under another's wildcard",
    "a.dev.example.com",
    reserve("you", "*.dev.example.com"),
    320,
  ],
  [
    "deep under another's wildcard",
    "a.b.dev.example.com",
    reserve("you", "*.dev.example.com"),
    320,
  ],
  ["the parent of another's wildcard", "dev.example.com", reserve("you", "*.dev.example.com"), 0],
  ["a wildcard under another's name", "*.dev.example.com", reserve("you", "dev.example.com"), 320],
  ["a nested name", "a.b.example.com", [], 354],
  ["a nested name below one's own", "a.b.example.com", reserve("me", "b.example.com"), 0],
  [
    "a nested name under one's own wildcard",
    "a.b.example.com",
    reserve("me", "*.b.example.com"),
    0,
  ],
  ["a wildcard that nobody reserved", "*.dev.example.com", [], 318],
  ["one's own wildcard", "*.dev.example.com", reserve("me", "*.dev.example.com"), 0],
  ["a wildcard below one's own", "*.a.dev.example.com", reserve("me", "*.dev.example.com"), 321],
  [
    "a wildcard of one's own plain name",
    "*.dev.example.com",
    reserve("me", "dev.example.com"),
    321,
  ],
  ["a name of another domain", "shop.org", [], 319],
  ["one's own name of another domain", "shop.org", reserve("me", "shop.org"), 0],
  ["a name below one's own other domain", "a.b.shop.org", reserve("me", "shop.org"), 0],
  ["a name under one's own other wildcard", "a.b.shop.org", reserve("me", "*.shop.org"), 0],
  ["a base domain itself", "example.com", [], 320],
];

for (const [why, host, reserved, code] of TABLE) {
  test(`checkName() answers ${why} (${host}) with ${code}`, () => {
    assert.equal(codeOf("me", host, reserved), code);
  });
}

test("checkName() lets the most specific reservation decide", () => {
  const reserved = [...reserve("you", "*.example.com"), ...reserve("me", "a.example.com")];
  assert.equal(codeOf("me", "a.example.com", reserved), 0);
  assert.equal(codeOf("me", "x.a.example.com", reserved), 0);
  assert.equal(codeOf("me", "b.example.com", reserved), 320);
  assert.equal(codeOf("you", "a.example.com", reserved), 320);
  assert.equal(codeOf("you", "b.example.com", reserved), 0);
});

test("checkName() refuses only what is another's where nothing must be reserved", () => {
  for (const [why, host, reserved, code] of TABLE) {
    const isOthers = reserved.some((row) => row.account_id === "you") && code === 320;
    assert.equal(codeOf("me", host, reserved, false), isOthers ? 320 : 0, why);
  }
});

test("checkName() never gives two accounts one name, whatever each has reserved", () => {
  const label = fc.constantFrom("a", "b", "c");
  const name = fc.tuple(
    fc.boolean(),
    fc.array(label, { minLength: 1, maxLength: 3 }),
    fc.constantFrom("example.com", "shop.org"),
  ).map(([isWild, labels, domain]) => `${isWild ? "*." : ""}${labels.join(".")}.${domain}`);
  const reservations = fc.uniqueArray(
    fc.record({ account_id: fc.constantFrom("me", "you"), domain: name }),
    { selector: (row) => row.domain, maxLength: 8 },
  );
  fc.assert(
    fc.property(reservations, name, (reserved, host) => {
      const owner = decisiveNames(host)
        .map((one) => reserved.find(({ domain }) => domain === one)).find((row) => row);
      const [mine, yours] = ["me", "you"].map((account) => codeOf(account, host, reserved, false));
      // Both may have what nobody reserved: who is first. What is reserved has one possible holder.
      if (!owner) assert.deepEqual([mine, yours], [0, 0]);
      else assert.deepEqual([mine, yours], owner.account_id === "me" ? [0, 320] : [320, 0]);
    }),
  );
});

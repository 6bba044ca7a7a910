import assert from "node:assert/strict";
import { isManaged, readDomain } from "../../../lib/api/domain_name.ts";
import { test } from "../../harness.ts";

const DOMAINS = ["example.net", "localhost"];

test("readDomain() gives the one spelling", () => {
  assert.equal(readDomain("Shop.Example.NET.", DOMAINS), "shop.example.net");
  assert.equal(readDomain("*.shop.example.net", DOMAINS), "*.shop.example.net");
  assert.equal(readDomain("*.Example.org", DOMAINS), "*.example.org");
  assert.equal(readDomain("shop.localhost", DOMAINS), "shop.localhost");
});

test("readDomain() refuses with the numbers of reservations", () => {
  const cases = [
    ["a.*.example.org", 402],
    ["*a.example.org", 403],
    ["a b.example.org", 406],
    ["example.net", 416],
    ["*.localhost", 416],
    ["connect.example.net", 450],
    ["shop.onion", 411],
    ["shop", 448],
  ] as const;
  for (const [name, ngrokCode] of cases) {
    assert.throws(() => readDomain(name, DOMAINS), { ngrokCode, status: 400 }, name);
  }
  assert.throws(
    () => readDomain("a_b.example.org", DOMAINS),
    /Cannot reserve "a_b\.example\.org": an/,
  );
});

test("isManaged() is about the edge's own domains", () => {
  for (const name of ["example.net", "a.b.example.net", "*.example.net", "x.localhost"]) {
    assert.ok(isManaged(name, DOMAINS), name);
  }
  for (const name of ["example.org", "xexample.net", "net"]) assert.ok(!isManaged(name, DOMAINS));
});

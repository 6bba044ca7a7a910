/** @module */
import assert from "node:assert/strict";
import {
  fieldsOf,
  hmacProvider,
  timeThenBody,
} from "../../../../../lib/policy/actions/webhooks/hmac_rule.ts";
import { test } from "../../../../harness.ts";
import { BODY, mac, messageOf, NOW_S, SECRET } from "./sending.ts";

const TOOLS = { keys: new Map<string, Uint8Array>() };

test("hmacProvider() says what is missing, never what was expected", async () => {
  const provider = hmacProvider({
    id: "x",
    title: "X",
    headers: ["X-Sig"],
    digest: "SHA-256",
    encoding: "hex",
    time: { header: "X-Time", unit: "s" },
    signed: timeThenBody("", "."),
  });
  const reason = async (headers: Record<string, string>) => {
    const verdict = await provider.verify(messageOf({ headers }), SECRET, TOOLS);
    return verdict.verified ? "" : verdict.reason;
  };
  const good = mac("sha256", "hex", `${NOW_S}.${BODY}`);
  assert.equal(await reason({ "X-Sig": good, "X-Time": NOW_S }), "");
  assert.equal(await reason({ "X-Time": NOW_S }), "it has no usable X-Sig header");
  assert.equal(
    await reason({ "X-Sig": "no hex", "X-Time": NOW_S }),
    "it has no usable X-Sig header",
  );
  assert.equal(await reason({ "X-Sig": good }), "its signature has no timestamp");
  assert.equal(await reason({ "X-Sig": good, "X-Time": "soon" }), "its timestamp is no time");
  assert.equal(await reason({ "X-Sig": good, "X-Time": "-1" }), "its timestamp is no time");
  assert.equal(
    await reason({ "X-Sig": mac("sha256", "hex", "x"), "X-Time": NOW_S }),
    "its signature does not match",
  );
});

test("hmacProvider() looks at a few signatures only, however many are sent", async () => {
  const provider = hmacProvider({
    id: "x",
    title: "X",
    headers: ["X-Sig"],
    digest: "SHA-256",
    encoding: "hex",
  });
  const good = mac("sha256", "hex", BODY);
  const bad = mac("sha256", "hex", "other");
  const list = (count: number) => [...Array(count).fill(bad), good].join(",");
  const genuine = async (value: string) =>
    (await provider.verify(messageOf({ headers: { "X-Sig": value } }), SECRET, TOOLS)).verified;
  assert.equal(await genuine(list(3)), true);
  assert.equal(await genuine(list(8)), false);
});

test("fieldsOf() splits a list of fields, and keeps what comes twice", () => {
  assert.deepEqual(fieldsOf("t=1, v1=a==,v1=b,x"), [["t", "1"], ["v1", "a=="], ["v1", "b"], [
    "x",
    "",
  ]]);
});

/** @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import { allowsAddress, allowsHost, allowsLabel, checkRule } from "../../../../lib/edge/acl.ts";
import {
  allowsEverything,
  describeRule,
  draftOf,
  RULE_KINDS,
  type RuleKind,
  ruleOf,
} from "../../../../lib/ui/admin/acl_rules.ts";
import { test } from "../../../harness.ts";

test("ruleOf() makes rules of what people type", () => {
  const cases: [RuleKind, string, string][] = [
    ["name", "App.example.com ", "bind:app.example.com"],
    ["name", "bind:app.example.com", "bind:app.example.com"],
    ["below", "dev.example.com", "bind:*.dev.example.com"],
    ["below", "*.dev.example.com", "bind:*.dev.example.com"],
    ["address", "example.com:20001", "bind:example.com:20001"],
    ["label", "team=Web", "bind:team=Web"],
    ["label", "app=*", "bind:app=*"],
  ];
  for (const [kind, text, rule] of cases) assert.deepEqual(ruleOf({ kind, text }), { rule });
});

test("ruleOf() says what is wrong with the rest", () => {
  const cases: [RuleKind, string][] = [
    ["name", ""],
    ["name", "  "],
    ["name", "a name"],
    ["name", "https://app.example.com"],
    ["name", "app.example.com:443"],
    ["name", ".example.com"],
    ["below", "*.*.example.com"],
    ["address", "example.com"],
    ["address", "example.com:0"],
    ["address", "example.com:65536"],
    ["label", "team"],
    ["label", "a b=c"],
    ["label", "a=b=c"],
  ];
  for (const [kind, text] of cases) {
    assert.ok(ruleOf({ kind, text }).problem, `${kind} "${text}"`);
  }
});

test("ruleOf() makes no rule that the edge would refuse, and every example works", () => {
  for (const { kind, example } of RULE_KINDS) checkRule(ruleOf({ kind, text: example }).rule!);
  const kinds = fc.constantFrom(...RULE_KINDS.map(({ kind }) => kind));
  const texts = fc.oneof(fc.string(), fc.domain(), fc.stringMatching(/^[a-z.*=:0-9 -]{0,20}$/));
  fc.assert(
    fc.property(kinds, texts, (kind, text) => {
      const { rule } = ruleOf({ kind, text });
      if (rule === undefined) return;
      checkRule(rule);
      assert.deepEqual(ruleOf(draftOf(rule, 0)), { rule }, "a rule survives being edited");
    }),
  );
});

test("ruleOf() makes rules that mean what their words say", () => {
  const acl = (kind: RuleKind, text: string) => [ruleOf({ kind, text }).rule!];
  assert.equal(allowsHost(acl("name", "a.example.com"), "a.example.com"), true);
  assert.equal(allowsHost(acl("name", "a.example.com"), "b.a.example.com"), false);
  assert.equal(allowsHost(acl("below", "example.com"), "b.a.example.com"), true);
  assert.equal(allowsHost(acl("below", "example.com"), "example.com"), false);
  assert.equal(allowsAddress(acl("address", "example.com:20001"), "example.com", 20001), true);
  assert.equal(allowsLabel(acl("label", "team=*"), "team", "web"), true);
});

test("describeRule() and allowsEverything() read what the API sends", () => {
  assert.equal(describeRule("bind:*"), "everything");
  assert.equal(describeRule("*"), "everything");
  assert.equal(describeRule("bind:*.a.example"), "*.a.example");
  assert.equal(describeRule("bind:example.com:20001"), "tcp example.com:20001");
  assert.equal(describeRule("bind:team=web"), "team=web");
  assert.equal(describeRule("bind:a.example"), "a.example");
  for (const acl of [undefined, null, [], ["bind:*"], ["bind:a", "*"]]) {
    assert.equal(allowsEverything(acl), true);
  }
  assert.equal(allowsEverything(["bind:a"]), false);
});

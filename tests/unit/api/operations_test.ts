import assert from "node:assert/strict";
import { apiOperations, listParams } from "../../../lib/api/operations.ts";
import { RESOURCES } from "../../../lib/api/resources/mod.ts";
import { test } from "../../harness.ts";

function find(command: string, verb: string) {
  return apiOperations().find((one) => one.command === command && one.verb === verb)!;
}

test("apiOperations() has every operation, each under a command of its own", () => {
  const all = apiOperations();
  assert.equal(all.length, RESOURCES.flatMap(({ operations }) => operations).length);
  assert.equal(new Set(all.map(({ command, verb }) => `${command} ${verb}`)).size, all.length);
  for (const { command, verb } of all) {
    assert.match(command, /^[a-z]+(-[a-z]+)*$/);
    assert.match(verb, /^[a-z]+(-[a-z]+)*$/);
  }
  assert.deepEqual(find("secrets", "create").resource, "vault_secrets");
  assert.equal(find("reserved-domains", "delete-certificate").method, "DELETE");
  assert.ok(find("endpoints", "list").isList && !find("event-sources", "list").isList);
  assert.ok(!find("endpoints", "delete").hasAnswer);
});

test("apiOperations() says where each parameter goes, what it takes, and what it is for", () => {
  for (const { command, verb, params, path } of apiOperations()) {
    for (const { name, doc, in: place } of params) {
      assert.ok(doc.length > 0, `${command} ${verb} ${name}`);
      assert.equal(place === "path", path.includes(`{${name}}`), name);
    }
  }
  const create = Object.fromEntries(
    find("reserved-domains", "create").params.map((param) => [param.name, param]),
  );
  assert.deepEqual([create.domain.required, create.domain.type], [true, "string"]);
  assert.deepEqual(create["certificate_management_policy.private_key_type"].values, [
    "ecdsa",
    "rsa",
  ]);
  assert.equal(create["certificate_management_policy.authority"].required, false);
  assert.equal(create.resolves_to.type, "json");
  const rule = find("ip-policy-rules", "create").params;
  assert.deepEqual(rule.filter(({ required }) => required).map(({ name }) => name), [
    "cidr",
    "ip_policy_id",
    "action",
  ]);
  const types = Object.fromEntries(
    find("credentials", "create").params.map((param) => [
      param.name,
      param.type,
    ]),
  );
  assert.equal(types.acl, "string-list");
  assert.equal(find("service-users", "update").params.at(-1)!.type, "boolean");
  const target = find("event-destinations", "create").params.map(({ name, type }) => [name, type]);
  assert.ok(target.some(([name]) => name === "target.http.url"));
  assert.deepEqual(target.find(([name]) => name === "target.http.headers")?.[1], "json");
  assert.deepEqual(target.find(([name]) => name === "target.stdout")?.[1], "json");
});

test("listParams() names what a list takes", () => {
  const params = find("vaults", "list").params;
  assert.deepEqual(params.map(({ name }) => name), ["before_id", "limit", "filter"]);
  assert.match(params[2].doc, /obj\.name/);
  assert.deepEqual(find("tunnels", "list").params.map(({ name }) => name), ["before_id", "limit"]);
  const [self] = RESOURCES.filter(({ name }) => name === "self");
  assert.deepEqual(listParams(self.operations[0]), []);
});

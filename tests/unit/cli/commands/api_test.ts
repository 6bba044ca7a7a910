import assert from "node:assert/strict";
import { apiOperations } from "../../../../lib/api/operations.ts";
import { ABSENT_FLAGS, ABSENT_RESOURCES } from "../../../../lib/cli/api_absent.ts";
import { apiCommand, apiCommands } from "../../../../lib/cli/commands/api.ts";
import { test } from "../../../harness.ts";

test("S52 apiCommands() has a command for each operation, and an id where one is named", () => {
  const commands = apiCommands(apiOperations());
  const leaves = commands.flatMap((group) => group.commands ?? []);
  // One thing under two names: who asks is "self get" and "root self".
  assert.equal(leaves.length, apiOperations().length + 1);
  const get = leaves.find(({ name }) => name === "api tunnel-sessions stop");
  assert.equal(get?.argument?.name, "id");
  const source = leaves.find(({ name }) => name === "api event-sources get");
  assert.equal(source?.argument, undefined);
  assert.ok(source?.flags.some(({ name }) => name === "subscription-id"));
  assert.ok(leaves.some(({ name }) => name === "api root get"));
});

test("S8 apiCommand knows its commands only when asked", async () => {
  assert.equal(apiCommand.commands, undefined);
  assert.ok((await apiCommand.load!()).length > 20);
});

/** What the command line of ngrok has of what an edge of one's own can have, name for name. */
const OF_NGROK: Readonly<Record<string, string>> = {
  "agent-ingresses": "create delete get list update",
  "api-keys": "create delete get list update",
  "bot-users": "create delete get list update",
  "certificate-authorities": "create delete get list update",
  "credentials": "create delete get list update",
  "endpoints": "create delete get list update",
  "event-destinations": "create delete get list send-test-event update",
  "event-sources": "create delete get list update",
  "event-subscriptions": "create delete get list update",
  "ip-policies": "create delete get list update",
  "ip-policy-rules": "create delete get list update",
  "ip-restrictions": "create delete get list update",
  "reserved-addrs": "create delete delete-endpoint-config get list update",
  "reserved-domains":
    "create delete delete-certificate delete-certificate-management-policy delete-http-endpoint-config delete-https-endpoint-config get list update",
  "root": "get self",
  "secrets": "create delete get list update",
  "service-users": "create delete get list update",
  "tls-certificates": "create delete get list update",
  "tunnel-sessions": "get list restart stop update",
  "tunnels": "get list",
  "vaults": "create delete get get-secrets-by-vault list update",
};

test("S52 apiCommands() has the words of ngrok's tree, or says for each why not", () => {
  const groups = apiCommands(apiOperations());
  const wordsOf = (name: string) =>
    (groups.find((group) => group.name === `api ${name}`)?.commands ?? [])
      .map((leaf) => leaf.name.split(" ")[2]).sort().join(" ");
  for (const [name, words] of Object.entries(OF_NGROK)) assert.equal(wordsOf(name), words, name);
  for (const name of Object.keys(ABSENT_RESOURCES)) assert.equal(wordsOf(name), "", name);
  // The 37 groups, none forgotten.
  assert.equal(Object.keys(OF_NGROK).length + Object.keys(ABSENT_RESOURCES).length, 37);
  const leaves = new Map(groups.flatMap(({ commands }) => commands!).map((one) => [one.name, one]));
  for (const [name, flags] of Object.entries(ABSENT_FLAGS)) {
    const leaf = leaves.get(`api ${name}`)!;
    assert.equal(leaf.absent, flags, name);
    for (const flag of Object.keys(flags)) {
      assert.ok(!leaf.flags.some((one) => `--${one.name}` === flag), `${name} ${flag}`);
    }
  }
});

/**
 * The commands below `sallyport edge`: for operators at the machine, on the data folder itself.
 *
 * @module
 */
import { type Command, defineCommand, defineFlag, defineGroup, type Flag } from "../command.ts";
import { certificatesCommand } from "./edge_certificates.ts";
import type { EdgeDeed, EdgeDeedInput } from "../edge_operate.ts";

/** Where the edge keeps its state. */
export const DATA_FLAG: Flag & { readonly name: "data" } = defineFlag({
  name: "data",
  value: "folder",
  summary: "where the edge keeps certificates, keys and accounts",
  fallback: "sallyport-data",
  env: ["SALLYPORT_EDGE_DATA"],
});

const ACCOUNT_FLAG: Flag = {
  name: "account",
  value: "account",
  summary: "whose, by name or id; without it the account the edge began with",
};
const DESCRIPTION_FLAG: Flag = {
  name: "description",
  value: "text",
  summary: "what it is for, for people",
};
const ACL_FLAG: Flag = {
  name: "acl",
  value: "rule",
  summary: "what agents may bind with it, such as bind:*.dev.example.com; all without a rule",
  repeats: true,
};

interface Line extends EdgeDeed {
  /** The last word of the command. */
  readonly word: string;
  readonly summary: string;
  /** What it says beyond that. */
  readonly more?: string;
  readonly argument?: string;
  readonly flags?: readonly Flag[];
}

function group(noun: string, summary: string, lines: readonly Line[]): Command {
  const commands = lines.map((line): Command => {
    const { word, argument, more, flags = [] } = line;
    const name = `edge ${noun} ${word}`;
    const isAccount = line.resource === "accounts";
    return {
      name,
      summary: line.summary,
      description: `${line.summary.charAt(0).toUpperCase()}${line.summary.slice(1)}. ${
        more ?? "The answer is JSON, as the API gives it."
      }`,
      examples: [{ line: argument ? `${name} <${argument}>` : name, does: line.summary }],
      ...argument
        ? {
          argument: { name: argument, missing: "say which", summary: `the ${argument}` },
        }
        : {},
      flags: [...flags, ...isAccount ? [] : [ACCOUNT_FLAG], DATA_FLAG],
      async run(cli, input) {
        const { operate } = await import("../edge_operate.ts");
        return await operate(cli, line, input as EdgeDeedInput);
      },
    };
  });
  return defineGroup({
    name: `edge ${noun}`,
    summary,
    description:
      "Works on the data folder of the edge, whether or not it is running; a running edge follows within a second.",
    examples: [commands[0].examples[0]],
    commands,
  });
}

function credentials(noun: string, resource: string, what: string, flags: readonly Flag[]) {
  return group(noun, `list, create and revoke ${what}s`, [
    { word: "list", resource, verb: "list", summary: `list the ${what}s` },
    {
      word: "create",
      resource,
      verb: "create",
      summary: `create an ${what}`,
      more: "It is in the answer this once: only a hash of it is stored.",
      flags: [...flags, DESCRIPTION_FLAG],
    },
    {
      word: "revoke",
      resource,
      verb: "delete",
      argument: "id",
      summary: `revoke an ${what}`,
      more: "Whoever uses it is cut at once.",
    },
  ]);
}

function names(noun: string, resource: string, field: string, what: string) {
  return group(noun, `list, add and remove ${what}s`, [
    { word: "list", resource, verb: "list", summary: `list the ${what}s` },
    {
      word: "add",
      resource,
      verb: "create",
      argument: noun,
      argumentField: field,
      summary: `add a ${what}`,
      flags: [DESCRIPTION_FLAG],
    },
    {
      word: "remove",
      resource,
      verb: "delete",
      argument: noun,
      nameField: field,
      summary: `remove a ${what}`,
    },
  ]);
}

const users = "service_users";

function userLine(word: string, verb: string, summary: string, body?: EdgeDeed["body"]): Line {
  return { word, verb, summary, resource: users, argument: "user", nameField: "name", body };
}

function accountLine(word: string, verb: string, summary: string): Line {
  return { word, verb, summary, resource: "accounts", argument: "account" };
}

/** Copies the state of an edge. */
const backupCommand: Command = defineCommand({
  name: "edge backup",
  summary: "copy the state of an edge, while it runs",
  description:
    `Copies the database as it is at one moment, the keys and the certificates into a folder that is empty or not there yet. Whoever has the copy has the edge: keep it as safe as the original.`,
  examples: [{ line: "edge backup /backups/monday", does: "copies sallyport-data" }],
  argument: { name: "folder", missing: "say where to", summary: "the folder of the copy" },
  flags: [DATA_FLAG],
  async run(cli, input) {
    const { backUp } = await import("../edge_backup.ts");
    await backUp(cli, input.argument ?? "", input.flag("data") ?? "");
    return 0;
  },
});

/** Makes a data folder out of a copy. */
const restoreCommand: Command = defineCommand({
  name: "edge restore",
  summary: "make a data folder out of a copy",
  description:
    `Makes a data folder out of what "sallyport edge backup" has copied. It never writes into a folder that holds something.`,
  examples: [{ line: "edge restore /backups/monday --data new-data", does: "makes new-data" }],
  argument: { name: "folder", missing: "say which copy", summary: "the folder of the copy" },
  flags: [DATA_FLAG],
  async run(cli, input) {
    const { restore } = await import("../edge_backup.ts");
    await restore(cli, input.argument ?? "", input.flag("data") ?? "");
    return 0;
  },
});

/** All of them. */
export const EDGE_COMMANDS: readonly Command[] = [
  credentials("token", "credentials", "authtoken", [ACL_FLAG]),
  credentials("key", "api_keys", "API key", []),
  names("domain", "reserved_domains", "domain", "reserved name"),
  group("address", "list, add and remove reserved TCP addresses", [
    { word: "list", resource: "reserved_addrs", verb: "list", summary: "list the TCP addresses" },
    {
      word: "add",
      resource: "reserved_addrs",
      verb: "create",
      summary: "reserve a TCP address; the edge chooses",
      flags: [DESCRIPTION_FLAG],
    },
    {
      word: "remove",
      resource: "reserved_addrs",
      verb: "delete",
      argument: "address",
      nameField: "addr",
      summary: "give a TCP address back",
    },
  ]),
  group("user", "list, add, remove, activate and deactivate service users", [
    { word: "list", resource: users, verb: "list", summary: "list the service users" },
    { ...userLine("add", "create", "add a service user"), argumentField: "name" },
    userLine("remove", "delete", "remove a service user and all that it owns"),
    userLine("activate", "update", "accept what a service user owns", { active: true }),
    userLine("deactivate", "update", "refuse what a service user owns", { active: false }),
  ]),
  group("account", "list, add, suspend and resume accounts", [
    { word: "list", resource: "accounts", verb: "list", summary: "list the accounts" },
    {
      ...accountLine("add", "create", "add an account"),
      more: "Its authtoken and its API key are in the answer this once.",
    },
    accountLine("suspend", "suspend", "refuse everything of an account"),
    accountLine("resume", "resume", "accept an account again"),
  ]),
  certificatesCommand,
  backupCommand,
  restoreCommand,
];

/**
 * `sallyport api <resource> <verb>`: a command for each operation of the API's own table.
 *
 * @module
 */
import { type Command, defineGroup, type Flag } from "../command.ts";
import type { ApiOperation, ApiParam } from "../../api/operations.ts";
import { ABSENT_FLAGS, ABSENT_RESOURCES } from "../api_absent.ts";
import { API_FLAGS, callApi, flagName } from "../api_call.ts";
import { sourceFlags } from "../api_source.ts";

/** Asks the REST API of an edge. */
export const apiCommand: Command = defineGroup({
  name: "api",
  summary: "ask the REST API of an edge",
  description:
    `Asks the REST API of an edge: one command for each thing it can do. The answer is printed as JSON; the exit code is 0 when the API did what was asked, else 1, and its words are on standard error.

The key comes from SALLYPORT_API_KEY, NGROK_API_KEY or the configuration file.`,
  examples: [
    { line: "api endpoints list", does: "what is online" },
    { line: "api reserved-domains list --limit 10", does: "the ten newest names" },
    {
      line: "api credentials create --acl bind:*.dev.example.com",
      does: "an authtoken for some names only",
    },
  ],
  absent: ABSENT_RESOURCES,
  load: async () => {
    const { apiOperations } = await import("../../api/operations.ts");
    return apiCommands(apiOperations());
  },
});

/** Where the command line of ngrok has another word than the table. */
const WORDS_OF_NGROK: Readonly<Record<string, string>> = {
  "reserved-addrs delete-endpoint-configuration": "delete-endpoint-config",
  "reserved-domains delete-http-endpoint-configuration": "delete-http-endpoint-config",
  "reserved-domains delete-https-endpoint-configuration": "delete-https-endpoint-config",
  "root root": "get",
  "vaults list-secrets": "get-secrets-by-vault",
};

/** The commands of a table: one for each resource, with one for each verb below it. */
export function apiCommands(operations: readonly ApiOperation[]): Command[] {
  const resources = Map.groupBy(operations, ({ command }) => command);
  return [...resources].map(([resource, list]) => {
    const commands = list.map((operation) => leaf(resource, operation));
    if (resource === "root") {
      // In ngrok's tree the caller is below the root as well.
      const self = (resources.get("self") ?? []).map((one) => ({ ...one, verb: "self" }));
      commands.push(...self.map((operation) => leaf(resource, operation)));
    }
    return defineGroup({
      name: `api ${resource}`,
      summary: commands.map(({ name }) => name.slice(name.lastIndexOf(" ") + 1)).join(", "),
      description: `What can be done with ${resource.replaceAll("-", " ")}.`,
      examples: [commands[0].examples[0]],
      commands,
    });
  });
}

function leaf(resource: string, operation: ApiOperation): Command {
  const verb = WORDS_OF_NGROK[`${resource} ${operation.verb}`] ?? operation.verb;
  const name = `api ${resource} ${verb}`;
  const takesId = operation.params.some((param) => param.in === "path" && param.name === "id");
  const flags = new Map<string, Flag>();
  for (const param of operation.params) {
    const flag = flagOf(param);
    if (!(param.in === "path" && param.name === "id") && !flags.has(flag.name)) {
      flags.set(flag.name, flag);
    }
  }
  const { summary, details } = operation;
  return {
    name,
    summary: summary.charAt(0).toLowerCase() + summary.slice(1),
    description: [summary, details].filter((text) => text).map((text) => `${text}.`).join("\n\n"),
    examples: [{ line: takesId ? `${name} <id>` : name, does: summary }],
    ...takesId ? { argument: { name: "id", missing: "name the object", summary: "its id" } } : {},
    absent: ABSENT_FLAGS[`${resource} ${verb}`],
    flags: [...flags.values(), ...sourceFlags(operation), ...API_FLAGS],
    run: (cli, input) => callApi(cli, operation, input),
  };
}

function flagOf(param: ApiParam): Flag {
  const { type, doc, values } = param;
  return {
    name: flagName(param),
    value: type === "string-list" ? "text" : type === "string" ? "text" : type,
    summary: doc.charAt(0).toLowerCase() + doc.slice(1).replace(/\.$/, ""),
    ...values ? { choices: values } : {},
    ...type === "string-list" ? { repeats: true } : {},
    ...type === "boolean" ? { isSwitch: true, choices: ["true", "false"] } : {},
  };
}

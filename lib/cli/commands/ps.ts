/**
 * `sallyport ps`.
 *
 * @module
 */
import { type Command, defineCommand } from "../command.ts";
import { RUNNING_FLAGS } from "../endpoint_flags.ts";

/** Lists what the agents of this machine have online. */
export const psCommand: Command = defineCommand({
  name: "ps",
  summary: "list the endpoints that agents on this machine have online",
  description:
    `Asks the agents that run on this machine, by their APIs at 127.0.0.1:4040 and the nine ports behind it, what they have online.

With --json it prints one JSON object per endpoint and line, for scripts.`,
  examples: [
    { line: "ps", does: "lists them" },
    { line: "ps --web-addr 127.0.0.1:5050", does: "those of the agent there" },
  ],
  flags: [
    {
      name: "json",
      value: "bool",
      summary: "print JSON, one object per line",
      isSwitch: true,
      choices: ["true", "false"],
    },
    ...RUNNING_FLAGS,
  ],
  async run({ runtime }, input) {
    const { findAgents, noAgentHere, webAddrOf } = await import("../running_agents.ts");
    const { columnsOf, safe } = await import("../render.ts");
    const { host } = runtime;
    const agents = await findAgents(runtime, await webAddrOf(host, input));
    const all = agents.flatMap(({ address, endpoints }) =>
      endpoints.map((endpoint) => ({ ...endpoint, address }))
    );
    if (input.flag("json") === "true") {
      for (const one of all) {
        const { name, url, upstream, openConnections, totalConnections, address } = one;
        const line = {
          ...{ name, url, upstream, agent: address },
          ...{ open_connections: openConnections, total_connections: totalConnections },
        };
        host.stdout.write(JSON.stringify(line) + "\n");
      }
      return 0;
    }
    if (agents.length === 0) {
      host.stderr.write(`${noAgentHere().message}\n`);
      return 0;
    }
    if (all.length === 0) {
      const where = agents.map(({ address }) => address).join(", ");
      host.stderr.write(`Nothing is online: the agent at ${where} has no endpoints\n`);
      return 0;
    }
    const rows = all.map(({ name, url, upstream, openConnections, totalConnections, address }) =>
      [name, url, upstream, `${openConnections}/${totalConnections}`, address].map(safe)
    );
    host.stdout.write(columnsOf([["NAME", "URL", "UPSTREAM", "OPEN/ALL", "AGENT"], ...rows]));
    return 0;
  },
});

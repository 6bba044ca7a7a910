/**
 * `sallyport stop name…`.
 *
 * @module
 */
import { TunnelError } from "../../base/errors.ts";
import { nearest } from "../../base/suggest.ts";
import { type Command, defineCommand } from "../command.ts";
import { RUNNING_FLAGS } from "../endpoint_flags.ts";

/** Takes endpoints of a running agent offline. */
export const stopCommand: Command = defineCommand({
  name: "stop",
  summary: "take endpoints of a running agent offline",
  description:
    `Takes the endpoints that are named offline, or all of them with --all. The agent they are in goes on: its session stays, and "sallyport start --running" puts them online again.

Agents are found as "sallyport ps" finds them.`,
  examples: [
    { line: "stop web", does: "takes web offline" },
    { line: "stop --all --web-addr 127.0.0.1:5050", does: "all of the agent there" },
  ],
  argument: {
    name: "name",
    optional: true,
    words: true,
    missing: "name an endpoint",
    summary: "endpoints that are online",
    completes: "endpoints",
  },
  flags: [
    {
      name: "all",
      value: "bool",
      summary: "stop everything that is online",
      isSwitch: true,
      choices: ["true", "false"],
    },
    ...RUNNING_FLAGS,
  ],
  async run({ runtime }, input) {
    const { findAgents, noAgentHere, stopIn, webAddrOf } = await import("../running_agents.ts");
    const { safe } = await import("../render.ts");
    const { host } = runtime;
    const all = input.flag("all") === "true";
    if (all === input.words.length > 0) {
      throw new TunnelError("usage", "Say the names to stop, or --all: one of the two");
    }
    const agents = await findAgents(runtime, await webAddrOf(host, input));
    if (agents.length === 0) throw noAgentHere();
    const online = agents.flatMap((agent) =>
      agent.endpoints.map((endpoint) => ({ agent, endpoint }))
    );
    // All is checked before anything stops.
    const wanted = all ? online : [...new Set(input.words)].flatMap((name) => {
      const found = online.filter(({ endpoint }) => endpoint.name === name);
      if (found.length === 1) return found;
      if (found.length > 1) {
        const where = found.map(({ agent }) => agent.address).join(" and ");
        throw new TunnelError(
          "usage",
          `Cannot stop "${name}": the agents at ${where} both have one; say which with --web-addr`,
        );
      }
      const names = online.map(({ endpoint }) => endpoint.name);
      const meant = nearest(name, names);
      const hint = meant !== undefined
        ? `did you mean "${meant}"?`
        : names.length > 0
        ? `online are ${names.map((one) => `"${one}"`).join(", ")}`
        : "nothing is";
      throw new TunnelError("not_found", `Cannot stop "${name}": it is not online; ${hint}`);
    });
    for (const { agent, endpoint } of wanted) {
      await stopIn(runtime, agent, endpoint.name);
      host.stdout.write(safe(`Stopped ${endpoint.name} (${endpoint.url})`) + "\n");
    }
    return 0;
  },
});

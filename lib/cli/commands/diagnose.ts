/**
 * `sallyport diagnose`.
 *
 * @module
 */
import { type Command, defineCommand } from "../command.ts";
import { SESSION_FLAGS } from "../endpoint_flags.ts";

/** Tests the way to the edge. */
export const diagnoseCommand: Command = defineCommand({
  name: "diagnose",
  summary: "test the way to the edge, stage by stage",
  description:
    `Tries what the agent needs, one stage after the other: names, TCP, TLS, the tunnel protocol with a session that is closed at once, and the proxy when there is one. Names the stage that fails, with its reason. The exit code is 0 when nothing failed.

Only hosts are contacted that the configuration or the command line names: the edge, the proxy, the name servers of dns_resolver_ips. Whether the machine has a way to the internet is tested with the host that --internet names.`,
  examples: [
    { line: "diagnose", does: "as the configuration says" },
    { line: "diagnose --region all -w report.json", does: "all regions, with a report to hand on" },
    { line: "diagnose --internet example.com:443", does: "and the internet, by that host" },
  ],
  flags: [
    {
      name: "ipv6",
      short: "6",
      value: "bool",
      summary: "try IPv6 addresses too",
      isSwitch: true,
      choices: ["true", "false"],
    },
    {
      name: "write-report",
      short: "w",
      value: "path",
      summary: "write a report in JSON, without secrets",
    },
    {
      name: "internet",
      value: "host:port",
      summary: "a host of the internet that speaks TLS, to test with",
    },
    {
      name: "region",
      short: "r",
      value: "region",
      summary: "which of the edge's regions: auto, all, or a name it has",
      fallback: "auto",
    },
    ...SESSION_FLAGS.filter(({ name }) => !["region", "session-metadata"].includes(name)),
  ],
  obeysConfig: true,
  async run(cli, input) {
    const { diagnose } = await import("../diagnose/diagnose.ts");
    return await diagnose(cli, input, {
      ipv6: input.flag("ipv6") === "true",
      region: input.flag("region") ?? "auto",
      internet: input.flag("internet"),
      reportPath: input.flag("write-report"),
    });
  },
});

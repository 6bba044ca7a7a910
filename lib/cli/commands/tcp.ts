/**
 * `sallyport tcp <address>`.
 *
 * @module
 */
import { type Command, defineCommand } from "../command.ts";
import {
  ENDPOINT_FLAGS,
  UPSTREAM_TLS_FLAGS,
  URL_FLAGS_OF_OLD,
  urlFlag,
} from "../endpoint_flags.ts";
import { CIDR_FLAGS } from "../module_flags.ts";

/** Puts a TCP service on a public address. */
export const tcpCommand: Command = defineCommand({
  name: "tcp",
  summary: "put a TCP service on a public address",
  description:
    `Puts a service that speaks anything over TCP (SSH, a database, a game) on a public host and port, and keeps it there until you press Ctrl+C. Bytes pass as they are, both ways.

The edge assigns a port of its range unless --url asks for one.`,
  examples: [
    { line: "tcp 22", does: "SSH of this machine, any public port" },
    {
      line: "tcp 22 --url tcp://edge.example.com:20022",
      does: "the same port each time",
    },
    { line: "tcp db.lan:5432", does: "a database on another machine" },
  ],
  argument: {
    name: "address",
    missing: "say which local service is to go online: a port or host:port",
    summary: "the local service: a port (22), host:port or [IPv6]:port",
  },
  flags: [
    urlFlag("the address you want, tcp://host:port; without it the edge assigns one"),
    ...ENDPOINT_FLAGS,
    ...CIDR_FLAGS,
    ...UPSTREAM_TLS_FLAGS,
    ...URL_FLAGS_OF_OLD.tcp,
  ],
  obeysConfig: true,
  async run(cli, input) {
    const { runTunnel } = await import("../tunnel.ts");
    return await runTunnel(cli, "tcp", input);
  },
});

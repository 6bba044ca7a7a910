/**
 * `sallyport tls <address>`.
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
import { TLS_FLAGS, tlsOptions } from "../tls_flags.ts";

/** Puts a TLS service on a public name. */
export const tlsCommand: Command = defineCommand({
  name: "tls",
  summary: "put a TLS service on a public name, encrypted end to end",
  description:
    `Puts a service that speaks TLS on a public name. The edge reads nothing but the name in the first message of a connection; certificate, key and everything said stay with your service.

A service that does not speak TLS itself gets it from the agent: with --crt and --key the encryption ends here, on your machine, and the edge still reads nothing. With --terminate-at edge it ends there.`,
  examples: [
    {
      line: "tls 443 --url secure.example.com",
      does: "your own HTTPS server, end to end",
    },
    { line: "tls localhost:8883", does: "MQTT over TLS, random name" },
    {
      line: "tls 5432 --crt cert.pem --key key.pem --mutual-tls-cas clients.pem",
      does: "a plain service: the agent speaks TLS, to visitors with a certificate alone",
    },
    { line: "tls 8883 --terminate-at edge", does: "with the certificate of the edge" },
  ],
  argument: {
    name: "address",
    missing: "say which local service is to go online: a port or host:port",
    summary: "the local service: a port (443), host:port or [IPv6]:port",
  },
  flags: [
    urlFlag("the name you want, or tls://name; without it the name is random"),
    ...TLS_FLAGS,
    ...ENDPOINT_FLAGS,
    ...CIDR_FLAGS,
    ...UPSTREAM_TLS_FLAGS,
    ...URL_FLAGS_OF_OLD.tls,
  ],
  obeysConfig: true,
  async run(cli, input) {
    const { runTunnel } = await import("../tunnel.ts");
    return await runTunnel(cli, "tls", input, tlsOptions(input));
  },
});

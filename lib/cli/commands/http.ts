/**
 * `sallyport http <address>`.
 *
 * @module
 */
import { type Command, defineCommand } from "../command.ts";
import {
  ENDPOINT_FLAGS,
  UPSTREAM_HTTP_FLAGS,
  UPSTREAM_TLS_FLAGS,
  URL_FLAGS_OF_OLD,
  urlFlag,
} from "../endpoint_flags.ts";
import { HTTP_MODULE_FLAGS } from "../module_flags.ts";

/** Puts an HTTP service on a public URL. */
export const httpCommand: Command = defineCommand({
  name: "http",
  summary: "put an HTTP service on a public URL",
  description:
    `Puts a web service that this machine can reach on a URL that others can open, and keeps it there until you press Ctrl+C. Every byte of a request reaches the service, and every byte of its answer goes back.

The URL has a random name unless --url asks for one. Without --connect-url the agent starts a small edge on this machine, and the URL works here alone: good for trying things out.`,
  examples: [
    { line: "http 8080", does: "port 8080 of this machine, random name" },
    {
      line: "http 8080 --url myapp.example.com",
      does: "the same URL each time",
    },
    { line: "http 192.168.1.2:80", does: "a service on another machine" },
    {
      line: "http https://localhost:8443",
      does: "a service that speaks TLS itself",
    },
    { line: "http '[::1]:80'", does: "a service at an IPv6 address" },
    {
      line: "http 8080 --connect-url connect.example.com:443",
      does: "through the edge at connect.example.com",
    },
  ],
  argument: {
    name: "address",
    missing: "say which local service is to go online: a port, host:port or URL",
    summary:
      "the local service: a port (8080), host:port, [IPv6]:port, or an http:// or https:// URL",
  },
  flags: [
    urlFlag(
      "the URL you want: a host name, or https://name or http://name; without it the name is random",
    ),
    ...ENDPOINT_FLAGS,
    ...UPSTREAM_TLS_FLAGS,
    ...UPSTREAM_HTTP_FLAGS,
    ...HTTP_MODULE_FLAGS,
    ...URL_FLAGS_OF_OLD.http,
  ],
  obeysConfig: true,
  async run(cli, input) {
    const { runTunnel } = await import("../tunnel.ts");
    return await runTunnel(cli, "http", input);
  },
});

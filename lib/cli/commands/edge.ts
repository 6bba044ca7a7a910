/**
 * `sallyport edge`.
 *
 * @module
 */
import { type Command, defineCommand } from "../command.ts";
import { edgeConfigCommand } from "./edge_config.ts";
import { EDGE_COMMANDS } from "./edge_operators.ts";
import { SERVICE_COMMANDS } from "./edge_service.ts";

/** Runs an edge. */
export const edgeCommand: Command = defineCommand({
  name: "edge",
  summary: "run an edge: the server that owns the public addresses",
  description:
    `Runs the public half: agents connect to it, visitors reach their services through it. Point "*.<domain>" and "<domain>" at this machine in DNS, open the ports, and give your agents the lines it prints.

On its first start it makes the owner's authtoken and API key and prints them once, and makes a certificate authority of its own. All live in the data folder, of the authtoken and the key only hashes. SALLYPORT_EDGE_AUTHTOKEN and SALLYPORT_EDGE_API_KEY preset them; SALLYPORT_MASTER_KEY, 64 hexadecimal digits, seals secrets in the place of the key file in the data folder.

The REST API and the admin page are at api.<domain> on the HTTP and HTTPS ports, and in plain HTTP at --api: port 4041 of this machine unless that is taken. The commands below work on the data folder, whether or not the edge is running; a running one follows within a second.

An address is a port, host:port or [IPv6]:port; port 0 takes any free one. Agents connect to connect.<domain> at the HTTPS port, so that 80 and 443 are all an edge needs, unless --agents gives them a port of their own.`,
  examples: [
    { line: "edge --domain tunnels.example.com", does: "on ports 80 and 443" },
    {
      line:
        "edge --domain localhost --http 127.0.0.1:8080 --https 127.0.0.1:8443 --agents 127.0.0.1:8444",
      does: "on this machine, without privileges",
    },
    {
      line: "edge --domain example.com --tcp-ports 30000-30099",
      does: "TCP endpoints at other ports",
    },
  ],
  flags: [
    {
      name: "config",
      value: "file",
      summary: "options in YAML; flags and the environment win over it",
      env: ["SALLYPORT_EDGE_CONFIG"],
    },
    {
      name: "domain",
      value: "name",
      summary: "endpoints get names below this one",
      fallback: "localhost",
      env: ["SALLYPORT_EDGE_DOMAIN"],
    },
    {
      name: "data",
      value: "folder",
      summary: "where certificates, keys and accounts are kept",
      fallback: "sallyport-data",
      env: ["SALLYPORT_EDGE_DATA"],
    },
    {
      name: "http",
      value: "address",
      summary: 'where HTTP visitors arrive, or "none"',
      fallback: ":80",
    },
    {
      name: "https",
      value: "address",
      summary: 'where HTTPS and TLS visitors arrive, or "none"',
      fallback: ":443",
    },
    {
      name: "tls",
      value: "address",
      summary: 'where TLS visitors arrive; "sni" tells them from HTTPS visitors by name',
      fallback: "sni",
    },
    {
      name: "agents",
      value: "address",
      summary: 'where agents arrive; "sni" is connect.<domain> at the HTTPS port',
      fallback: "sni",
    },
    {
      name: "api",
      value: "address",
      summary: 'where programs on this machine reach the API, in plain HTTP, or "none"',
      fallback: "127.0.0.1:4041",
    },
    {
      name: "acme",
      value: "bool",
      summary: "get certificates from Let's Encrypt, and agree to its terms of service",
      isSwitch: true,
      env: ["SALLYPORT_EDGE_ACME"],
    },
    {
      name: "acme-email",
      value: "address",
      summary: "where the certificate authority may write to",
      env: ["SALLYPORT_EDGE_ACME_EMAIL"],
    },
    {
      name: "acme-directory",
      value: "url",
      summary: 'another ACME server, or "staging" for the test server of Let\'s Encrypt',
    },
    {
      name: "acme-dns-hook",
      value: "program",
      summary: "a program that sets DNS records, for a wildcard certificate of the domain",
    },
    {
      name: "certificates",
      value: "folder",
      summary: "a folder with certificates of your own; changed files are taken over",
    },
    {
      name: "metrics",
      value: "address",
      summary: 'a place of their own for /metrics, /healthz and /readyz, in plain HTTP, or "none"',
      fallback: "none",
    },
    {
      name: "access-log",
      value: "where",
      summary: "a line for each request: stdout, the path of a file, or none",
    },
    {
      name: "access-log-format",
      value: "format",
      summary: "how its lines look",
      choices: ["json", "common", "combined"],
    },
    {
      name: "tcp-ports",
      value: "from-to",
      summary: 'the ports TCP endpoints may have, or "any", or "none"',
      fallback: "20000-20999",
    },
    {
      name: "http-public-port",
      value: "port",
      summary: "the port in http URLs, where visitors come by another than the edge's own",
    },
    {
      name: "https-public-port",
      value: "port",
      summary: "the port in https and tls URLs, likewise",
    },
    {
      name: "connect-address",
      value: "host:port",
      summary: "another address of this edge, over which agents open one connection more",
      repeats: true,
    },
    {
      name: "proxy-protocol-from",
      value: "cidr",
      summary: "load balancers whose connections begin with a PROXY protocol header",
      repeats: true,
    },
  ],
  logsTo: "stderr",
  commands: [...EDGE_COMMANDS, edgeConfigCommand, ...SERVICE_COMMANDS],
  async run(cli, input) {
    const { runEdge } = await import("../edge_server.ts");
    return await runEdge(cli, input);
  },
});

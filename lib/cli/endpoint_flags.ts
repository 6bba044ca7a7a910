/**
 * The flags of every command that puts an endpoint online (spec agent B1, B2), and what they ask for.
 * `commands/http.ts`, `tcp.ts` and `tls.ts` list them; `tunnel.ts` reads them.
 *
 * @module
 */
import type { ForwardOptions } from "../agent/config.ts";
import type { FileWish } from "../agent/file_endpoints.ts";
import type { UpstreamKind } from "../agent/upstream.ts";
import { TunnelError } from "../base/errors.ts";
import { CONFIG_VARIABLES, defineFlag, type Flag, type Input } from "./command.ts";
import { modulesOfFlags } from "./module_flags.ts";

/** The public URL that is wanted. Its words differ by command. */
export function urlFlag(summary: string): Flag & { readonly name: "url" } {
  return defineFlag({ name: "url", value: "url", summary });
}

/** Which edge, and who we are to it: the flags of every command that dials. */
export const SESSION_FLAGS: readonly [
  Flag & { readonly name: "connect-url" },
  Flag & { readonly name: "connect-cas" },
  Flag & { readonly name: "authtoken" },
  Flag & { readonly name: "config" },
  Flag & { readonly name: "session-metadata" },
  Flag & { readonly name: "region" },
] = [
  {
    name: "connect-url",
    value: "host:port",
    summary: "the edge to dial; without one, a small edge is started on this machine",
    env: ["SALLYPORT_CONNECT_URL"],
  },
  {
    name: "connect-cas",
    value: "cas",
    summary:
      'who may vouch for the edge\'s certificate: "trusted", "host" (the operating system\'s authorities), or the path of a PEM file',
    fallback: "trusted",
    env: ["SALLYPORT_CONNECT_CAS"],
  },
  {
    name: "authtoken",
    value: "token",
    summary:
      "who you are to the edge; better given in the environment, where other users cannot see it",
    env: ["SALLYPORT_AUTHTOKEN", "NGROK_AUTHTOKEN"],
    secret: true,
  },
  {
    name: "config",
    value: "path",
    summary: "the configuration files, for what neither flags nor the environment say",
    env: CONFIG_VARIABLES,
    repeats: true,
  },
  {
    name: "session-metadata",
    value: "text",
    summary: "text shown with the session; --metadata in front of the command is the same",
  },
  {
    name: "region",
    value: "region",
    summary: "which region to dial",
    deprecated: "an edge is where it is: nothing is needed in its place",
  },
];

/** Where to look for agents. */
export const WEB_ADDR_FLAG: Flag & { readonly name: "web-addr" } = defineFlag({
  name: "web-addr",
  value: "host:port",
  summary: "where the API of the agent is; without it web_addr of the configuration, else 4040 on",
});

/** The flags of the commands that ask an agent. */
export const RUNNING_FLAGS: readonly [
  typeof WEB_ADDR_FLAG,
  Flag & { readonly name: "config" },
] = [
  WEB_ADDR_FLAG,
  {
    name: "config",
    value: "path",
    summary: "the configuration files",
    env: CONFIG_VARIABLES,
    repeats: true,
  },
];

const TRUTH: readonly string[] = ["true", "false"];
const PROXY_VERSIONS: readonly string[] = ["1", "2"];

/** The flags of all endpoints, in the order the help shows them. */
export const ENDPOINT_FLAGS: readonly Flag[] = [
  {
    name: "name",
    value: "name",
    summary: "what the endpoint is called in logs and APIs",
    fallback: "command_line",
  },
  {
    name: "description",
    value: "text",
    summary: "what the endpoint is for, at most 255 characters, shown by APIs",
  },
  {
    name: "metadata",
    value: "text",
    summary: "text of yours, at most 4096 bytes, that APIs show with the endpoint",
  },
  {
    name: "binding",
    value: "binding",
    summary: "where the endpoint can be reached from; without it, the URL tells",
    choices: ["public", "internal", "kubernetes"],
  },
  {
    name: "pooling-enabled",
    summary: "share the URL with other endpoints that allow it: visitors are spread over all",
    value: "bool",
    isSwitch: true,
    choices: TRUTH,
  },
  {
    name: "traffic-policy-file",
    value: "path",
    summary: "the traffic policy of the endpoint, a file in YAML or JSON",
  },
  {
    name: "traffic-policy-url",
    value: "url",
    summary: "the traffic policy of the endpoint, fetched from an http:// or https:// URL",
  },
  {
    name: "upstream-proxy-protocol",
    value: "version",
    summary: "send the service a PROXY header with the visitor's address",
    choices: PROXY_VERSIONS,
  },
  ...SESSION_FLAGS,
  {
    name: "proxy-proto",
    value: "version",
    summary: "send the service a PROXY header",
    choices: PROXY_VERSIONS,
    deprecated: "use --upstream-proxy-protocol",
  },
  {
    name: "policy-file",
    value: "path",
    summary: "the traffic policy of the endpoint",
    deprecated: "use --traffic-policy-file",
  },
];

/** How TLS is spoken to the service. */
export const UPSTREAM_TLS_FLAGS: readonly Flag[] = [
  {
    name: "upstream-tls-verify",
    value: "bool",
    summary: "check the certificate of an https:// or tls:// service",
    isSwitch: true,
    choices: TRUTH,
  },
  {
    name: "upstream-tls-verify-cas",
    value: "path",
    summary: "the authorities it is checked against, a PEM file",
  },
  {
    name: "verify-upstream-tls",
    value: "bool",
    summary: "check the certificate of the service",
    isSwitch: true,
    choices: TRUTH,
    deprecated: "use --upstream-tls-verify",
  },
  {
    name: "upstream-ca-path",
    value: "path",
    summary: "the authorities it is checked against",
    deprecated: "use --upstream-tls-verify-cas",
  },
];

/** What HTTP services speak. */
export const UPSTREAM_HTTP_FLAGS: readonly Flag[] = [
  {
    name: "inspect",
    value: "bool",
    summary: "keep requests and answers for the inspector on this machine",
    fallback: "true",
    isSwitch: true,
    choices: TRUTH,
  },
  {
    name: "upstream-protocol",
    value: "protocol",
    summary: "what the service speaks",
    choices: ["http1", "http2"],
  },
  {
    name: "app-protocol",
    value: "protocol",
    summary: "what the service speaks",
    choices: ["http1", "http2"],
    deprecated: "use --upstream-protocol",
  },
];

const NAME_FLAGS_OF_OLD: readonly Flag[] = ["domain", "hostname", "subdomain"].map((name) => ({
  name,
  value: "name",
  summary: "the name wanted",
  deprecated: "use --url",
}));

/** How the URL was asked for before there was `--url`. */
export const URL_FLAGS_OF_OLD: Readonly<Record<UpstreamKind, readonly Flag[]>> = {
  http: [
    ...NAME_FLAGS_OF_OLD,
    {
      name: "scheme",
      value: "scheme",
      summary: "how visitors come",
      choices: ["http", "https"],
      repeats: true,
      deprecated: 'use --url, as in "--url http://"',
    },
    {
      name: "bind-tls",
      value: "bool",
      summary: "whether visitors come by https",
      choices: [...TRUTH, "both"],
      deprecated: 'use --url, as in "--url http://"',
    },
  ],
  tls: [
    ...NAME_FLAGS_OF_OLD,
    {
      name: "client-cas",
      value: "path",
      summary: "who vouches for visitors' certificates",
      deprecated: "use --mutual-tls-cas",
    },
  ],
  tcp: [{
    name: "remote-addr",
    value: "host:port",
    summary: "the address wanted",
    deprecated: 'use --url, as in "--url tcp://host:port"',
  }],
};

/**
 * What the flags of an endpoint ask for: one wish, or two when both schemes are wanted.
 *
 * @param kind what visitors speak
 * @param input the address and the flags
 * @throws {TunnelError} usage when flags exclude each other
 */
export function wishesOfFlags(kind: UpstreamKind, input: Input): readonly FileWish[] {
  const flag = (...names: readonly string[]) => oneOf(input, names);
  const proxyVersion = flag("upstream-proxy-protocol", "proxy-proto");
  const policyFile = flag("traffic-policy-file", "policy-file");
  const policyUrl = flag("traffic-policy-url");
  if (policyFile !== undefined && policyUrl !== undefined) {
    throw both("traffic-policy-file", "traffic-policy-url");
  }
  const wish = {
    addr: input.argument ?? "",
    proto: kind,
    name: input.flag("name") || "command_line",
    description: flag("description"),
    metadata: flag("metadata"),
    binding: flag("binding") as ForwardOptions["binding"],
    poolingEnabled: truth(flag("pooling-enabled")),
    upstreamProxyProtocol: proxyVersion === undefined
      ? undefined
      : Number(proxyVersion) as ForwardOptions["upstreamProxyProtocol"],
    upstreamProtocol: flag("upstream-protocol", "app-protocol") as ForwardOptions[
      "upstreamProtocol"
    ],
    upstreamTlsVerify: truth(flag("upstream-tls-verify", "verify-upstream-tls")),
    upstreamTlsVerifyCas: flag("upstream-tls-verify-cas", "upstream-ca-path"),
    inspect: input.isGiven("inspect") ? truth(flag("inspect")) : undefined,
    modules: modulesOfFlags(input, kind),
  };
  return urlsOf(kind, input).map((url, index) => ({
    wish: { ...wish, url, name: index === 0 ? wish.name : `${wish.name} (http)` },
    policyFile,
    policyUrl,
  }));
}

function urlsOf(kind: UpstreamKind, input: Input): readonly (string | undefined)[] {
  const name = oneOf(input, ["url", "domain", "hostname", "subdomain", "remote-addr"]);
  const schemes = schemesOf(input);
  if (schemes.length === 0) {
    return [input.isGiven("remote-addr") && name !== undefined ? `tcp://${name}` : name];
  }
  if (input.isGiven("url")) throw both("url", input.isGiven("scheme") ? "scheme" : "bind-tls");
  return ["https", "http"].filter((one) => schemes.includes(one))
    .map((scheme) => `${kind === "http" ? scheme : kind}://${name ?? ""}`);
}

/** What agents of version 3 called `--scheme`, those before `--bind-tls`. */
function schemesOf(input: Input): readonly string[] {
  if (!input.isGiven("bind-tls")) return input.all("scheme");
  if (input.isGiven("scheme")) throw both("scheme", "bind-tls");
  const said = input.flag("bind-tls");
  return said === "both" ? ["https", "http"] : [said === "true" ? "https" : "http"];
}

/** The value of the one flag that was given of several that say the same. */
function oneOf(input: Input, names: readonly string[]): string | undefined {
  const [first, second] = names.filter((name) => input.isGiven(name));
  if (second !== undefined) throw both(first, second);
  return first === undefined ? undefined : input.flag(first);
}

function both(first: string, second: string): TunnelError {
  return new TunnelError("usage", `--${first} and --${second} exclude each other: give one`);
}

function truth(value: string | undefined): boolean | undefined {
  return value === undefined ? undefined : value === "true";
}

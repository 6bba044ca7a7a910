/**
 * What a report of a diagnosis says about the configuration and the machine: enough to understand it
 * elsewhere, and no secret.
 *
 * @module
 */
import type { Host, Runtime } from "../../runtime/host.ts";
import type { LoadedConfig } from "../loaded_config.ts";
import type { Secrets } from "../secrets.ts";

/**
 * The configuration: settings of the agent, and of endpoints what it takes to reach them. Policies,
 * certificates and credentials are left out altogether.
 *
 * @param config the configuration
 * @param secrets what never shows
 */
export function sanitisedConfig({ file, paths }: LoadedConfig, secrets: Secrets): unknown {
  const { authtoken, api_key, ...agent } = file.agent;
  const whole = {
    paths,
    agent: {
      ...agent,
      ...authtoken === undefined ? {} : { authtoken: "HIDDEN" },
      ...api_key === undefined ? {} : { api_key: "HIDDEN" },
      ...agent.proxy_url === undefined ? {} : { proxy_url: withoutPassword(agent.proxy_url) },
    },
    endpoints: file.endpoints.map(({ name, url, bindings, upstream }) => ({
      name,
      url,
      bindings,
      upstream: withoutPassword(String(upstream.url)),
    })),
    tunnels: Object.entries(file.tunnels).map(([name, { proto, addr }]) => ({
      name,
      proto,
      addr: withoutPassword(String(addr)),
    })),
  };
  return JSON.parse(
    JSON.stringify(whole, (_key, value) => typeof value === "string" ? secrets.hide(value) : value),
  );
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/@]*@/, "//HIDDEN@");
}

/**
 * The machine and the program.
 *
 * @param runtime both
 */
export function hostFacts({ host }: Runtime): Readonly<Record<string, unknown>> {
  return {
    os: host.os,
    arch: host.arch,
    hostname: host.hostName(),
    runtime: `${host.runtime.name} ${host.runtime.version}`,
    program: host.program?.path,
    isCompiled: host.program?.isCompiled,
    cwd: host.cwd(),
  };
}

/** What changes how the agent connects; values may be secrets and are not told. */
const VARIABLES: readonly string[] = [
  ...["SALLYPORT_AUTHTOKEN", "SALLYPORT_CONFIG", "SALLYPORT_CONNECT_URL", "SALLYPORT_CONNECT_CAS"],
  ...["NGROK_AUTHTOKEN", "NGROK_CONFIG", "http_proxy", "https_proxy", "no_proxy", "all_proxy"],
  ...[
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
  ],
];

/**
 * The names of those that are set.
 *
 * @param host the machine
 */
export function variablesSet(host: Host): readonly string[] {
  return VARIABLES.filter((name) => host.env(name) !== undefined);
}

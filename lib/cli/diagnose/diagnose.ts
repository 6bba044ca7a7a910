/**
 * What `sallyport diagnose` does: decides what there is to check, has it checked, and says what was
 * found. Loaded only when it runs.
 *
 * @module
 */
import {
  type AgentConfig,
  type ConnectAddress,
  parseConnectUrl,
  resolveAgentOptions,
} from "../../agent/config.ts";
import { isPassedBy } from "../../agent/proxy.ts";
import { readCertificates } from "../../agent/pem.ts";
import { TunnelError } from "../../base/errors.ts";
import { VERSION } from "../../base/version.ts";
import type { TrustedRoots } from "../../runtime/net.ts";
import type { Cli, Input } from "../command.ts";
import { wayTo } from "../tunnel.ts";
import { checkEdge, checkInternet, checkLocalhost, checkProxy, type CheckTools } from "./checks.ts";
import { type CheckGroup, formatConclusion, formatGroup } from "./report.ts";
import { hostFacts, sanitisedConfig, variablesSet } from "./surroundings.ts";
import { openTunnel, type TunnelFacts } from "./tunnel_check.ts";

/** What the operator asks for. */
export interface DiagnoseOptions {
  /** Whether IPv6 addresses are tried too. */
  readonly ipv6: boolean;
  /** `auto`, `all`, or the name of a region. */
  readonly region: string;
  /** A host of the internet to try: none is contacted unless it is named. */
  readonly internet: string | undefined;
  /** Where the report goes. */
  readonly reportPath: string | undefined;
}

/** A region that was given a name of its own. */
const AUTO = "Auto (lowest latency)";

/**
 * Checks the way to the edge.
 *
 * @param cli the machine, the configuration
 * @param input the flags that say which edge
 * @param options what is asked for
 * @returns 0 when nothing failed, 1 otherwise
 * @throws {TunnelError} config_invalid, address_invalid; usage for a region that is not known;
 * what keeps the report from being written
 */
export async function diagnose(cli: Cli, input: Input, options: DiagnoseOptions): Promise<number> {
  const { runtime: { net, clock, host }, secrets } = cli;
  const way = wayTo(cli, input);
  const config = way.connectUrl === undefined ? undefined : resolveAgentOptions(way);
  const internet = options.internet === undefined ? undefined : parseConnectUrl(options.internet);
  const roots = config ? await rootsOf(cli, config) : "system";
  const { ipv6 } = options;
  const tools: CheckTools = { net, clock, ipv6, timeoutMs: config?.connectTimeoutMs ?? 10_000 };
  const startedAt = new Date(clock.now()).toISOString();
  const groups: CheckGroup[] = [];
  const add = (group: CheckGroup) => {
    groups.push(group);
    host.stdout.write(secrets.hide(`\n${formatGroup(group)}`));
  };

  host.stdout.write(`Sallyport ${VERSION}: testing the way to the edge\n`);
  if (internet) add(await checkInternet(tools, internet));
  add(await checkLocalhost(tools));
  if (!config) add(noEdge());
  else {
    if (config.proxy) add(await checkProxy(tools, config.proxy));
    for await (const group of edgeGroups(cli, config, tools, roots, options.region)) add(group);
  }
  host.stdout.write(secrets.hide(`\n${formatConclusion(groups)}`));

  const ok = groups.every(({ checks }) => checks.every(({ status }) => status !== "error"));
  const path = options.reportPath ??
    (options.region === "all"
      ? `sallyport-diagnose-${startedAt.replaceAll(":", "")}.json`
      : undefined);
  if (path !== undefined) {
    const report = {
      version: VERSION,
      startedAt,
      ok,
      groups,
      config: sanitisedConfig(cli.config, secrets),
      host: hostFacts(cli.runtime),
      environment: variablesSet(host),
    };
    const text = JSON.stringify(
      report,
      (_key, value) => typeof value === "string" ? secrets.hide(value) : value,
      2,
    );
    await host.files.write(path, text + "\n", { mode: 0o600 });
    host.stdout.write(`Report: ${path}\n`);
  }
  return ok ? 0 : 1;
}

/** The edge that is configured, then those regions it names that are asked for. */
async function* edgeGroups(
  cli: Cli,
  config: AgentConfig,
  tools: CheckTools,
  roots: TrustedRoots,
  region: string,
): AsyncGenerator<CheckGroup> {
  const target = (address: ConnectAddress, label: string, named?: string) => ({
    ...address,
    label,
    roots,
    resolverIps: config.resolve.resolverIps,
    isProxied: config.proxy !== undefined &&
      !isPassedBy(config.noProxy, address.host, address.port),
    openTunnel: () => openTunnel(cli.runtime, config, named),
  });
  const { group, facts } = await checkEdge(tools, target(config.connect!, AUTO));
  yield group;
  if (region === "auto" || !facts) return;
  for (const { region: name, address } of regionsWanted(facts, region)) {
    const { host, port } = parseConnectUrl(address);
    if (host === config.connect!.host && port === config.connect!.port) continue;
    const further = target({ host, port }, name || address, address);
    yield (await checkEdge(tools, further)).group;
  }
}

/** What the edge calls by this name. */
function regionsWanted({ region: own, others }: TunnelFacts, wanted: string) {
  if (wanted === "all") return others;
  const found = others.filter(({ region }) => region === wanted);
  if (found.length > 0 || own === wanted) return found;
  const known = [...new Set([own, ...others.map(({ region }) => region)])].filter((one) =>
    one !== ""
  );
  throw new TunnelError(
    "usage",
    `Cannot test the region "${wanted}": the edge names ${
      known.length > 0 ? known.map((one) => `"${one}"`).join(", ") : "no regions"
    }`,
  );
}

function noEdge(): CheckGroup {
  const finding = {
    err: "No edge is configured, so there is none to test",
    causes: [
      "endpoints get a URL of this machine until there is one: sallyport config add-connect-url <host:port>",
    ],
    facts: {},
  };
  const check = { name: "Configuration", status: "warn", durationMs: 0, detail: "" } as const;
  return { title: "Sallyport Connectivity", checks: [{ ...check, findings: [finding] }] };
}

async function rootsOf({ runtime }: Cli, { connectCas }: AgentConfig): Promise<TrustedRoots> {
  if (connectCas === "trusted" || connectCas === "host") return "system";
  return await readCertificates(connectCas, runtime.host.files, "connectCas");
}

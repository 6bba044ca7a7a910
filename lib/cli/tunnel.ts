/**
 * What `sallyport http`, `tcp`, `tls` and `start` do: one agent with its endpoints, until a signal or
 * a refusal. Loaded only when one of them runs.
 *
 * @module
 */
import { parseConnectUrl } from "../agent/config.ts";
import type { AgentOptions, ForwardOptions } from "../agent/config.ts";
import { parseEndpointUrl } from "../agent/endpoint_url.ts";
import type { FileWish } from "../agent/file_endpoints.ts";
import { agentOptionsOf } from "../agent/file_options.ts";
import { proxyOfEnvironment } from "../agent/proxy.ts";
import { parseUpstream, refuseElsewhere, type UpstreamKind } from "../agent/upstream.ts";
import { readWish } from "../agent/wish.ts";
import { TunnelError } from "../base/errors.ts";
import type { ExchangeOver } from "../edge/events.ts";
import { AgentConsole } from "./agent_console.ts";
import { serveWeb } from "./agent_web.ts";
import type { AgentView, AgentViewOptions } from "./agent_view.ts";
import { trustedCas } from "./built_in_edge.ts";
import type { Cli, Input } from "./command.ts";
import type { EmbeddedEdge, LocalWant } from "./embedded_edge.ts";
import { wishesOfFlags } from "./endpoint_flags.ts";
import { keepOnline } from "./keep_online.ts";
import type { LoadedConfig } from "./loaded_config.ts";
import { withPolicy } from "./policy_source.ts";
import { remoteCommands } from "./remote_management.ts";
import { type Signals, watchSignals } from "./shutdown.ts";
import { agentUpdater, offerUpdates } from "./update/agent_updater.ts";

/**
 * Puts the service of the command line online and keeps it there.
 *
 * @param cli the machine, the log, the configuration
 * @param kind what visitors speak
 * @param input the address and the flags
 * @param more what the flags of the command alone ask for
 * @returns 0 after a signal, or when the edge asked the agent to stop
 * @throws {TunnelError} what kept it from going online, or took it offline for good
 */
export async function runTunnel(
  cli: Cli,
  kind: UpstreamKind,
  input: Input,
  more: Partial<ForwardOptions> = {},
): Promise<number> {
  const wishes = wishesOfFlags(kind, input).map(({ wish, ...sources }) => {
    const modules = wish.modules || more.modules ? { ...wish.modules, ...more.modules } : undefined;
    return { wish: { ...wish, ...more, modules }, ...sources };
  });
  return await runAgent(cli, input, wishes);
}

/**
 * Puts several services online over one session and keeps them there. One that is refused at the
 * start ends all; one that the edge ends later ends alone, and the last one ends the program.
 *
 * @param cli the machine, the log, the configuration
 * @param input the flags that say which edge
 * @param wanted what is to go online
 * @param choose says what would go online with another configuration
 * @param more what else there is to say about this run
 * @returns 0 after a signal, or when the edge asked the agent to stop; RESTART when to start again
 * @throws {TunnelError} what kept one from going online, or took the last one offline for good
 */
export async function runAgent(
  cli: Cli,
  input: Input,
  wanted: readonly FileWish[],
  choose: (config: LoadedConfig) => readonly FileWish[] = () => wanted,
  more: Pick<AgentOptions, "serviceRun"> = {},
): Promise<number> {
  const { host } = cli.runtime;
  const way = { ...wayTo(cli, input), ...more };
  const { connectUrl } = way;
  // All is checked before anything starts: a typing error must not look like a network error.
  if (connectUrl !== undefined) parseConnectUrl(connectUrl);
  const wishes: ForwardOptions[] = [];
  for (const one of wanted) {
    judge(one.wish, connectUrl !== undefined, host.os);
    wishes.push(await withPolicy(host, one));
  }
  const { updater, obstacle } = await agentUpdater(cli);
  const signals = watchSignals(host);
  let screen: AgentView | undefined;
  const edge = connectUrl === undefined
    ? await embedEdge(cli, wishes, (event) => screen?.onExchange(event))
    : undefined;
  try {
    if (showsConsole(cli)) {
      screen = await openView(cli, signals, { ...edge?.words, isIdle: wishes.length === 0 });
    }
    if (updater) offerUpdates(updater, (offer) => screen?.offerUpdate(offer));
    updater?.start();
    return await keepOnline(cli, {
      signals,
      screen,
      way: edge ? { ...way, connectUrl: undefined, dial: edge.dial } : way,
      wishes: wishes.map((wish, index) => ({ ...wish, url: edge?.urls[index] ?? wish.url })),
      serveApi: (agent) =>
        serveWeb(cli, agent, {
          connectUrl: connectUrl ?? "",
          url: (wish) => edge?.urlFor({ kind: kindOf(wish), wanted: wish.url ?? "" }) ?? wish.url,
        }),
      commands: remoteCommands({
        isAllowed: cli.config.file.agent.remote_management !== false,
        restartObstacle: host.restartObstacle,
        rehearse: () => rehearse(cli, choose, connectUrl !== undefined),
        updater,
        updateObstacle: obstacle,
      }),
    });
  } finally {
    updater?.stop();
    await screen?.close();
    signals.dispose();
    await edge?.close();
  }
}

/** Reads the configuration as the next start will: what it would trip over is said while all is online. */
async function rehearse(
  { runtime: { host }, config: { paths } }: Cli,
  choose: (config: LoadedConfig) => readonly FileWish[],
  hasEdge: boolean,
): Promise<void> {
  const { loadConfig } = await import("./config_file.ts");
  const wanted = choose(await loadConfig(host, paths));
  for (const one of wanted) {
    judge(one.wish, hasEdge, host.os);
    await withPolicy(host, one);
  }
}

/**
 * Which edge, and who we are to it: by flag, then environment, then file.
 *
 * @param cli the configuration
 * @param input the flags
 */
export function wayTo({ config, runtime: { host } }: Cli, input: Input): AgentOptions {
  const said = agentOptionsOf(config.file.agent);
  const cas = input.isGiven("connect-cas") ? undefined : said.connectCas;
  return {
    ...said,
    ...(said.proxyUrl === undefined ? proxyOfEnvironment((name) => host.env(name)) : {}),
    connectUrl: input.flag("connect-url") ?? said.connectUrl,
    connectCas: cas ?? trustedCas(input.flag("connect-cas")),
    authtoken: input.flag("authtoken") ?? said.authtoken,
    metadata: input.flag("session-metadata") ?? said.metadata,
    inspectBytes: said.inspectBytes ?? 0,
  };
}

/** What is wrong with a wish whichever edge it goes to, and what only a real edge could grant. */
function judge(wish: ForwardOptions, hasEdge: boolean, os: string): void {
  const upstream = hasEdge ? readWish(wish).upstream : parseUpstream(wish.addr, kindOf(wish));
  refuseElsewhere(upstream, os);
}

function kindOf({ proto, url, addr }: ForwardOptions): UpstreamKind {
  if (proto) return proto;
  const scheme = url?.includes("://") ? parseEndpointUrl(url).scheme : undefined;
  if (scheme) return scheme === "tcp" || scheme === "tls" ? scheme : "http";
  return readWish({ addr }).upstream.kind;
}

/** The status and the log cannot both have the terminal (spec agent C). */
function showsConsole({ config, logsToStdout, logsToStderr = false }: Cli): boolean {
  const wanted = config.file.agent.console_ui;
  if (wanted === false) return false;
  if (wanted === true && (logsToStdout || logsToStderr)) {
    throw new TunnelError(
      "config_invalid",
      `The log cannot go to standard ${
        logsToStdout ? "output" : "error"
      } while "console_ui" is true: change one of them`,
    );
  }
  return !logsToStdout;
}

/** The whole screen where a person looks at one, plain lines elsewhere; its code is loaded only there. */
async function openView(
  { runtime, config, logsToStderr = false }: Cli,
  signals: Signals,
  options: AgentViewOptions,
): Promise<AgentView> {
  const { host } = runtime;
  const isAlone = !(logsToStderr && host.stderr.isTty);
  if (host.stdout.isTty && isAlone) {
    const { FullConsole } = await import("./console/full_console.ts");
    const hasColours = host.env("NO_COLOR") === undefined;
    const full = FullConsole.open(runtime, {
      ...options,
      colours: hasColours ? config.file.agent.console_ui_color ?? "black" : "none",
      onInterrupt: () => signals.raise("SIGINT"),
    });
    if (full) return full;
  }
  return new AgentConsole(host, options);
}

/** The edge's code is loaded only where an edge is needed. */
async function embedEdge(
  cli: Cli,
  wishes: readonly ForwardOptions[],
  onExchange: (event: ExchangeOver) => void,
): Promise<EmbeddedEdge> {
  const { startEmbeddedEdge } = await import("./embedded_edge.ts");
  const wants = wishes.map((wish): LocalWant => ({ kind: kindOf(wish), wanted: wish.url ?? "" }));
  return await startEmbeddedEdge(cli, wants, onExchange);
}

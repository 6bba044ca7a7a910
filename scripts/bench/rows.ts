/**
 * What is compared: nothing in between, relays, HAProxy, Sallyport.
 *
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RELAY_NAME, type RelayCertificate } from "./certificates.ts";
import type { Child, Children } from "./children.ts";
import { ROOT, type RuntimeName, scriptCommand, type Tools } from "./tools.ts";
import { answering, freePort, type Upstreams } from "./upstreams.ts";
import type { HopRole } from "./works.ts";

/** Where HTTP load goes. */
export interface WebTarget {
  /** At 127.0.0.1. */
  readonly port: number;
  /** For the Host header. */
  readonly host: string;
}

/** A process that is measured. */
export interface Hop {
  /** Where it stands. */
  readonly role: HopRole;
  /** Its id. */
  readonly pid: number;
}

/** One line of the table, running. */
export interface Row {
  /** For `--rows` and the table. */
  readonly name: string;
  /** Names of the rows it is divided by. */
  readonly against: readonly string[];
  /** Where HTTP goes in; `undefined` when it carries none. */
  readonly web: WebTarget | undefined;
  /** Where HTTPS goes in, HTTP/2 or not. */
  readonly secure?: WebTarget;
  /** Where iperf3 goes in. */
  readonly bulkPort: number | undefined;
  /** The processes a load goes through. */
  readonly hops: (load: "web" | "secure" | "bulk") => readonly Hop[];
}

/** What rows are made of. */
export interface RowParts {
  /** Owns the processes. */
  readonly children: Children;
  /** What is there. */
  readonly tools: Tools;
  /** The services behind. */
  readonly upstreams: Upstreams;
  /** For the relays. */
  readonly certificate: RelayCertificate;
  /** For files. */
  readonly folder: string;
}

/** A row that can be started. */
export interface RowPlan {
  /** As {@linkcode Row.name}. */
  readonly name: string;
  /** Whether the tools for it are there. */
  readonly possible: boolean;
  /** Starts its processes. */
  readonly start: (parts: RowParts) => Promise<Row>;
}

/** The domain of the edges. */
const DOMAIN = "tunnels.test";
/** `unseen` is `http` without inspection, which is on unless one says otherwise. */
const ENDPOINTS = ["http", "unseen", "https", "tcp"] as const;
/** Shared by an edge and its agents. */
const TOKEN = "benchmarkbenchmarkbenchmark1_benchmarkbenchmark1";

/**
 * All rows, in the order of the table.
 *
 * @param tools what is there
 * @param otherTree another checkout whose program is compared with this one
 */
export function planRows(tools: Tools, otherTree?: string): RowPlan[] {
  const runtimes: RuntimeName[] = ["deno", "bun", "node"];
  const plans: RowPlan[] = [
    { name: "direct", possible: true, start: (parts) => Promise.resolve(direct(parts)) },
  ];
  for (const name of runtimes) {
    plans.push({
      name: `relay-${name}`,
      possible: tools.runtimes[name] !== undefined,
      start: (parts) => startRelay(parts, name),
    });
  }
  for (const mode of ["tcp", "http"] as const) {
    plans.push({
      name: `haproxy-${mode}`,
      possible: tools.haproxy !== undefined,
      start: (parts) => startHaproxy(parts, mode),
    });
  }
  for (const runtime of runtimes) {
    for (const endpoint of ENDPOINTS) {
      for (const tree of otherTree === undefined ? [ROOT] : [ROOT, otherTree]) {
        const name = `sallyport-${runtime}-${endpoint}${tree === ROOT ? "" : "-other"}`;
        plans.push({
          name,
          possible: tools.runtimes[runtime] !== undefined,
          start: (parts) => startSallyport(parts, name, runtime, endpoint, tree),
        });
      }
    }
  }
  return plans;
}

function direct({ upstreams }: RowParts): Row {
  return {
    name: "direct",
    against: [],
    web: { port: upstreams.webPort, host: "localhost" },
    bulkPort: upstreams.bulkPort,
    hops: () => [],
  };
}

async function startRelay(parts: RowParts, runtime: RuntimeName): Promise<Row> {
  const { children, tools, upstreams, certificate } = parts;
  const script = join(ROOT, "scripts/bench/relay.ts");
  const toPorts = [upstreams.webPort, upstreams.bulkPort ?? upstreams.webPort];
  const half = async (args: readonly string[]) => {
    const child = children.start(scriptCommand(tools, runtime, script, args));
    const line = await child.jsonLine((one) => one.msg === "relay ready");
    return { child, ports: line.ports as number[] };
  };
  const back = await half(["back", toPorts.join(), certificate.chainFile, certificate.keyFile]);
  const front = await half(["front", back.ports.join(), certificate.caFile, RELAY_NAME]);
  return {
    name: `relay-${runtime}`,
    against: [],
    web: { port: front.ports[0], host: "localhost" },
    bulkPort: upstreams.bulkPort === undefined ? undefined : front.ports[1],
    hops: () => hopsOf(front.child, back.child),
  };
}

function hopsOf(edge: Child, agent: Child): Hop[] {
  return [{ role: "edge", pid: edge.pid }, { role: "agent", pid: agent.pid }];
}

async function startHaproxy(parts: RowParts, mode: "tcp" | "http"): Promise<Row> {
  const { children, tools, upstreams, certificate, folder } = parts;
  const toPorts = [upstreams.webPort];
  // HTTP mode carries no iperf3.
  if (mode === "tcp" && upstreams.bulkPort !== undefined) toPorts.push(upstreams.bulkPort);
  const half = async (role: string, to: readonly number[], bind: string, server: string) => {
    const ports: number[] = [];
    let text = `global
  maxconn 8192
  nbthread 1
  ssl-server-verify required
defaults
  mode ${mode}
  timeout connect 10s
  timeout client 600s
  timeout server 600s
  ${mode === "http" ? "option http-keep-alive\n  http-reuse always\n  option forwardfor" : ""}
`;
    for (const port of to) {
      const own = await freePort();
      ports.push(own);
      text += `listen l${own}
  bind 127.0.0.1:${own} ${bind}
  server s 127.0.0.1:${port} ${server}
`;
    }
    const file = join(folder, `haproxy-${mode}-${role}.cfg`);
    writeFileSync(file, text);
    const child = children.start([tools.haproxy!, "-db", "-f", file]);
    for (const port of ports) await answering(port);
    return { child, ports };
  };
  const back = await half("back", toPorts, `ssl crt ${certificate.bothFile}`, "");
  const front = await half(
    "front",
    back.ports,
    "",
    `ssl verify required ca-file ${certificate.caFile} sni str(${RELAY_NAME}) verifyhost ${RELAY_NAME}`,
  );
  return {
    name: `haproxy-${mode}`,
    against: [],
    web: { port: front.ports[0], host: "localhost" },
    bulkPort: front.ports[1],
    hops: () => hopsOf(front.child, back.child),
  };
}

async function startSallyport(
  parts: RowParts,
  name: string,
  runtime: RuntimeName,
  endpoint: (typeof ENDPOINTS)[number],
  tree: string,
): Promise<Row> {
  const { children, tools, upstreams, folder } = parts;
  const data = join(folder, name);
  mkdirSync(data, { recursive: true });
  const env = {
    SALLYPORT_EDGE_AUTHTOKEN: TOKEN,
    SALLYPORT_AUTHTOKEN: TOKEN,
    XDG_CONFIG_HOME: join(data, "config"),
  };
  const log = ["--log", "stdout", "--log-format", "json"];
  const program = (args: readonly string[]) =>
    children.start(
      scriptCommand(tools, runtime, join(tree, "cli.ts"), [...args, ...log], tree),
      { env, cwd: data },
    );

  const edge = program([
    "edge",
    "--domain",
    DOMAIN,
    "--data",
    data,
    "--http",
    "127.0.0.1:0",
    "--https",
    "127.0.0.1:0",
    "--agents",
    "127.0.0.1:0",
    "--tcp-ports",
    await portRange(),
  ]);
  const ready = await edge.jsonLine((line) => line.msg === "edge ready");
  const agent = async (args: readonly string[]) => {
    const child = program([
      ...args,
      "--connect-url",
      String(ready.agents),
      "--connect-cas",
      String(ready.ca),
    ]);
    const line = await child.jsonLine((one) => one.msg === "started tunnel");
    return { child, url: new URL(String(line.url)) };
  };

  const haproxy = `haproxy-${endpoint === "unseen" ? "http" : endpoint}`;
  const against = [`relay-${runtime}`, haproxy];
  if (tree !== ROOT) against.unshift(name.replace(/-other$/, ""));
  if (endpoint === "http" || endpoint === "unseen") {
    const inspect = `--inspect=${endpoint === "http"}`;
    const url = `http://web.${DOMAIN}`;
    const only = await agent(["http", String(upstreams.webPort), "--url", url, inspect]);
    return {
      name,
      against,
      web: { port: portOf(String(ready.http)), host: only.url.host },
      bulkPort: undefined,
      hops: () => hopsOf(edge, only.child),
    };
  }
  if (endpoint === "https") {
    const only = await agent(["http", String(upstreams.webPort), "--url", `https://web.${DOMAIN}`]);
    return {
      name,
      against: against.slice(0, tree === ROOT ? 0 : 1),
      web: undefined,
      secure: { port: portOf(String(ready.https)), host: only.url.host },
      bulkPort: undefined,
      hops: () => hopsOf(edge, only.child),
    };
  }
  const web = await agent(["tcp", String(upstreams.webPort)]);
  const bulk = upstreams.bulkPort === undefined
    ? undefined
    : await agent(["tcp", String(upstreams.bulkPort)]);
  return {
    name,
    against,
    web: { port: Number(web.url.port), host: "localhost" },
    bulkPort: bulk && Number(bulk.url.port),
    hops: (load) => hopsOf(edge, load === "bulk" && bulk ? bulk.child : web.child),
  };
}

/** A few ports that are likely free: the system does not hand out a range. */
async function portRange(): Promise<string> {
  const first = Math.min(await freePort(), 65000);
  return `${first}-${first + 40}`;
}

function portOf(address: string): number {
  return Number(/:(\d+)(?:\/.*)?$/.exec(address)?.[1]);
}

/**
 * An edge with its API and admin page, a service and an agent in front of it: what journeys through
 * the page look at.
 *
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Agent, connect } from "../../lib/agent/agent.ts";
import { serveEdgeApi } from "../../lib/api/serve.ts";
import { silentLogger } from "../../lib/base/log.ts";
import { launchEdge } from "../../lib/edge/edge.ts";
import type { EdgeInside } from "../../lib/edge/edge_handle.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { type Door, startWeb } from "./kit.ts";
import { AUTHTOKEN, DOMAIN } from "./tunnel_suite.ts";

/** The API key of every edge here. */
export const API_KEY = "2journeys00000000000000apik_0Z9x8Y7w6V5u4T3s2R1q0P";

/** What a journey works with. */
export interface AdminStage {
  readonly edge: EdgeInside;
  /** Where visitors go. */
  readonly door: Door;
  /** The page, as somebody far away opens it: `https://api.<domain>:port`. */
  readonly url: string;
  /** The page, as somebody at the edge's machine opens it: `http://127.0.0.1:port`. */
  readonly localUrl: string;
  /** Connects an agent that lets itself be stopped. */
  agent(authtoken?: string): Promise<Agent>;
  /** Puts the service on a name of the domain, by a new agent. */
  forward(name: string, description?: string): Promise<Agent>;
}

/** Runs a journey, and takes everything down whatever happens. */
export async function onAdminStage(run: (stage: AdminStage) => Promise<void>): Promise<void> {
  const runtime = detectRuntime();
  const dataDir = await mkdtemp(join(tmpdir(), "sallyport-admin-"));
  const edge = await launchEdge({
    domain: DOMAIN,
    dataDir,
    authtoken: AUTHTOKEN,
    apiKey: API_KEY,
    http: { port: 0 },
    https: { port: 0 },
    agents: { port: 0 },
    api: { port: 0 },
  }, runtime);
  const { clock, host } = runtime;
  const api = serveEdgeApi(edge, {
    clock,
    logger: silentLogger,
    files: host.files,
    eventsFolder: undefined,
    print: () => {},
  });
  const web = await startWeb();
  const agents: Agent[] = [];
  const { addresses } = edge;
  const stage: AdminStage = {
    edge,
    door: {
      http: `127.0.0.1:${addresses.http!.port}`,
      https: `127.0.0.1:${addresses.https!.port}`,
      caPem: edge.caPem,
    },
    url: `https://api.${DOMAIN}:${addresses.https!.port}`,
    localUrl: `http://127.0.0.1:${addresses.api!.port}`,
    async agent(authtoken = AUTHTOKEN) {
      const agent = await connect({
        connectUrl: `127.0.0.1:${addresses.agents!.port}`,
        connectCas: edge.caPath,
        authtoken,
        metadata: "build server",
        commands: { stop: () => {} },
        runtime,
      });
      agents.push(agent);
      return agent;
    },
    async forward(name, description) {
      const agent = await stage.agent();
      await agent.forward({
        addr: `127.0.0.1:${web.port}`,
        url: `http://${name}.${DOMAIN}`,
        description,
      });
      return agent;
    },
  };
  try {
    await run(stage);
  } finally {
    await Promise.all(agents.map((agent) => agent.close({ graceMs: 0 })));
    await api.close(0);
    await edge.close({ graceMs: 0 });
    await web.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

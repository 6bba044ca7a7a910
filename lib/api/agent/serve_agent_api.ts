/**
 * Puts the agent's API and the inspector on a port of this machine: the one asked for, or the next
 * ones when it is taken. The command line starts it with the agent; programs with the library may.
 *
 * @module
 */
import { toTunnelError } from "../../base/errors.ts";
import type { FetchVisit } from "../../http/serve_fetch.ts";
import { serveFetch } from "../../http/serve_fetch.ts";
import type { Listener, Net } from "../../runtime/net.ts";
import { createAgentApi } from "./agent_api.ts";
import type { AgentApiDeps } from "./api_deps.ts";

/** Where, and what it answers. */
export interface ServeAgentApiOptions extends Omit<AgentApiDeps, "address"> {
  /** Where it listens. */
  readonly net: Net;
  /** An address of this machine. @default {"127.0.0.1"} */
  readonly host?: string;
  /** The port. @default 4040, and the next ones when it is taken */
  readonly port?: number | undefined;
}

/** An API that is being served. */
export interface ServedAgentApi {
  /** Where it listens: `127.0.0.1:4040`. */
  readonly address: string;
  /** Where to look at it: `http://127.0.0.1:4040`. */
  readonly url: string;
  /** Ends it, streams included. */
  close(): Promise<void>;
}

const FIRST_PORT = 4040;

/** How many ports are tried beyond the first: as the ngrok agent does. */
const MORE_PORTS = 100;

/**
 * Serves the API of an agent from now on.
 *
 * @param options the agent, and where
 * @throws {TunnelError} address_in_use, permission_denied, address_not_available
 */
export async function serveAgentApi(options: ServeAgentApiOptions): Promise<ServedAgentApi> {
  const { net, clock, logger, host = "127.0.0.1", port, allowHosts } = options;
  const visits = new Set<FetchVisit>();
  const open = (wanted: number) =>
    net.listen({
      host,
      port: wanted,
      onConnection: (conn) => {
        const visit = serveFetch(conn, (request) => api.fetch(request), {
          clock,
          scheme: "http",
          logger,
        });
        visits.add(visit);
        void visit.over.finally(() => visits.delete(visit));
      },
    });
  const listener = await openFirst(
    open,
    port,
    () =>
      logger.log("warn", "can't bind default web address, trying alternatives", {
        obj: "web",
        addr: formatAddress(host, FIRST_PORT),
      }),
  );
  const address = formatAddress(host, listener.address.port);
  const api = createAgentApi({ ...options, address });
  logger.log("info", "starting web service", {
    obj: "web",
    addr: address,
    allow_hosts: allowHosts,
  });
  return {
    address,
    url: `http://${address}`,
    async close() {
      await listener.close();
      for (const visit of visits) visit.abort();
      await Promise.all([...visits].map(({ over }) => over));
      api.close();
    },
  };
}

async function openFirst(
  open: (port: number) => Promise<Listener>,
  wanted: number | undefined,
  onTaken: () => void,
): Promise<Listener> {
  if (wanted !== undefined) return await open(wanted);
  for (let port = FIRST_PORT;; port++) {
    try {
      return await open(port);
    } catch (thrown) {
      const { code } = toTunnelError(thrown);
      if (code !== "address_in_use" || port >= FIRST_PORT + MORE_PORTS) throw thrown;
      if (port === FIRST_PORT) onTaken();
    }
  }
}

function formatAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

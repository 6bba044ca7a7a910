/**
 * The way from a connect address to a carrier for the session, with errors that tell the user what
 * to change.
 *
 * @module
 */
import { abortError, type Clock, deadline } from "../base/clock.ts";
import type { Duplex } from "../base/duplex.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Runtime } from "../runtime/host.ts";
import type { Conn, ConnectOptions, TrustedRoots } from "../runtime/net.ts";
import { formatHostPort } from "./address.ts";
import { type AgentConfig, type ConnectAddress, parseConnectUrl } from "./config.ts";
import { readCertificates } from "./pem.ts";
import { Reach } from "./reach.ts";
import { createRevocationCheck } from "./revocation.ts";

/** Makes a new carrier; each call begins with the name look-up (S122). */
export type Dialer = (signal: AbortSignal) => Promise<Duplex>;

/**
 * Makes the dialer of an agent. Reads the file of authorities now, so that a wrong path is an error
 * at once.
 *
 * @param config the agent's options
 * @param runtime network and files
 * @throws {TunnelError} not_found, permission_denied, io_failed, config_invalid
 */
export async function createDialer(
  config: AgentConfig,
  runtime: Runtime,
): Promise<Dialer> {
  const { dial, connect, connectTimeoutMs: timeoutMs } = config;
  if (dial) return (signal) => dialOwn(dial, runtime.clock, timeoutMs, signal);
  if (!connect) {
    throw new TunnelError("internal", "Cannot dial: there is no address");
  }
  let roots = await readRoots(config.connectCas, runtime);
  const { net, clock, host } = runtime;
  const { crlUrl, logger, proxy, noProxy, connectInterface, resolve } = config;
  const reach = new Reach(connect, {
    ...{ net, clock, host, logger, roots: () => roots },
    ...{ proxy, noProxy, connectInterface, resolve, timeoutMs },
  });
  const beside = { connect: (options: ConnectOptions) => reach.openBeside(options) };
  const isRevoked = config.crlNoverify
    ? undefined
    : createRevocationCheck({ net: beside, clock, logger, roots: () => roots, crlUrl });

  /** Whether the file of authorities says something else than before: an edge may get new ones. */
  async function hasNewRoots(): Promise<boolean> {
    try {
      const found = await readRoots(config.connectCas, runtime);
      if (String(found) === String(roots)) return false;
      roots = found;
      logger.log("info", "the file of authorities has changed", { obj: "csess" });
      return true;
    } catch (thrown) {
      // It may be half written just now; the old ones go on to count.
      const { message: err } = toTunnelError(thrown, "io_failed");
      logger.log("warn", "failed to read the authorities again", { obj: "csess", err });
      return false;
    }
  }

  async function open(signal: AbortSignal): Promise<Conn> {
    try {
      return await reach.open(signal);
    } catch (thrown) {
      const error = toTunnelError(thrown, "connection_closed");
      if (error.code === "tls_untrusted" && await hasNewRoots()) return await reach.open(signal);
      throw error;
    }
  }

  return async (signal) => {
    const conn = await open(signal).catch((thrown) => {
      throw explain(toTunnelError(thrown, "connection_closed"), connect);
    });
    const pem = conn.tls?.peerCertificatePem;
    if (!isRevoked || pem === undefined) return conn;
    try {
      await isRevoked(pem);
      if (signal.aborted) throw abortError(signal);
      return conn;
    } catch (thrown) {
      conn.abort(thrown);
      throw thrown;
    }
  };
}

/** The caller's own way to the edge, held to the same limits as ours. */
async function dialOwn(
  dial: Dialer,
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Duplex> {
  let late = false;
  const dialling = dial(signal).then((carrier) => {
    if (late) carrier.abort();
    return carrier;
  });
  const stopped = new AbortController();
  const stop = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(abortError(signal)), {
      once: true,
      signal: stopped.signal,
    });
    if (signal.aborted) reject(abortError(signal));
  });
  try {
    const either = Promise.race([dialling, stop]);
    return await deadline(
      clock,
      either,
      timeoutMs,
      "The edge could not be dialled",
    );
  } catch (thrown) {
    late = true;
    throw toTunnelError(thrown, "connection_closed");
  } finally {
    stopped.abort();
  }
}

/**
 * Makes the dialer of a further leg: the same way, to another address of the same edge.
 *
 * @param config the agent's options
 * @param runtime network and files
 * @param address as the edge named it
 * @throws {TunnelError} address_invalid, and what {@linkcode createDialer} throws
 */
export function createLegDialer(
  config: AgentConfig,
  runtime: Runtime,
  address: string,
): Promise<Dialer> {
  const { dial } = config;
  if (dial) return createDialer({ ...config, dial: (signal) => dial(signal, address) }, runtime);
  return createDialer({ ...config, connect: parseConnectUrl(address) }, runtime);
}

async function readRoots(
  connectCas: string,
  runtime: Runtime,
): Promise<TrustedRoots> {
  if (connectCas === "trusted" || connectCas === "host") return "system";
  return await readCertificates(connectCas, runtime.host.files, "connectCas");
}

/** Adds what the user can do to the errors that stay until somebody does something. */
function explain(
  error: TunnelError,
  { host, port }: ConnectAddress,
): TunnelError {
  const advice = {
    tls_untrusted: "its certificate is not signed by an authority this machine trusts; for an " +
      "edge of your own give its CA file as connect_cas (--connect-cas ca.pem)",
    tls_name_mismatch: `its certificate is not for "${host}"; connect by a name that is in the ` +
      "certificate, or give the edge one for this name",
    tls_expired: "its certificate is not valid at this time; renew it on the edge, and compare " +
      "the clocks of both machines",
    permission_denied: "the network access was denied; allow it to this program",
  }[error.code as string];
  if (advice === undefined) return error;
  return new TunnelError(
    error.code,
    `Cannot connect to "${formatHostPort(host, port)}": ${advice}`,
    { cause: error },
  );
}

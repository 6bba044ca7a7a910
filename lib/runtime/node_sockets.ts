/**
 * The network on node:net and node:tls, which serve all three runtimes.
 *
 * @module
 */
import { abortError, type Clock } from "../base/clock.ts";
import type { TunnelError } from "../base/errors.ts";
import { triedToConnect } from "./address_words.ts";
import type { Conn, ConnectOptions, Net } from "./net.ts";
import type { NodeConn } from "./node_conn.ts";
import { dial, nodeAttempt } from "./node_dial.ts";
import { listen } from "./node_listen.ts";
import { lookUpName } from "./node_names.ts";
import { nodeTls } from "./node_tls.ts";
import { outOfTime } from "./node_tls_contexts.ts";
import type { Differences } from "./node_underlay.ts";
import { retell } from "./translate_errors.ts";

const CONNECT_MS = 10_000;
/** Limit of a second look at a certificate, for the sake of a better message. */
const LOOK_AGAIN_MS = 2_000;

/**
 * The network of the machine.
 *
 * @param clock times connects and handshakes
 * @param differences what the runtime does otherwise
 */
export function nodeNet(clock: Clock, differences: Differences = {}): Net {
  const { startTlsClient, startTlsServer } = nodeTls(clock, differences);
  return {
    startTlsClient,
    startTlsServer,
    listen: (options) => listen(options),
    lookUp: (name, options) => lookUpName(clock, name, options),
    async connect(options) {
      const limitMs = options.timeoutMs ?? CONNECT_MS;
      const startedMs = clock.steady();
      const conn = await dial(clock, options, limitMs, nodeAttempt);
      if (!options.tls) return conn;
      return await secure(conn, options, limitMs, startedMs);
    },
  };

  async function secure(
    conn: NodeConn,
    options: ConnectOptions,
    limitMs: number,
    startedMs: number,
  ): Promise<Conn> {
    const onAbort = () => conn.abort(abortError(options.signal!));
    options.signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await startTlsClient(conn, {
        ...options.tls,
        serverName: options.tls?.serverName ?? options.host ?? "localhost",
        timeoutMs: Math.max(1, Math.ceil(limitMs - (clock.steady() - startedMs))),
      });
    } catch (thrown) {
      if (options.signal?.aborted) throw abortError(options.signal);
      const error = retell(thrown, triedToConnect(options), limitMs);
      const isVague = differences.hidesExpiry && error.code === "tls_untrusted";
      throw isVague ? await lookAgain(options, error) : error;
    } finally {
      options.signal?.removeEventListener("abort", onAbort);
    }
  }

  /**
   * Dials once more to see the certificate that was refused, only to say what is wrong with it:
   * nothing is sent over that connection, and our own certificate is not shown.
   */
  async function lookAgain(options: ConnectOptions, error: TunnelError): Promise<TunnelError> {
    const serverName = options.tls?.serverName ?? options.host ?? "localhost";
    try {
      const conn = await dial(clock, options, LOOK_AGAIN_MS, nodeAttempt);
      const look = await startTlsClient(conn, {
        serverName,
        verify: false,
        timeoutMs: LOOK_AGAIN_MS,
      });
      look.abort();
      const pem = look.tls?.peerCertificatePem;
      return pem && outOfTime(pem, triedToConnect(options), clock.now()) || error;
    } catch {
      return error; // what is known already is all there is to tell
    }
  }
}

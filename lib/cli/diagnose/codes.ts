/**
 * The numbers of what can be wrong on the way to an edge (spec agent N), each with its sentence and
 * with what mostly is behind it.
 *
 * @module
 */
import type { ErrorCode } from "../../base/errors.ts";

/** What a diagnosis can find, by its `ERR_NGROK_n`. */
export const DIAGNOSE_CODES = {
  8000: "The host name could not be resolved",
  8001: "The host on the internet could not be reached",
  8002: "No TCP connection to the edge could be made",
  8003: "The TLS handshake with the edge failed",
  8004: "The edge did not answer as an edge, or refused the session",
  8005: "The host name of the proxy could not be resolved",
  8006: "No TCP connection to the proxy could be made",
  8007: "None of the edge's addresses could be reached by TCP",
  8008: "TLS failed with every region",
  8009: "No region took the session",
  8010: "The configured name servers and the system disagree",
  8011: "This machine has no way to IPv6 addresses",
} as const;

/** One of {@linkcode DIAGNOSE_CODES}. */
export type DiagnoseCode = keyof typeof DIAGNOSE_CODES;

const CAUSES: Readonly<Partial<Record<DiagnoseCode, readonly string[]>>> = {
  8000: [
    "a typing error in connect_url",
    "this machine has no network, or its name server does not answer",
    "a filter that hides the name: try dns_resolver_ips",
  ],
  8002: [
    "the edge does not run, or listens at another port",
    "a firewall lets nothing out to this port: is there a proxy (proxy_url)?",
  ],
  8003: [
    "something on the way opens TLS and shows a certificate of its own: a proxy, a virus scanner",
    "the edge has a CA of its own: give its file as connect_cas",
    "the clock of this machine is wrong",
  ],
  8004: [
    "connect_url names something that is no edge, such as its port for visitors",
    "something on the way speaks for the edge, and does not know its protocol",
  ],
  8005: ["a typing error in proxy_url"],
  8006: ["the proxy does not run, or listens at another port"],
};

/** Those that say more than the stage does. */
const BY_ERROR: Readonly<Partial<Record<ErrorCode, readonly string[]>>> = {
  tls_untrusted: [CAUSES[8003]![1], CAUSES[8003]![0]],
  tls_name_mismatch: [
    "connect_url names the edge by a name that is not in its certificate",
    CAUSES[8003]![0],
  ],
  tls_expired: ["the edge's certificate has expired", CAUSES[8003]![2]],
  refused: ["the authtoken is wrong or was revoked; the edge says which"],
  permission_denied: ["this program may not use the network here"],
};

/**
 * What mostly is behind a failure.
 *
 * @param code what failed
 * @param error how
 */
export function causesOf(code: DiagnoseCode, error: ErrorCode): readonly string[] {
  return BY_ERROR[error] ?? CAUSES[code] ?? CAUSES[code === 8007 ? 8002 : 8003] ?? [];
}

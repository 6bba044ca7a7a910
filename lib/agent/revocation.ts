/**
 * Whether the edge's certificate was revoked: the agent fetches the list of its authority over plain
 * HTTP before it says its token (spec agent E1 `crl_url`, `crl_noverify`).
 *
 * A list that cannot be had is told in the log and does not keep the agent from its edge, as with
 * the ngrok agent: else whoever can block a plain HTTP request could keep every agent offline. A
 * list that is there, is signed by the authority and names the certificate does.
 *
 * Used by `dial.ts`.
 *
 * @module
 */
import type * as X509 from "@peculiar/x509";
import { type Clock, deadline } from "../base/clock.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { askHttp } from "../http/ask.ts";
import type { Net, TrustedRoots } from "../runtime/net.ts";

/** How certificates are checked. */
export interface RevocationCheckOptions {
  /** The network. */
  readonly net: Pick<Net, "connect">;
  /** Time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** Whom the agent trusts, at this moment. */
  readonly roots: () => TrustedRoots;
  /** Where the list is; without it the certificate says. */
  readonly crlUrl: string | undefined;
}

/** Checks a certificate that was trusted otherwise. */
export type RevocationCheck = (leafPem: string) => Promise<void>;

/** How long fetching the list may take. */
const FETCH_MS = 5_000;

/** A list is fetched again after so long, however long it is good for: else a revocation is learned late. */
const KEEP_MS = 600_000;

/** What cannot be had is not waited for at each reconnect: the session is what counts. */
const FORGET_FAILURE_MS = 60_000;

/** The longest list. */
const MAX_BYTES = 4 * 1_048_576;

interface KnownList {
  readonly crl: X509.X509Crl;
  readonly url: string;
  readonly untilMs: number;
}

/**
 * Makes the check of an agent. With the system's authorities, which answer for revocations in ways
 * of their own, it looks only where it is told to.
 *
 * @param options how certificates are checked
 * @returns rejects with `tls_untrusted` when the certificate was revoked
 */
export function createRevocationCheck(options: RevocationCheckOptions): RevocationCheck {
  const { net, clock, logger, crlUrl } = options;
  let known: KnownList | undefined;
  let failure: { readonly url: string; readonly untilMs: number } | undefined;

  async function fetchList(url: string, x509: typeof X509): Promise<X509.X509Crl> {
    const at = new URL(url);
    if (at.protocol !== "http:") {
      throw new TunnelError("config_invalid", `"${url}" is no http URL`);
    }
    const host = at.hostname.replace(/^\[|\]$/g, "");
    const conn = await net.connect({
      host,
      port: Number(at.port || 80),
      plain: true,
      timeoutMs: FETCH_MS,
    });
    try {
      const asked = askHttp(conn, { method: "GET", url: at, maxBytes: MAX_BYTES });
      const { head, body } = await deadline(clock, asked, FETCH_MS, `"${url}" did not answer`);
      if (head.status !== 200) {
        throw new TunnelError("http_invalid", `"${url}" answered with status ${head.status}`);
      }
      return readList(x509, new Uint8Array(body), url);
    } finally {
      conn.abort();
    }
  }

  /** Only who vouches for the edge may say that it must not be trusted. */
  async function checkSigned(x509: typeof X509, crl: X509.X509Crl, url: string): Promise<void> {
    const roots = options.roots();
    if (roots === "system") return;
    for (const pem of roots) {
      const root = new x509.X509Certificate(pem);
      if (await crl.verify({ publicKey: root }).catch(() => false)) return;
    }
    throw new TunnelError("tls_untrusted", `"${url}" is not signed by the edge's authority`);
  }

  /** The list, or the last one that is still good, or none when it cannot be had. */
  async function listAt(url: string, x509: typeof X509): Promise<X509.X509Crl | undefined> {
    const isFresh = known?.url === url && clock.steady() < known.untilMs;
    const isHopeless = failure?.url === url && clock.steady() < failure.untilMs;
    if (!isFresh && !isHopeless) {
      try {
        await renew(url, x509);
      } catch (thrown) {
        failure = { url, untilMs: clock.steady() + FORGET_FAILURE_MS };
        const { message: err } = toTunnelError(thrown, "connection_closed");
        logger.log("warn", "failed to fetch CRL, going on", { url, err });
      }
    }
    return known?.url === url && !isOutOfDate(known.crl) ? known.crl : undefined;
  }

  function isOutOfDate({ nextUpdate }: X509.X509Crl): boolean {
    return nextUpdate !== undefined && nextUpdate.getTime() < clock.now();
  }

  async function renew(url: string, x509: typeof X509): Promise<void> {
    const crl = await fetchList(url, x509);
    await checkSigned(x509, crl, url);
    if (isOutOfDate(crl)) {
      throw new TunnelError("tls_expired", `"${url}" is out of date`);
    }
    known = { crl, url, untilMs: clock.steady() + KEEP_MS };
    failure = undefined;
  }

  return async (leafPem) => {
    if (options.roots() === "system" && crlUrl === undefined) return;
    const x509 = await loadX509();
    const leaf = new x509.X509Certificate(leafPem);
    const url = crlUrl ?? distributionPoint(x509, leaf);
    if (url === undefined) return;
    const crl = await listAt(url, x509);
    // A list speaks of its own authority's certificates alone.
    if (crl?.issuer !== leaf.issuer || !crl.findRevoked(leaf.serialNumber)) return;
    // What was revoked may be replaced at any moment: the next attempt asks again.
    known = undefined;
    throw new TunnelError(
      "tls_untrusted",
      `Cannot trust the edge: its certificate ${leaf.serialNumber} was revoked (${url})`,
    );
  };
}

async function loadX509(): Promise<typeof X509> {
  await import("reflect-metadata");
  return await import("@peculiar/x509");
}

/** PEM or DER: both are in use. */
function readList(x509: typeof X509, body: Uint8Array<ArrayBuffer>, url: string): X509.X509Crl {
  try {
    const text = body[0] === 0x30 ? undefined : new TextDecoder().decode(body);
    return new x509.X509Crl(text ?? body);
  } catch (cause) {
    throw new TunnelError("message_invalid", `"${url}" is no list of revoked certificates`, {
      cause,
    });
  }
}

/** Where the certificate says that its authority's list is (RFC 5280 section 4.2.1.13). */
function distributionPoint(x509: typeof X509, leaf: X509.X509Certificate): string | undefined {
  const points = leaf.getExtension(x509.CRLDistributionPointsExtension)?.distributionPoints ?? [];
  return points.flatMap((point) => point.distributionPoint?.fullName ?? [])
    .map((name) => name.uniformResourceIdentifier)
    .find((url) => url?.startsWith("http://"));
}

/**
 * A GET through a proxy, as `fetch` would do it: redirects are followed, the body comes as a stream.
 * `update_fetch.ts` loads it when there is a proxy.
 *
 * @module
 */
import type { Proxy } from "../../agent/proxy.ts";
import { dialThrough, openProxy, type ProxyDialOptions } from "../../agent/proxy_dial.ts";
import { proxyAuthorization } from "../../agent/proxy_http.ts";
import { encodeText } from "../../base/bytes.ts";
import type { Duplex } from "../../base/duplex.ts";
import { TunnelError } from "../../base/errors.ts";
import { responseFraming } from "../../http/body.ts";
import { BodyReader } from "../../http/body_reader.ts";
import { readResponseHead, type ResponseHead } from "../../http/head.ts";
import type { Runtime } from "../../runtime/host.ts";
import type { TrustedRoots } from "../../runtime/net.ts";

/** Limit of connection and handshakes; whoever reads the body has limits of his own. */
const DIAL_TIMEOUT_MS = 15_000;

/** As many as browsers bear. */
const MAX_REDIRECTS = 20;

/** Further heads before the answer. */
const MAX_INTERIM = 8;

/**
 * Gets what is at a URL.
 *
 * @param proxy what stands before it
 * @param runtime network and time
 * @param url where; http or https
 * @param init its `headers` and `signal` count
 * @param roots who may vouch for servers and proxies. @default the system's authorities
 * @returns the answer, whatever its status
 * @throws {TunnelError} proxy_failed, tls_untrusted, http_invalid, aborted …
 */
export async function fetchThrough(
  proxy: Proxy,
  runtime: Pick<Runtime, "net" | "clock">,
  url: string,
  init: RequestInit,
  roots: TrustedRoots = "system",
): Promise<Response> {
  let at = new URL(url);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const { conn, head } = await ask(proxy, runtime, at, init, roots);
    const to = isRedirect(head.status) ? head.get("location") : undefined;
    if (to === undefined) return answerOf(conn, head, init.signal ?? undefined);
    conn.abort();
    if (!URL.canParse(to, at) || !/^https?:$/.test(new URL(to, at).protocol)) {
      throw new TunnelError("http_invalid", `Cannot fetch "${at}": it leads to "${to}"`);
    }
    at = new URL(to, at);
  }
  throw new TunnelError(
    "http_invalid",
    `Cannot fetch "${url}": it leads from one place to another without end`,
  );
}

function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/** One question: the connection is the answer's from now on. */
async function ask(
  proxy: Proxy,
  { net, clock }: Pick<Runtime, "net" | "clock">,
  url: URL,
  init: RequestInit,
  roots: TrustedRoots,
): Promise<{ conn: Duplex; head: ResponseHead }> {
  const signal = init.signal ?? new AbortController().signal;
  const options: ProxyDialOptions = {
    ...{ net, clock, signal, roots },
    timeoutMs: DIAL_TIMEOUT_MS,
  };
  const isSecure = url.protocol === "https:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port || (isSecure ? 443 : 80));
  // RFC 9112, 3.2.2: HTTP proxies take plain requests themselves, and many tunnel to 443 alone.
  const isForwarded = !isSecure && proxy.kind !== "socks5";
  const carrier = isForwarded
    ? await openProxy(proxy, options)
    : await dialThrough(proxy, host, port, options);
  let conn: Duplex = carrier;
  const onAbort = () => carrier.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    if (isSecure) {
      conn = await net.startTlsClient(carrier, {
        serverName: host,
        roots,
        alpn: ["http/1.1"],
        timeoutMs: DIAL_TIMEOUT_MS,
      });
    }
    const lines = [
      `GET ${isForwarded ? `${url.origin}` : ""}${url.pathname}${url.search} HTTP/1.1`,
      `Host: ${url.host}`,
      ...[...new Headers(init.headers)].map(([name, value]) => `${name}: ${value}`),
      ...isForwarded ? proxyAuthorization(proxy) : [],
      "Connection: close",
    ];
    await conn.write(encodeText(`${lines.join("\r\n")}\r\n\r\n`));
    for (let heads = 0; heads <= MAX_INTERIM; heads++) {
      const head = await readResponseHead(conn);
      if (!head) {
        throw new TunnelError("connection_closed", "The connection ended before an answer");
      }
      if (!head.interim) return { conn, head };
    }
    throw new TunnelError("http_invalid", "The server does not come to an answer");
  } catch (thrown) {
    conn.abort(thrown);
    carrier.abort(thrown);
    throw thrown;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function answerOf(conn: Duplex, head: ResponseHead, signal: AbortSignal | undefined): Response {
  const reader = new BodyReader(conn, responseFraming(head, "GET"), "response");
  const onAbort = () => conn.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();
  const end = (reason?: unknown) => {
    signal?.removeEventListener("abort", onAbort);
    conn.abort(reason);
  };
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const chunk = await reader.read();
        // what is read may be overwritten by what comes next
        if (chunk) return controller.enqueue(chunk.slice());
        controller.close();
        end();
      } catch (thrown) {
        end(thrown);
        throw thrown;
      }
    },
    cancel: end,
  }, { highWaterMark: 0 });
  const headers = new Headers();
  for (let index = 0; index < head.count; index++) {
    const name = head.nameAt(index);
    headers.set(name, head.all(name).join(", "));
  }
  // Statuses that have no body must be given none.
  const hasNone = head.status === 204 || head.status === 205 || head.status === 304;
  if (hasNone) end();
  return new Response(hasNone ? null : body, { status: head.status, headers });
}

/**
 * A Vite plugin that puts the dev server, or the preview, on a public URL: it prints the URL, lets
 * the public host name through Vite's host check, and hot module replacement works through it.
 *
 * The URL is known before the server listens, and survives restarts of the server.
 *
 * @example
 * ```ts
 * // vite.config.ts
 * import { sallyport } from "./vite.ts"; // "@sallyport/sallyport/vite"
 *
 * const config = { plugins: [sallyport({ connectUrl: "tunnels.example.com" })] };
 * void config; // export it
 * ```
 *
 * @module
 */
import { placeOf } from "./lib/agent/local_server.ts";
import { TunnelError } from "./lib/base/errors.ts";
import { detectRuntime } from "./lib/runtime/detect.ts";
import { listen, type ListenTunnel, type ListenTunnelOptions } from "./mod.ts";

/** How the dev server is published. */
export interface SallyportViteOptions extends Omit<ListenTunnelOptions, "proto" | "backlog"> {
  /** Whether anything is done at all. @default {true} */
  readonly enabled?: boolean;
  /** How long the start of the server waits for the URL. @default {10000} */
  readonly connectLimitMs?: number;
}

/** What the plugin needs of a dev server or a preview. */
export interface ViteServer {
  /** Absent in middleware mode. */
  readonly httpServer?: ViteHttpServer | null;
  /** What the user configured. */
  readonly config: {
    /** The dev server. */
    readonly server?: { readonly https?: unknown };
    /** The preview. */
    readonly preview?: { readonly https?: unknown };
    /** Where Vite prints. */
    readonly logger: ViteLogger;
  };
  /** Prints the URLs of the server. */
  printUrls(): void;
}

/** Vite's logger, as far as it is used. */
export interface ViteLogger {
  /** Prints a line. */
  info(text: string): void;
  /** Prints a line that should be seen. */
  warn(text: string): void;
}

/** The server of `node:http` under Vite. */
export interface ViteHttpServer {
  /** Where it listens. */
  address(): string | { readonly address: string; readonly port: number } | null;
  /** Calls once. */
  once(event: "listening" | "close", run: () => void): unknown;
}

/** What the plugin adds to the configuration. */
export interface ViteConfigPart {
  /** For the dev server. */
  readonly server: { readonly allowedHosts: string[] };
  /** For the preview. */
  readonly preview: { readonly allowedHosts: string[] };
}

/** The plugin, as Vite takes it. */
export interface SallyportVitePlugin {
  /** Names it. */
  readonly name: "sallyport";
  /** Not for builds. */
  readonly apply: "serve";
  /** Gets the URL, and lets its host through. */
  config(): Promise<ViteConfigPart | undefined>;
  /** Publishes the dev server. */
  configureServer(server: ViteServer): void;
  /** Publishes the preview. */
  configurePreviewServer(server: ViteServer): void;
}

const CONNECT_LIMIT_MS = 10_000;

/** A URL, and how many servers are behind it: Vite starts a new one before it ends the old one. */
interface Shared {
  readonly tunnel: Promise<ListenTunnel>;
  users: number;
}

/** By what was asked for: a restart evaluates the configuration again, and this module not. */
const shared: Map<string, Shared> = new Map();

/**
 * Makes the plugin.
 *
 * @param options where the edge is, who we are, which URL is wanted
 */
export function sallyport(options: SallyportViteOptions = {}): SallyportVitePlugin {
  const { enabled = true, connectLimitMs = CONNECT_LIMIT_MS, ...wanted } = options;
  const key = keyOf(wanted);
  let tunnel: ListenTunnel | undefined;

  async function release(): Promise<void> {
    const one = shared.get(key);
    if (!one || --one.users > 0) return;
    shared.delete(key);
    await (await one.tunnel).close();
  }

  function publish(server: ViteServer, isEncrypted: boolean): void {
    if (!tunnel) return;
    const { url, endpoint } = tunnel;
    const { logger } = server.config;
    const { httpServer } = server;
    const fail = (found: string) => logger.warn(`Cannot publish the server on ${url}: ${found}`);
    if (!httpServer) {
      fail("in middleware mode there is none; forward the port of your own server instead");
      return void release();
    }
    httpServer.once("listening", () => {
      const at = httpServer.address();
      const addr = at === null || typeof at === "string"
        ? `unix:${at}`
        : placeOf(at.address, at.port);
      const scheme = isEncrypted ? "https://" : "";
      endpoint.forwardTo(scheme + addr).catch((thrown) => fail(String(thrown)));
    });
    httpServer.once("close", () => {
      release().catch((thrown) => fail(String(thrown)));
    });
    const printUrls = server.printUrls.bind(server);
    server.printUrls = () => {
      printUrls();
      logger.info(`  ➜  Public:  ${url}`);
    };
  }

  return {
    name: "sallyport",
    apply: "serve",
    async config() {
      if (!enabled) return undefined;
      let one = shared.get(key);
      if (!one) shared.set(key, one = { tunnel: openTunnel(wanted, connectLimitMs), users: 0 });
      one.users++;
      try {
        tunnel = await one.tunnel;
      } catch (thrown) {
        shared.delete(key);
        throw thrown;
      }
      const allowedHosts = [new URL(tunnel.url).hostname];
      return { server: { allowedHosts }, preview: { allowedHosts } };
    },
    configureServer: (server) => publish(server, Boolean(server.config.server?.https)),
    configurePreviewServer: (server) => publish(server, Boolean(server.config.preview?.https)),
  };
}

/** What was asked for, without what belongs to one evaluation of the configuration. */
function keyOf(wanted: ListenTunnelOptions): string {
  const { runtime: _, signal: __, logger: ___, onEvent: ____, commands: _____, ...plain } = wanted;
  return JSON.stringify(plain);
}

/** An edge that cannot be reached is waited for by an agent; a person in front of Vite is told. */
async function openTunnel(options: ListenTunnelOptions, limitMs: number): Promise<ListenTunnel> {
  const stop = new AbortController();
  const { clock } = options.runtime ?? detectRuntime();
  const timer = clock.after(limitMs, () => {
    const edge = options.connectUrl ?? "the edge";
    stop.abort(
      new TunnelError(
        "timed_out",
        `Cannot publish the dev server: "${edge}" did not answer within ${limitMs} ms`,
      ),
    );
  });
  const signals = options.signal ? [options.signal, stop.signal] : [stop.signal];
  try {
    return await listen({ ...options, proto: "http", signal: AbortSignal.any(signals) });
  } catch (thrown) {
    throw stop.signal.aborted ? stop.signal.reason : thrown;
  } finally {
    timer.cancel();
  }
}

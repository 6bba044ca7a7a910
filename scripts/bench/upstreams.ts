/**
 * The services behind every row: a web server that is never the bottleneck, and iperf3.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { Buffer } from "node:buffer";
import type { Children } from "./children.ts";
import { ROOT, type RuntimeName, scriptCommand, type Tools } from "./tools.ts";

/** The body of the small answer. */
export const SMALL_BYTES = 1024;
/** The body of the big answer: large enough that its head costs nothing. */
export const BIG_BYTES = 64 * 1024 * 1024;

/** Where the services listen, on 127.0.0.1. */
export interface Upstreams {
  /** `/` answers 1 KB, `/big` 64 MB, `/sink` swallows a body. */
  readonly webPort: number;
  /** `iperf3 -s`; `undefined` without iperf3. */
  readonly bulkPort: number | undefined;
}

/**
 * Starts them.
 *
 * @param children owns the processes
 * @param tools what is there
 * @param folder for configuration and the big file
 */
export async function startUpstreams(
  children: Children,
  tools: Tools,
  folder: string,
): Promise<Upstreams> {
  return {
    webPort: tools.nginx
      ? await startNginx(children, tools.nginx, folder)
      : await startWeb(children, tools),
    bulkPort: tools.iperf3 ? await startIperf(children, tools.iperf3) : undefined,
  };
}

async function startNginx(children: Children, nginx: string, folder: string): Promise<number> {
  const port = await freePort();
  writeFileSync(join(folder, "big"), Buffer.alloc(BIG_BYTES, "x"));
  const file = join(folder, "nginx.conf");
  writeFileSync(
    file,
    `${process.getuid?.() === 0 ? "user root;" : ""}
daemon off; master_process off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr error;
events { worker_connections 8192; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600; sendfile on; tcp_nopush off;
  client_max_body_size 0; client_body_temp_path ${folder}; proxy_temp_path ${folder};
  fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = / { default_type text/plain; return 200 "${"x".repeat(SMALL_BYTES)}"; }
    location = /big { alias ${folder}/big; }
    # Read whole before it is answered: wrk breaks when the answer overtakes the body.
    location = /sink {
      client_body_buffer_size 2m; proxy_pass_request_body off; proxy_set_header Content-Length "";
      proxy_pass http://127.0.0.1:${port}/;
    }
  }
}
`,
  );
  children.start([nginx, "-c", file, "-e", "stderr"], { cwd: folder });
  await answering(port);
  return port;
}

async function startWeb(children: Children, tools: Tools): Promise<number> {
  const runtime: RuntimeName = tools.runtimes.bun ? "bun" : "deno";
  const child = children.start(
    scriptCommand(tools, runtime, join(ROOT, "scripts/bench/web.ts"), []),
  );
  const line = await child.jsonLine((one) => one.msg === "web ready");
  return Number(line.port);
}

async function startIperf(children: Children, iperf3: string): Promise<number> {
  const port = await freePort();
  children.start([iperf3, "-s", "-B", "127.0.0.1", "-p", String(port)]);
  // Not probed: iperf3 takes a connection without its cookie for a broken test.
  await new Promise((resolve) => setTimeout(resolve, 300));
  return port;
}

/** A port that was free a moment ago, for programs that cannot choose one and tell. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/**
 * Waits until something listens.
 *
 * @param port at 127.0.0.1
 * @throws {Error} when nothing does within ten seconds
 */
export async function answering(port: number): Promise<void> {
  const { connect } = await import("node:net");
  for (let attempt = 0; attempt < 100; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const probe = connect({ host: "127.0.0.1", port });
      probe.once("connect", () => {
        probe.destroy();
        resolve(true);
      });
      probe.once("error", () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Nothing listens at port ${port}`);
}

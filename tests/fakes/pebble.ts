/**
 * Debian's `pebble -strict`, a real ACME server for tests, with `pebble-challtestsrv` as its DNS:
 * every name leads to this machine unless a test says otherwise. Everything is on ports of its own
 * and gone afterwards.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { decodeText } from "../../lib/base/bytes.ts";
import { askHttp } from "../../lib/http/ask.ts";
import type { Net } from "../../lib/runtime/net.ts";
import { findTool, toolAdvice } from "../../scripts/debian.mjs";
import { makeCa } from "./certs.ts";

/** How a pebble differs from the usual one. */
export interface PebbleOptions {
  /** Good nonces refused, in a hundred. @default {5} */
  readonly nonceReject?: number;
  /** External accounts, by key id; when there are any, one is needed. */
  readonly externalAccounts?: Readonly<Record<string, string>>;
  /** How long certificates last. @default 90 days */
  readonly validitySeconds?: number;
}

/** A running pebble. */
export interface Pebble {
  /** Its directory. */
  readonly directoryUrl: string;
  /** Who vouches for its own certificate. */
  readonly ca: string;
  /** Where it looks for http-01. */
  readonly httpPort: number;
  /** Where it looks for tls-alpn-01. */
  readonly httpsPort: number;
  /** What it has printed. */
  readonly log: () => string;
  /** A folder for the test. */
  readonly folder: string;
  /** A command that sets DNS records, for `dnsHook`. */
  readonly dnsHook: readonly string[];
  /** The root that its certificates chain to. */
  root(): Promise<string>;
  /** Lets a name lead elsewhere. */
  pointTo(name: string, address: string): Promise<void>;
  /** How many orders were made. */
  orders(): number;
}

const DAY_SECONDS = 86_400;

/**
 * Runs with a pebble that is gone afterwards.
 *
 * @param net the runtime's
 * @param run the test
 * @param options how it differs
 */
export async function withPebble(
  net: Net,
  run: (pebble: Pebble) => Promise<void>,
  options: PebbleOptions = {},
): Promise<void> {
  const [pebbleProgram, dnsProgram] = [tool("pebble"), tool("pebble-challtestsrv")];
  const folder = await mkdtemp(join(tmpdir(), "sallyport-pebble-"));
  const [acme, manage, dns, dnsManage, httpPort, httpsPort] = await freePorts(6);
  const ca = await makeCa("The authority of pebble's own door");
  const leaf = await ca.leaf(["localhost", "127.0.0.1"]);
  const path = (name: string) => join(folder, name);
  await writeFile(path("cert.pem"), leaf.chainPem);
  await writeFile(path("key.pem"), leaf.keyPem);
  await writeFile(
    path("pebble.json"),
    JSON.stringify({
      pebble: {
        listenAddress: `127.0.0.1:${acme}`,
        managementListenAddress: `127.0.0.1:${manage}`,
        certificate: path("cert.pem"),
        privateKey: path("key.pem"),
        httpPort,
        tlsPort: httpsPort,
        ocspResponderURL: "",
        externalAccountBindingRequired: options.externalAccounts !== undefined,
        externalAccountMACKeys: options.externalAccounts ?? {},
        certificateValidityPeriod: options.validitySeconds ?? 90 * DAY_SECONDS,
      },
    }),
  );
  await writeFile(path("hook.mjs"), hookText(dnsManage));
  const children = [
    start(dnsProgram, [
      ...["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""],
      ...["-dns01", `127.0.0.1:${dns}`, "-management", `127.0.0.1:${dnsManage}`],
    ]),
    start(
      pebbleProgram,
      ["-strict", "-config", path("pebble.json"), "-dnsserver", `127.0.0.1:${dns}`],
      {
        PEBBLE_VA_NOSLEEP: "1",
        PEBBLE_WFE_NONCEREJECT: String(options.nonceReject ?? 5),
        // A name that was proved is to be proved again: renewals test the whole way.
        PEBBLE_AUTHZREUSE: "0",
      },
    ),
  ];
  const ask = async (port: number, target: string, body?: unknown, tls = false) => {
    const url = new URL(`${tls ? "https" : "http"}://localhost:${port}${target}`);
    const conn = await net.connect({
      host: "127.0.0.1",
      port,
      ...(tls ? { tls: { serverName: "localhost", roots: [ca.caPem] } } : {}),
    });
    try {
      const method = body === undefined ? "GET" : "POST";
      const text = body === undefined ? undefined : JSON.stringify(body);
      const answer = await askHttp(conn, { method, url, ...(text && { body: text }) });
      if (answer.head.status !== 200) throw new Error(`${target}: ${answer.head.status}`);
      return decodeText(answer.body);
    } finally {
      conn.abort();
    }
  };
  try {
    await reachable(() => ask(acme, "/dir", undefined, true), children);
    await reachable(() => ask(dnsManage, "/clear-txt", { host: "nobody." }), children);
    await run({
      directoryUrl: `https://localhost:${acme}/dir`,
      ca: ca.caPem,
      httpPort,
      httpsPort,
      folder,
      log: () => children[1].text(),
      dnsHook: [process.execPath, ...("Deno" in globalThis ? ["run", "-A"] : []), path("hook.mjs")],
      root: () => ask(manage, "/roots/0", undefined, true),
      async pointTo(name, address) {
        await ask(dnsManage, "/add-a", { host: `${name}.`, addresses: [address] });
      },
      orders: () => children[1].text().match(/POST \/order-plz/g)?.length ?? 0,
    });
  } finally {
    for (const child of children) await child.end();
    await rm(folder, { recursive: true, force: true });
  }
}

function tool(name: "pebble" | "pebble-challtestsrv"): string {
  const found = findTool(name);
  if (found === undefined) throw new Error(toolAdvice(name));
  return found;
}

/** Ports that were free a moment ago: pebble must be told where the edge will be, and the other way round. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return server;
  }));
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  for (const server of servers) {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
  return ports;
}

interface Child {
  text(): string;
  readonly isOver: boolean;
  end(): Promise<void>;
}

function start(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Child {
  const child = spawn(program, [...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  let isOver = false;
  const hear = (chunk: Uint8Array) => void (text += decodeText(new Uint8Array(chunk)));
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const over = new Promise<void>((resolve) => {
    child.on("error", (error) => {
      text += String(error);
      isOver = true;
      resolve();
    });
    child.on("close", () => {
      isOver = true;
      resolve();
    });
  });
  return {
    text: () => text,
    get isOver() {
      return isOver;
    },
    async end() {
      child.kill("SIGKILL");
      await over;
    },
  };
}

async function reachable(ask: () => Promise<unknown>, children: readonly Child[]): Promise<void> {
  for (let attempt = 0;; attempt++) {
    try {
      await ask();
      return;
    } catch (thrown) {
      const dead = children.find((child) => child.isOver);
      if (dead) throw new Error(`It did not start: ${dead.text()}`, { cause: thrown });
      if (attempt > 300) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** What a provider's command would do, with the DNS of the test. */
function hookText(port: number): string {
  return `
const { SALLYPORT_DNS_ACTION: action, SALLYPORT_DNS_NAME: name, SALLYPORT_DNS_VALUE: value } = process.env;
const verb = action === "present" ? "set-txt" : action === "cleanup" ? "clear-txt" : undefined;
if (!verb || !name || !value) process.exit(3);
const response = await fetch("http://127.0.0.1:${port}/" + verb, {
  method: "POST",
  body: JSON.stringify({ host: name + ".", value }),
});
if (!response.ok) process.exit(4);
`;
}

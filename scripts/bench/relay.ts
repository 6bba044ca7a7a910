/**
 * Half of the relay the tunnel is compared with: the same sockets and the same TLS, but no mux and
 * no HTTP. Two of them, each its own process, make the double relay; each visitor connection has one
 * TLS connection between the halves.
 *
 * Run by the benchmark: `relay.ts front TO_PORTS CA_PEM NAME` listens plain and dials TLS;
 * `relay.ts back TO_PORTS CHAIN_PEM KEY_PEM` listens TLS and dials plain. It prints its ports.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { type Duplex, join } from "../../lib/base/duplex.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import type { Certificate, Conn, Net, TlsClientOptions } from "../../lib/runtime/net.ts";

const HOST = "127.0.0.1";

/** Takes the visitor as it wants to be spoken to, dials, joins. */
async function carry(
  visitor: Conn,
  accept: () => Duplex | Promise<Duplex>,
  dial: () => Promise<Duplex>,
): Promise<void> {
  try {
    const from = await accept();
    await join(from, await dial());
  } catch (thrown) {
    visitor.abort(thrown);
    process.stderr.write(`${thrown}\n`);
  }
}

function front(net: Net, port: number, tls: TlsClientOptions): (visitor: Conn) => void {
  return (visitor) => {
    void carry(visitor, () => visitor, () => net.connect({ host: HOST, port, tls }));
  };
}

function back(net: Net, port: number, certificate: Certificate): (visitor: Conn) => void {
  return (visitor) => {
    void carry(
      visitor,
      () => net.startTlsServer(visitor, { certificate }),
      () => net.connect({ host: HOST, port }),
    );
  };
}

async function main(role: string, toPorts: string, pemFile: string, last: string): Promise<void> {
  const { net } = detectRuntime();
  const pem = readFileSync(pemFile, "utf8");
  const serve = role === "front"
    ? (port: number) => front(net, port, tls)
    : (port: number) => back(net, port, certificate);
  // Made once: contexts are kept by the identity of these.
  const tls = { serverName: last, roots: [pem] };
  const certificate = { chainPem: pem, keyPem: role === "back" ? readFileSync(last, "utf8") : "" };
  const ports: number[] = [];
  for (const toPort of toPorts.split(",").map(Number)) {
    const listener = await net.listen({ host: HOST, onConnection: serve(toPort) });
    ports.push(listener.address.port);
  }
  process.stdout.write(`${JSON.stringify({ msg: "relay ready", ports })}\n`);
}

await main(process.argv[2], process.argv[3], process.argv[4], process.argv[5]);

/**
 * A name server on loopback: UDP, TCP and HTTPS (RFC 1035, RFC 8484), with names that change while it
 * runs, and with the faults that name servers have.
 *
 * @module
 */
import dgram from "node:dgram";
import https from "node:https";
import net, { type AddressInfo } from "node:net";
import type { Certificate } from "../../lib/runtime/net.ts";

/** What is wrong with a name server: nothing, no answer at all, SERVFAIL, or answers cut short. */
export type DnsMood = "well" | "silent" | "failing" | "truncating";

/** A name server. */
export interface FakeDns {
  /** `127.0.0.1:port`, the same for UDP and TCP. */
  readonly address: string;
  /** `https://127.0.0.1:port/dns-query`; empty without a certificate. */
  readonly url: string;
  /** Its names, which may change. */
  readonly names: Map<string, readonly string[]>;
  /** How it feels. */
  mood: DnsMood;
  /** The names it was asked for, over any transport: `udp A edge.test`. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** Starts one. */
export async function startDns(
  names: Readonly<Record<string, readonly string[]>>,
  certificate?: Certificate,
): Promise<FakeDns> {
  const sockets = new Set<net.Socket>();
  const zone = new Map(Object.entries(names));
  const asked: string[] = [];
  const fake = { names: zone, mood: "well" as DnsMood, asked };

  const udp = dgram.createSocket("udp4");
  const tcp = net.createServer((socket) => {
    keep(socket);
    let held = new Uint8Array(0);
    socket.on("data", (data: Uint8Array) => {
      held = Uint8Array.from([...held, ...data]);
      while (held.length >= 2) {
        const length = held[0] << 8 | held[1];
        if (held.length < 2 + length) return;
        const reply = answer(fake, "tcp", held.slice(2, 2 + length));
        held = held.slice(2 + length);
        if (reply) socket.write(Uint8Array.from([reply.length >> 8, reply.length & 255, ...reply]));
      }
    });
  });
  function keep(socket: net.Socket) {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  }
  await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", () => resolve()));
  const { port } = tcp.address() as AddressInfo;
  udp.on("message", (question, from) => {
    const reply = answer(fake, "udp", question);
    if (reply) udp.send(reply, from.port, from.address);
  });
  await new Promise<void>((resolve, reject) => {
    udp.once("error", reject);
    udp.bind(port, "127.0.0.1", () => resolve());
  });

  let web: https.Server | undefined;
  if (certificate) {
    web = https.createServer(
      { cert: certificate.chainPem, key: certificate.keyPem },
      (request, response) => {
        const url = new URL(request.url ?? "/", "https://dns");
        const text = url.searchParams.get("dns");
        if (url.pathname !== "/dns-query" || text === null) {
          return void response.writeHead(404).end();
        }
        const reply = answer(fake, "https", new Uint8Array(Buffer.from(text, "base64url")));
        if (!reply) return; // never answered
        response.setHeader("content-type", "application/dns-message");
        response.end(reply);
      },
    );
    web.on("connection", keep);
    await new Promise<void>((resolve) => web!.listen(0, "127.0.0.1", () => resolve()));
  }
  return Object.assign(fake, {
    address: `127.0.0.1:${port}`,
    url: web ? `https://127.0.0.1:${(web.address() as AddressInfo).port}/dns-query` : "",
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => udp.close(() => resolve()));
      await new Promise<void>((resolve) => tcp.close(() => resolve()));
      if (web) await new Promise<void>((resolve) => web!.close(() => resolve()));
    },
  });
}

/** The answer to one question; `undefined` for silence. */
function answer(
  { names, mood, asked }: Pick<FakeDns, "names" | "mood" | "asked">,
  over: "udp" | "tcp" | "https",
  question: Uint8Array,
): Uint8Array | undefined {
  const labels: string[] = [];
  let at = 12;
  for (let length = question[at]; length > 0; length = question[at]) {
    labels.push(String.fromCharCode(...question.slice(at + 1, at + 1 + length)));
    at += 1 + length;
  }
  const type = question[at + 1] << 8 | question[at + 2];
  const name = labels.join(".").toLowerCase();
  asked.push(`${over} ${type === 1 ? "A" : "AAAA"} ${name}`);
  if (mood === "silent") return undefined;
  const found = mood === "failing"
    ? []
    : (names.get(name) ?? []).filter((ip) => net.isIP(ip) === (type === 1 ? 4 : 6));
  const isCut = mood === "truncating" && over === "udp";
  const code = mood === "failing" ? 2 : names.has(name) ? 0 : 3;
  const records = isCut ? [] : found.flatMap((ip) => {
    const bytes = addressBytes(ip);
    // A reference to the name of the question, the type, IN, 1 s, the address.
    return [0xc0, 12, 0, type, 0, 1, 0, 0, 0, 1, 0, bytes.length, ...bytes];
  });
  return Uint8Array.from([
    ...[question[0], question[1], isCut ? 0x83 : 0x81, 0x80 | code],
    ...[0, 1, 0, isCut ? 0 : found.length, 0, 0, 0, 0],
    ...question.slice(12, at + 5),
    ...records,
  ]);
}

function addressBytes(ip: string): number[] {
  if (net.isIP(ip) === 4) return ip.split(".").map(Number);
  const [head, tail = ""] = ip.split("::");
  const words = (text: string) =>
    text === "" ? [] : text.split(":").map((one) => parseInt(one, 16));
  const [before, after] = [words(head), words(tail)];
  const all = [...before, ...Array(8 - before.length - after.length).fill(0), ...after];
  return all.flatMap((word) => [word >> 8, word & 255]);
}

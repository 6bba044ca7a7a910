/**
 * Names and addresses of the machine on node:dns and node:os: what a name resolves to, by the system
 * or by name servers that are told, and the network interfaces. The network and the
 * host of every runtime take theirs from here.
 *
 * @module
 */
import * as dns from "node:dns/promises";
import { isIP } from "node:net";
import * as os from "node:os";
import { abortError, type Clock } from "../base/clock.ts";
import { TunnelError } from "../base/errors.ts";
import type { LookUpOptions } from "./net.ts";
import { codeOf, translateError } from "./translate_errors.ts";

/** As long as a look-up may take, unless its options say otherwise. */
const LOOK_UP_MS = 5_000;

/** A name that exists, without an address of the kind asked for; runtimes disagree about which. */
const NOTHING: ReadonlySet<string> = new Set(["ENODATA", "ENOTFOUND"]);

/**
 * Looks a name up. See {@linkcode Net.lookUp}.
 *
 * @param clock times it
 * @param name what to look up; an IP address is its own answer
 * @param options whom to ask
 * @throws {TunnelError} host_not_found, timed_out, aborted
 */
export function lookUpName(
  clock: Clock,
  name: string,
  options: LookUpOptions = {},
): Promise<string[]> {
  const { servers, signal, timeoutMs = LOOK_UP_MS } = options;
  const tried = `Cannot resolve "${name}"${servers ? ` by ${servers.join(", ")}` : ""}`;
  if (signal?.aborted) return Promise.reject(abortError(signal));
  if (isIP(name)) return Promise.resolve([name]);
  const resolver = servers && new dns.Resolver({ timeout: Math.min(timeoutMs, 2_000), tries: 2 });
  return new Promise((resolve, reject) => {
    function over() {
      timer.cancel();
      signal?.removeEventListener("abort", onAbort);
    }
    function giveUp(error: TunnelError) {
      over();
      reject(error);
      resolver?.cancel();
    }
    const onAbort = () => giveUp(abortError(signal!));
    const timer = clock.after(timeoutMs, () => {
      giveUp(new TunnelError("timed_out", `${tried}: no answer within ${timeoutMs} ms`));
    });
    signal?.addEventListener("abort", onAbort, { once: true });
    const asked = resolver ? askServers(resolver, name, servers) : systemAddresses(name);
    asked.then((found) => {
      over();
      resolve(found);
    }, (thrown) => {
      over();
      reject(toNameError(thrown, tried));
    });
  });
}

/**
 * What the system says a name resolves to, both families in turn. As long as the system likes.
 *
 * @param name what to look up
 */
export async function systemAddresses(name: string): Promise<string[]> {
  return interleave(await dns.lookup(name, { all: true, verbatim: true }));
}

async function askServers(
  resolver: dns.Resolver,
  name: string,
  servers: readonly string[],
): Promise<string[]> {
  resolver.setServers(servers.map((one) => isIP(one) === 6 ? `[${one}]` : one));
  const [four, six] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  const found = [
    ...addresses(six, 6),
    ...addresses(four, 4),
  ];
  if (found.length > 0) return interleave(found);
  // Of two failures the one that is more than "there is none" says what is wrong.
  const failures = [four, six].flatMap((one) => one.status === "rejected" ? [one.reason] : []);
  throw failures.find((one) => !NOTHING.has(codeOf(one))) ?? failures[0] ?? { code: "ENOTFOUND" };
}

function addresses(asked: PromiseSettledResult<string[]>, family: number) {
  return asked.status === "fulfilled" ? asked.value.map((address) => ({ address, family })) : [];
}

/** What c-ares says, in the words of this house. */
function toNameError(thrown: unknown, tried: string): TunnelError {
  const code = codeOf(thrown).replace(/^DNS_/, "");
  const found = {
    ENODATA: "the name has no address",
    ESERVFAIL: "the name server failed",
    EREFUSED: "the name server refuses to answer",
    ECONNREFUSED: "no name server listens there",
    ETIMEOUT: "the name server does not answer",
  }[code];
  if (found === undefined) return translateError(thrown, tried, "host_not_found");
  return new TunnelError(
    code === "ETIMEOUT" ? "timed_out" : "host_not_found",
    `${tried}: ${found}`,
    { cause: thrown },
  );
}

/** Addresses of both families in turn, the resolver's first choice first (RFC 8305, 4). */
function interleave(
  found: readonly { readonly address: string; readonly family: number }[],
): string[] {
  const first = found.filter((one) => one.family === found[0].family);
  const second = found.filter((one) => one.family !== found[0].family);
  const order: string[] = [];
  for (let at = 0; at < Math.max(first.length, second.length); at++) {
    if (at < first.length) order.push(first[at].address);
    if (at < second.length) order.push(second[at].address);
  }
  return order;
}

/** The network interfaces that are up. See {@linkcode Host.interfaces}. */
export function networkInterfaces(): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(os.networkInterfaces()).map(([name, found = []]) => [
      name,
      found.map(({ address }) => address).filter((address) => !/^fe[89ab]/i.test(address)),
    ]),
  );
}

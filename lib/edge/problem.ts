/**
 * Everything the edge says to an HTTP visitor on its own account, as data: the status, the
 * `ERR_NGROK_n` number, whose fault it is and what to do. `error_page.ts` renders one; the relay
 * and the doors choose one.
 *
 * Numbers are the documented ones (edge K). Where the ecosystem has no number of its own, as for a
 * malformed request, the general 3007 "gateway error" stands in, so that `ngrok-error-code` is on
 * every answer that did not come from the service.
 *
 * @module
 */

import type { HeaderLine } from "../http/edit.ts";

/** Which station of the trip has to change something. */
export type Fault = "visitor" | "edge" | "agent" | "service";

/** One answer of the edge's own. Texts are plain text: rendering escapes them. */
export interface Problem {
  /** The HTTP status. */
  readonly status: number;
  /** The number after `ERR_NGROK_`. */
  readonly ngrokCode: number;
  /** A few words, for the heading. */
  readonly title: string;
  /** One sentence for a person; also the whole answer to programs. */
  readonly message: string;
  /** Whose turn it is. */
  readonly fault: Fault;
  /** What to try, most likely first. */
  readonly advice: readonly string[];
  /** Where the visitor should go instead: makes the answer a redirect. */
  readonly location?: string;
  /** Headers besides those of every answer of the edge: a challenge, `Retry-After`. */
  readonly headers?: readonly HeaderLine[];
}

/** The general number for what has none of its own. */
const GATEWAY_ERROR = 3007;

/** Nobody serves that name. */
export function endpointOffline(host: string): Problem {
  return {
    status: 404,
    ngrokCode: 3200,
    title: "This endpoint is offline",
    message: `The endpoint ${host} is offline.`,
    fault: "agent",
    advice: [
      "Visitors: check the address for a typing error, or try again in a moment.",
      "Owners: start the agent on your machine, and compare the URL it prints with this one.",
    ],
  };
}

/** The name is online, but only with TLS: the visitor is sent there. */
export function onlyHttps(location: string): Problem {
  return {
    status: 307,
    ngrokCode: 3200,
    title: "This endpoint speaks HTTPS",
    message: `This endpoint is online at ${location} only.`,
    fault: "visitor",
    advice: ["Use the https address."],
    location,
  };
}

/** The account lets this visitor into none of its endpoints. */
export function addressRefused(): Problem {
  return {
    status: 403,
    ngrokCode: 3205,
    title: "Your address may not come in",
    message: "This endpoint does not let your address in.",
    fault: "visitor",
    advice: [
      "Visitors: come from another network, or ask the owner to let your address in.",
      "Owners: an IP restriction of your account decides who may visit its endpoints.",
    ],
  };
}

/**
 * The request is malformed, ambiguous or too large.
 *
 * @param status what the parser's fault stands for: 400, 405, 414, 431 or 505
 * @param detail what is wrong with it, without a full stop
 */
export function badRequest(status: number, detail: string): Problem {
  return {
    status,
    ngrokCode: GATEWAY_ERROR,
    title: status === 431 || status === 414
      ? "The request head is too large"
      : "The request cannot be understood",
    message: `${detail}.`,
    fault: "visitor",
    advice: status === 431
      ? ["Delete the cookies of this site, or send less in headers."]
      : ["If a program sent it, correct the program: ambiguous requests are never guessed at."],
  };
}

/** The visitor spoke plain HTTP to the port that expects TLS. */
export function plainHttpOnTlsPort(): Problem {
  return {
    status: 400,
    ngrokCode: GATEWAY_ERROR,
    title: "This is the HTTPS port",
    message: "This is the HTTPS port, and the request came in plain HTTP.",
    fault: "visitor",
    advice: ["Use an address that begins with https://"],
  };
}

/** The visitor took too long to send its request. */
export function requestTimeout(limitMs: number): Problem {
  return {
    status: 408,
    ngrokCode: GATEWAY_ERROR,
    title: "The request took too long",
    message: `The request was not complete: nothing came within ${limitMs / 1000} seconds.`,
    fault: "visitor",
    advice: ["Try again; check the connection if it happens again."],
  };
}

/** The Host of the request is not the name the TLS connection is for. */
export function misdirected(host: string, serverName: string): Problem {
  return {
    status: 421,
    ngrokCode: GATEWAY_ERROR,
    title: "Wrong connection for this host",
    message: `This TLS connection is for ${serverName}, but the request is for ${host}.`,
    fault: "visitor",
    advice: ["Open a connection of its own for each host name."],
  };
}

/** What came back through the tunnel is not HTTP, or ended before an answer. */
export function invalidResponse(forwardsTo: string, detail: string): Problem {
  const where = forwardsTo === "" ? "The service" : `The service at ${forwardsTo}`;
  return {
    status: 502,
    ngrokCode: 3004,
    title: "The service gave no valid answer",
    message: `${where} returned an invalid or incomplete HTTP response. ${detail}.`,
    fault: "service",
    advice: [
      "Visitors: the tunnel works, but the service behind it does not; tell its owner.",
      "Owners: does the service speak HTTPS? Then give the agent its whole URL, as in https://localhost:8443.",
      "Owners: look for a crash or a restart in the log of the service.",
    ],
  };
}

/** The agent went away, or could not be reached, while the request was on its way. */
export function agentUnreachable(host: string): Problem {
  return {
    status: 502,
    ngrokCode: 3210,
    title: "The agent cannot be reached",
    message: `The connection to the agent of ${host} was lost.`,
    fault: "agent",
    advice: [
      "Visitors: try again in a moment; the agent reconnects by itself.",
      "Owners: check the agent's log and the network of its machine.",
    ],
  };
}

/**
 * The endpoint wants a certificate of its visitors, and this one has none, or a wrong one.
 *
 * @param found what is wrong
 */
export function certificateRefused(found: string): Problem {
  return {
    status: 403,
    ngrokCode: 3002,
    title: "A client certificate is needed",
    message: `This endpoint asks its visitors for a certificate: ${found}.`,
    fault: "visitor",
    advice: [
      "Visitors: give your browser or program a certificate that the owner of the endpoint has issued.",
      "Owners: see which authorities the endpoint trusts, and whether the certificate is still valid.",
    ],
  };
}

/** The agent's connection is there, and nothing comes from it: it was stopped, or shut down by halves. */
export function agentSilent(host: string): Problem {
  return {
    status: 502,
    ngrokCode: 3210,
    title: "The agent does not answer",
    message: `The agent of ${host} is connected, but does not answer.`,
    fault: "agent",
    advice: [
      "Visitors: try again in a moment; the edge goes on asking the agent.",
      "Owners: see whether the agent's process hangs, was suspended, or has closed its session.",
    ],
  };
}

/** The agent has as many connections as it can take. */
export function agentBusy(host: string): Problem {
  return {
    status: 503,
    ngrokCode: 743,
    title: "The agent is at its limit",
    message: `The agent of ${host} has as many connections as it can take.`,
    fault: "agent",
    advice: [
      "Visitors: try again in a moment.",
      "Owners: spread the load over several agents, or look for requests that never end.",
    ],
  };
}

/** The edge has as many connections as it takes. */
export function edgeFull(): Problem {
  return {
    status: 503,
    ngrokCode: 743,
    title: "The edge is at its limit",
    message: "The edge has as many connections as it takes.",
    fault: "edge",
    advice: [
      "Visitors: try again in a moment.",
      "Operators: raise the limit maxConnections if this machine has room for more.",
    ],
  };
}

/** One address has as many connections as one may have. */
export function connectionsUsedUp(limit: number): Problem {
  return {
    status: 429,
    ngrokCode: 702,
    title: "Too many connections",
    message: `There are ${limit} connections from your address already, and more are not taken.`,
    fault: "visitor",
    advice: [
      "Visitors: close some, or use the ones you have for several requests.",
      "Operators: behind a load balancer, name it in proxyProtocolFrom; else raise maxConnectionsPerAddress.",
    ],
  };
}

/** The agent did not take the connection in time. */
export function agentTimeout(host: string): Problem {
  return {
    status: 504,
    ngrokCode: 3005,
    title: "The agent did not take the connection",
    message: `A connection to the agent of ${host} could not be established in time.`,
    fault: "agent",
    advice: [
      "Visitors: try again in a moment.",
      "Owners: the agent's link is stalled, or it has too many connections open.",
    ],
  };
}

/** The service said nothing for too long. */
export function serviceTimeout(forwardsTo: string, limitMs: number): Problem {
  const where = forwardsTo === "" ? "The service" : `The service at ${forwardsTo}`;
  return {
    status: 504,
    ngrokCode: 3008,
    title: "The service did not answer in time",
    message: `${where} did not begin an answer within ${limitMs / 1000} seconds.`,
    fault: "service",
    advice: [
      "Visitors: try again later, or tell the owner.",
      "Owners: find out what the service is waiting for.",
    ],
  };
}

/** The edge itself did something wrong. */
export function edgeFault(): Problem {
  return {
    status: 500,
    ngrokCode: 722,
    title: "The edge made a mistake",
    message: "Something went wrong inside the edge.",
    fault: "edge",
    advice: ["Try again; if it happens again, tell the operator of this edge."],
  };
}

/**
 * A request that went through so many proxies that it must be going in circles: an endpoint whose
 * service is the edge itself, or a proxy that leads back to it (RFC 5842 section 7.2).
 *
 * @param host which name was asked for
 * @param maxHops how many are too many
 */
export function loopDetected(host: string, maxHops: number): Problem {
  return {
    status: 508,
    ngrokCode: 3501,
    title: "The request goes in circles",
    message: `The request for ${host} came by more than ${maxHops} proxies.`,
    fault: "agent",
    advice: [
      "Owners: the service behind this endpoint leads back to the edge; give the agent the address of the service itself.",
      "Behind many proxies of your own: let one of them begin X-Forwarded-For anew.",
    ],
  };
}

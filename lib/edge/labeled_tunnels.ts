/**
 * Tunnels that have labels instead of a URL (wire-protocol 5.4). Labels led to the backends of Edges,
 * objects of ngrok's cloud that ended; an edge of one's own has none, so no visitor comes to them.
 * They are taken all the same, within the rules of the authtoken (S45, S46), so that programs of that
 * time start, and the API lists them.
 *
 * Kept by `places.ts`, asked for by `rpc.ts`.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import { ksuid } from "../base/ids.ts";
import { allowsLabel } from "./acl.ts";
import type { EndpointMember } from "./agent_endpoint.ts";
import type { Grant } from "./auth.ts";

/** A tunnel with labels. */
export interface LabeledTunnel {
  /** The id that its agent knows it by; names it in APIs, behind `tn_`. */
  readonly id: string;
  /** Whose it is. */
  readonly accountId: string;
  /** The session that serves it. */
  readonly sessionId: string;
  /** At least one. */
  readonly labels: Readonly<Record<string, string>>;
  /** The agent's words about its upstream. */
  readonly forwardsTo: string;
  /** What the user's programs say about it. */
  readonly metadata: string;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
}

/** What is asked for. */
export type LabelWish = Pick<LabeledTunnel, "labels" | "forwardsTo" | "metadata">;

/** Edge I: as long as metadata may be, labels and values together. */
const MAX_LABEL_CHARS = 4096;

/** All of them. */
export class LabeledTunnels {
  readonly #bySession = new Map<EndpointMember, Map<string, LabeledTunnel>>();

  /** Every tunnel with labels. */
  get all(): readonly LabeledTunnel[] {
    return [...this.#bySession.values()].flatMap((tunnels) => [...tunnels.values()]);
  }

  /** How many a session has. */
  countOf(session: EndpointMember): number {
    return this.#bySession.get(session)?.size ?? 0;
  }

  /**
   * Starts one.
   *
   * @param session who asks
   * @param wish its labels and texts
   * @param nowMs milliseconds since 1970
   * @throws {TunnelError} refused with 394 (no label), 399 (the rules of the authtoken), 301
   */
  start(
    session: EndpointMember & { readonly grant: Grant },
    wish: LabelWish,
    nowMs: number,
  ): LabeledTunnel {
    const { acl, accountId, tokenId } = session.grant;
    check(wish.labels);
    for (const [label, value] of Object.entries(wish.labels)) {
      if (allowsLabel(acl, label, value)) continue;
      throw refuse(
        399,
        `Cannot start a tunnel with the label "${label}=${value}": the rules of the authtoken ` +
          `${tokenId} forbid it`,
      );
    }
    const tunnel = {
      ...wish,
      id: ksuid(nowMs),
      accountId,
      sessionId: session.id,
      startedAtMs: nowMs,
    };
    let tunnels = this.#bySession.get(session);
    if (!tunnels) this.#bySession.set(session, tunnels = new Map());
    tunnels.set(tunnel.id, tunnel);
    return tunnel;
  }

  /** Ends one; another session's, or none, changes nothing. */
  stop(session: EndpointMember, id: string): void {
    this.#bySession.get(session)?.delete(id);
  }

  /** A session is over. */
  sessionEnded(session: EndpointMember): void {
    this.#bySession.delete(session);
  }
}

function check(labels: Readonly<Record<string, unknown>>): void {
  const entries = Object.entries(labels);
  if (entries.length === 0) {
    throw refuse(394, "Cannot start a tunnel: the request names neither a protocol nor a label");
  }
  let chars = 0;
  for (const [label, value] of entries) {
    if (label === "" || typeof value !== "string") {
      throw refuse(
        301,
        `Cannot start a tunnel: the label "${label.slice(0, 64)}" must have a text`,
      );
    }
    chars += label.length + value.length;
  }
  if (chars <= MAX_LABEL_CHARS) return;
  throw refuse(
    301,
    `Cannot start a tunnel: its labels have ${chars} characters, the limit is ${MAX_LABEL_CHARS}`,
  );
}

function refuse(ngrokCode: number, message: string): TunnelError {
  return new TunnelError("refused", message, { ngrokCode });
}

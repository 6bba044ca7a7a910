/**
 * The Bind RPC: reads the request, checks what it asks for against the rules of the edge and of the
 * authtoken, gets it a place (`places.ts`) and writes the answer.
 *
 * Called by `rpc.ts`.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import type { Clock } from "../base/clock.ts";
import { ksuid } from "../base/ids.ts";
import type { Logger } from "../base/log.ts";
import type { BindResponse } from "../wire/messages.ts";
import { allowsAddress, allowsHost, allowsRandomAddress } from "./acl.ts";
import type { Grant } from "./auth.ts";
import { bindPolicy } from "./bind_policy.ts";
import { bindResponse, type ReadBind, readBind } from "./bind_message.ts";
import type { EndpointProto } from "./endpoint.ts";
import { checkModules } from "./modules.ts";
import {
  bindingOf,
  type EndpointBinding,
  internalAddress,
  isInternalHost,
} from "./internal_address.ts";
import { randomLabel } from "./names.ts";
import type { BindingSession, Places } from "./places.ts";
import type { PolicyBook } from "./policy_book.ts";
import { type AddressRules, requestedAddress } from "./requested_address.ts";
import type { Reservations } from "./reservations.ts";
import { readTermination } from "./tls_termination.ts";
import type { Signer } from "./tokens.ts";

/** What binding needs. */
export interface BindRules {
  /** Who has which address. */
  readonly places: Places;
  /** Whose names and addresses are. */
  readonly reservations: Reservations;
  /** Time. */
  readonly clock: Clock;
  /** What policies take from their account. */
  readonly policies: Pick<PolicyBook, "servicesFor">;
  /** Signs bind tokens. */
  readonly signer: Signer;
  /** Where lines go. */
  readonly logger: Logger;
  /** Domains and the ports that stand in URLs. */
  readonly rules: AddressRules;
  /** Whether there are tcp endpoints. */
  readonly offersTcp: boolean;
  /** Gives `http` to whoever asks for `https` when there is no https door: the embedded edge's help. */
  readonly httpsFallsBack: boolean;
}

/**
 * Binds.
 *
 * @param session who asks
 * @param message the parsed request
 * @param edge places, rules and keys
 * @returns the answer
 * @throws {TunnelError} refused, message_invalid, session_closed
 */
export async function bindEndpoint(
  session: BindingSession,
  message: Record<string, unknown>,
  edge: BindRules,
): Promise<BindResponse> {
  const { signer, places, clock } = edge;
  const { accountId } = session.grant;
  const bind = readBind(message);
  const binding = bindingOf(bind.binding, bind.options);
  const proto = binding === "internal" ? bind.proto : offeredProto(bind.proto, edge);
  checkModules(bind.options);
  readTermination(proto, bind.options); // before anything is given: it throws when it cannot be done
  const policy = await bindPolicy(
    { proto, binding, options: bind.options, ipPolicyRef: bind.extra.IPPolicyRef },
    edge.policies.servicesFor(accountId),
  );

  const kept = await keptAddress(session.grant, bind, proto, signer);
  const address = chooseAddress(kept, binding, proto, bind, edge);
  checkAcl(session.grant, proto, address.host, address.port);
  const isKept = kept !== undefined;
  const reservedPorts = await checkReserved({ accountId, proto, isKept, ...address }, edge);

  const endpoint = await places.take({
    session,
    bind,
    policy,
    id: bind.id === "" ? ksuid(clock.now()) : bind.id,
    proto,
    ...address,
    reservedPorts,
    proven: isKept,
  });
  const { id, url, host, port, facts } = endpoint;
  // The port of the others is the door's, wherever that is tomorrow.
  const ownPort = proto === "tcp" || facts.binding === "internal" ? { o: port } : {};
  const token = await signer.seal("bind", { i: id, a: accountId, p: proto, h: host, ...ownPort });
  const { options } = bind;
  return bindResponse({ id, ksuid: facts.ksuid, url, proto, host, port, options, token });
}

/** Where an endpoint is to be. */
interface Address {
  readonly host: string;
  /** `undefined` is any tcp port. */
  readonly port: number | undefined;
  readonly binding: EndpointBinding;
}

function chooseAddress(
  kept: { host: string; port: number | undefined } | undefined,
  asked: EndpointBinding,
  proto: EndpointProto,
  bind: ReadBind,
  { rules }: BindRules,
): Address {
  const binding = kept ? (isInternalHost(kept.host) ? "internal" : "public") : asked;
  if (binding === "internal") {
    const { host, port } = kept ?? internalAddress(proto, bind.options);
    return { host, port, binding };
  }
  const wanted = kept ?? requestedAddress(proto, bind.options, rules);
  const host = wanted.host ??
    (proto === "tcp" ? rules.domains[0] : `${randomLabel()}.${rules.domains[0]}`);
  return { host, port: proto === "tcp" ? wanted.port : rules.ports[proto], binding };
}

/** Somebody wants an address. */
interface Claim extends Address {
  readonly accountId: string;
  readonly proto: EndpointProto;
  readonly isKept: boolean;
}

/**
 * Refuses what another account has reserved.
 *
 * @returns the ports that are not for whoever wants any
 */
async function checkReserved(
  claim: Claim,
  { reservations }: BindRules,
): Promise<ReadonlySet<number>> {
  const { accountId, proto, host, port, binding, isKept } = claim;
  if (binding === "internal") return NO_PORTS;
  if (proto !== "tcp") {
    await reservations.checkHost(accountId, host);
    return NO_PORTS;
  }
  if (port === undefined) return await reservations.reservedPorts();
  await reservations.checkAddress({ accountId, host, port, isKept });
  return NO_PORTS;
}

const NO_PORTS: ReadonlySet<number> = new Set();

function offeredProto(asked: EndpointProto, edge: BindRules): EndpointProto {
  const { rules, offersTcp, httpsFallsBack } = edge;
  if (asked === "tcp" ? offersTcp : rules.ports[asked] !== undefined) return asked;
  if (asked === "https" && httpsFallsBack && rules.ports.http !== undefined) return "http";
  throw refuse(332, `Cannot bind: this edge has no door for ${asked} endpoints`);
}

/** The address that a bind token stands for; `undefined` without a token, or with another edge's. */
async function keptAddress(
  grant: Grant,
  bind: ReadBind,
  proto: EndpointProto,
  signer: Signer,
): Promise<{ host: string; port: number | undefined } | undefined> {
  const token = bind.extra.Token ?? "";
  if (token === "") return undefined;
  const note = await signer.open("bind", token);
  // The data folder was lost, or the agent came from another edge: its token proves nothing, but to
  // refuse it would lock the agent out for ever, for clients never drop a token. It asks for a name
  // like everybody else, and that is checked like everybody else's.
  if (note.status === "foreign") return undefined;
  if (note.status === "valid") {
    const { i, a, p, h, o } = note.payload;
    const fits = i === bind.id && a === grant.accountId && p === proto;
    if (fits && typeof h === "string") {
      return { host: h, port: typeof o === "number" ? o : undefined };
    }
  }
  throw refuse(335, "Cannot bind again: the bind token is not the one this endpoint was given");
}

function checkAcl(
  grant: Grant,
  proto: EndpointProto,
  host: string,
  port: number | undefined,
): void {
  const { acl, tokenId } = grant;
  const forbidden = `the rules of the authtoken ${tokenId} forbid it`;
  if (proto !== "tcp") {
    if (!allowsHost(acl, host)) throw refuse(316, `Cannot bind "${host}": ${forbidden}`);
  } else if (port === undefined) {
    if (!allowsRandomAddress(acl)) throw refuse(356, `Cannot bind any tcp port: ${forbidden}`);
  } else if (!allowsAddress(acl, host, port)) {
    throw refuse(308, `Cannot bind "${host}:${port}": ${forbidden}`);
  }
}

function refuse(ngrokCode: number, message: string): TunnelError {
  return new TunnelError("refused", message, { ngrokCode });
}

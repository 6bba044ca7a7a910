/**
 * The audit trail: who did what to which object, as events of the form that ngrok's log exports have
 * (spec edge O). {@linkcode record} writes one; `change.ts` hands it on once it is on the disk.
 *
 * @module
 */
import type { StoreContent } from "../store/store.ts";
import type { ApiEvent } from "./api_event.ts";
import type { ApiContext, Json, Principal } from "./resource.ts";

/** Every kind of object whose changes are exported, in ngrok's words (spec rest-api A22). */
const AUDITED = [
  "api_key",
  "certificate_authority",
  "domain",
  "event_destination",
  "event_subscription",
  "ip_policy",
  "ip_policy_rule",
  "ip_restriction",
  "secret",
  "ssh_certificate_authority",
  "ssh_host_certificate",
  "ssh_public_key",
  "ssh_user_certificate",
  "tcp_address",
  "tls_certificate",
  "tunnel_credential",
  "vault",
] as const;

/** Every type that an event subscription may name (spec edge O: 55). */
export const EVENT_TYPES: readonly string[] = [
  ...AUDITED.flatMap((name) => [
    `${name}_created.v0`,
    `${name}_deleted.v0`,
    `${name}_updated.v0`,
  ]),
  "agent_session_start.v0",
  "agent_session_stop.v0",
  "http_request_complete.v0",
  "tcp_connection_closed.v0",
];

/** What an event is made of. */
export interface EventFacts {
  /** Its type. */
  readonly type: string;
  /** The object. */
  readonly object: Json;
  /** Who did it. */
  readonly principal: Principal;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** The absolute address of a path. */
  readonly uri: (path: string) => string;
}

/**
 * Makes an event.
 *
 * @param api makes its id
 * @param facts what happened
 */
export function makeEvent(api: ApiContext, facts: EventFacts): ApiEvent {
  const { id, subject, keyId, accountId, isAtMachine = false } = facts.principal;
  return {
    event_id: api.ids.id("ev"),
    event_type: facts.type,
    event_timestamp: formatTime(facts.nowMs),
    account_id: accountId,
    object: facts.object,
    principal: {
      id,
      subject,
      source: isAtMachine ? "Command line" : "API",
      credential: { id: keyId, uri: isAtMachine ? "" : facts.uri(`/api_keys/${keyId}`) },
    },
  };
}

/**
 * Writes an event into the audit trail.
 *
 * @param content the transaction in which the thing happens
 * @param event what happened
 * @param nowMs when
 * @param keep how many entries the account's trail holds
 */
export async function record(
  content: StoreContent,
  event: ApiEvent,
  nowMs: number,
  keep: number,
): Promise<void> {
  await content.audit_events.insert({
    id: event.event_id,
    account_id: event.account_id,
    created_at: nowMs,
    updated_at: nowMs,
    description: "",
    metadata: "",
    type: event.event_type,
    principal: { ...event.principal },
    object: event.object,
  });
  // Once in 62 times: the trail may be a little longer than promised, and writing stays cheap.
  if (event.event_id.endsWith("0")) await content.audit_events.trim(event.account_id, keep);
}

/** A time as the API writes it: RFC 3339, UTC, whole seconds (spec rest-api A11). */
export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

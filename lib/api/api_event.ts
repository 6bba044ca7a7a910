/**
 * The shape of an event of the API, for whoever makes or hears one.
 *
 * @module
 */

/** Who did it, as events say it. */
export interface EventPrincipal {
  /** `usr_…`, `service_…`, `bot_…`. */
  readonly id: string;
  /** The name of the account or of the service user. */
  readonly subject: string;
  /** Where it was done. */
  readonly source: "API" | "Command line";
  /** The key that was used; id and uri are empty for who works at the machine itself. */
  readonly credential: { readonly id: string; readonly uri: string };
}

/** Something that happened, as destinations of events get it. */
export interface ApiEvent {
  /** `ev_…`. */
  readonly event_id: string;
  /** `domain_created.v0` … */
  readonly event_type: string;
  /** RFC 3339, UTC. */
  readonly event_timestamp: string;
  /** Whose object. */
  readonly account_id: string;
  /** The object as it was after, or before it was deleted. It holds no secret. */
  readonly object: Readonly<Record<string, unknown>>;
  /** Who did it. */
  readonly principal: EventPrincipal;
}

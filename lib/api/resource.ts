/**
 * The one table behind the API: a resource is a name and its operations, an operation says its
 * method, path, schemas and what it does. Routes, the OpenAPI document and the commands of
 * `sallyport api` are all read off it.
 *
 * `stored.ts` and `live_lists.ts` make the usual operations; the files in `resources/` say what is
 * special.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Schema } from "../base/schema.ts";
import type { Sealer } from "../store/seal.ts";
import type { Store, StoreContent } from "../store/store.ts";
import type { ApiEvent } from "./api_event.ts";
import type { FilterFields } from "./filter.ts";
import type { IdMaker } from "./ids.ts";
import type { ApiLimits } from "./limits.ts";
import type { LiveEdge } from "./live.ts";

/** What goes over the wire. */
export type Json = Readonly<Record<string, unknown>>;

/** Who asks. */
export interface Principal {
  /** Whose objects it is about. */
  readonly accountId: string;
  /** `usr_…` for the account's owner, `service_…` or `bot_…` for a service user. */
  readonly id: string;
  /** The name of the account or of the service user. */
  readonly subject: string;
  /** The API key: `ak_…`; empty where none was needed. */
  readonly keyId: string;
  /** Whether it is the operator at the machine itself, who needs no key. @default {false} */
  readonly isAtMachine?: boolean;
}

/** Something changed that others may have to act on. */
export interface ApiChange {
  /** The name of the resource: `credentials`, `ip_policy_rules` … */
  readonly resource: string;
  /** What happened to the object. A credential that was deleted must not be accepted any more. */
  readonly verb: "created" | "updated" | "deleted";
  /** Whose object. */
  readonly accountId: string;
  /** The object. */
  readonly id: string;
}

/** What serves the API of an edge. */
export interface EdgeApiDeps {
  /** Durable state. */
  readonly store: Store;
  /** Seals secrets before they are stored. */
  readonly sealer: Sealer;
  /** Time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** The running edge. */
  readonly live: LiveEdge;
  /** Base domains of the edge, normalized; the first one names what the edge makes up. */
  readonly domains: readonly string[];
  /** Where the edge is. @default {""} */
  readonly region?: string;
  /** The ports that stand in the URLs of endpoints. @default {"80 and 443"} */
  readonly ports?: { readonly http?: number | undefined; readonly https?: number | undefined };
  /** The ports that tcp endpoints may have; without them no address can be reserved. */
  readonly tcpPorts?: { readonly from: number; readonly to: number } | undefined;
  /** What differs from the usual bounds. */
  readonly limits?: Partial<ApiLimits>;
  /**
   * Where the API is for whoever sent this request, without a slash at the end:
   * `https://api.example.com`.
   */
  readonly baseUrl: (request: Request) => string;
  /** Hears of changes, after they are on the disk. What it throws is logged and otherwise ignored. */
  readonly onChanged?: (change: ApiChange) => void;
  /** Hears of everything that was written into the audit trail, after it is on the disk. */
  readonly onEvent?: (event: ApiEvent) => void;
  /**
   * Sends an event of type `test` to a destination, at once.
   *
   * @throws {TunnelError} when it does not arrive
   */
  readonly sendTestEvent?: (accountId: string, destinationId: string) => Promise<void>;
}

/** What the operations of an API share. */
export interface ApiContext {
  /** As given. */
  readonly deps: EdgeApiDeps;
  /** The bounds, complete. */
  readonly limits: ApiLimits;
  /** Makes ids. */
  readonly ids: IdMaker;
}

/** One request that got through to its operation. */
export interface Call {
  /** What all requests share. */
  readonly api: ApiContext;
  /** What can be read and written: inside of a transaction, the transaction's. */
  readonly content: StoreContent;
  /** Who asks. */
  readonly principal: Principal;
  /** Whose objects it is about: `principal.accountId`. */
  readonly accountId: string;
  /** The parts of the path that stand for something. */
  readonly params: Readonly<Record<string, string>>;
  /** The query, checked. */
  readonly query: ListQuery;
  /** Milliseconds since 1970: one request has one time. */
  readonly nowMs: number;
  /** The absolute address of a path. */
  uri(path: string): string;
}

/** The query of a list. */
export interface ListQuery {
  /** How many objects at most. */
  readonly limit: number;
  /** Only objects older than this one. */
  readonly beforeId: string | undefined;
  /** The filter as it was written. */
  readonly filter: string | undefined;
}

/** What an operation answers. */
export type Answer = Json | undefined;

/** One thing that can be done. */
export interface Operation {
  /** What the command line calls it: `create`, `delete-certificate`. */
  readonly verb: string;
  /** The HTTP method. */
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** The path, with its parameters in braces: `/reserved_domains/{id}`. */
  readonly path: string;
  /** What it does, in a sentence. */
  readonly summary: string;
  /** What else is to know. */
  readonly details?: string;
  /** The parameters of the path. */
  readonly params: Readonly<Record<string, PathParam>>;
  /** The prefix of `before_id`, when the operation is a list; absent otherwise. */
  readonly list?: ListFacts;
  /** The body; absent when there is none. */
  readonly body?: BodyFacts;
  /** The schema of the answer; absent when it is empty. */
  readonly answer?: Schema<Json>;
  /** The status of success. */
  readonly status: 200 | 201 | 204;
  /** Does it. The body has been checked. */
  readonly run: (call: Call, body: never) => Promise<Answer>;
}

/** A parameter of a path. */
export interface PathParam {
  /** The prefix of the id; `undefined` when it is no id. */
  readonly prefix: string | undefined;
  /** What it names. */
  readonly doc: string;
}

/** What a list can do. */
export interface ListFacts {
  /** The prefix of `before_id`; `undefined` when there are no pages. */
  readonly prefix: string | undefined;
  /** The fields a filter may name; `undefined` when there is no filter. */
  readonly filter: FilterFields | undefined;
}

/** What a body must be. */
export interface BodyFacts {
  /** Its schema; unknown fields are errors. */
  readonly schema: Schema<unknown>;
  /** Numbers for what is wrong about a field, instead of 215. */
  readonly codes?: Readonly<Record<string, number>>;
  /** Whether the whole body may be left out, or be the bare id. @default {false} */
  readonly optional?: boolean;
  /** Bodies that work. */
  readonly examples: readonly Json[];
  /** Fields that only repeat a parameter of the path: the official client sends them. */
  readonly echoes?: Readonly<Record<string, string>>;
}

/** A resource. */
export interface Resource {
  /** Its name in paths: `reserved_domains`. */
  readonly name: string;
  /** Its name on the command line, where that differs. */
  readonly commandName?: string;
  /** What it is, in a few sentences. */
  readonly about: string;
  /** What can be done with it. */
  readonly operations: readonly Operation[];
  /** Whether `GET /` names it. @default {true} */
  readonly isCollection?: boolean;
}

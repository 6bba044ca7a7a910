/**
 * What an action is: one file in `actions/`, one definition, one line in `actions/mod.ts`.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Schema } from "../base/schema.ts";
import type { IpRule } from "../http/cidr.ts";
import type { Codecs } from "../runtime/codecs.ts";
import type { ClientAuth } from "../runtime/net.ts";
import type {
  ConnectContext,
  PhaseName,
  PolicyContext,
  PolicyProto,
  RequestContext,
  ResponseContext,
} from "./context.ts";
import type { Ran } from "./outcome.ts";

/** How the TLS of visitors ends at the edge. */
export interface TlsTermination {
  /** What is presented instead of the edge's own certificate. */
  readonly certificate?: { readonly chainPem: string; readonly keyPem: string };
  /** Whether visitors must present a certificate. @default {"none"} */
  readonly clientAuth?: ClientAuth;
  /** PEM texts of the authorities theirs must chain to. */
  readonly clientRoots?: readonly string[];
  /** The oldest version accepted. @default {"1.2"} */
  readonly minVersion?: "1.2" | "1.3";
  /** The newest version accepted. @default {"1.3"} */
  readonly maxVersion?: "1.2" | "1.3";
}

/** The rules of an IP policy, kept up to date by whoever gave it. */
export interface LiveIpRules {
  /** As they are now; a new array whenever they change. */
  readonly rules: readonly IpRule[];
}

/** The language of expressions. Without one, a policy that uses it is refused. */
export interface ExpressionEngine {
  /**
   * Compiles a condition of a rule.
   *
   * @throws {TunnelError} refused with 2200
   */
  condition(source: string, phase: PhaseName): (context: PolicyContext) => boolean;
  /**
   * Compiles a text with any number of `${}` in it.
   *
   * @throws {TunnelError} refused with 2238
   */
  text(source: string, phase: PhaseName): (context: PolicyContext) => string;
}

/** What the edge offers to actions. */
export interface PolicyServices {
  /** Time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  /** Compressors. */
  readonly codecs?: Codecs | undefined;
  /** Opens an IP policy of the account; `undefined` when it has none of that id. */
  readonly ipPolicy?: ((id: string) => Promise<LiveIpRules | undefined>) | undefined;
  /** The PEM text of a certificate authority of the account; `undefined` when it has none of that id. */
  readonly certificateAuthority?: ((id: string) => Promise<string | undefined>) | undefined;
  /**
   * Fetches a small public document by HTTPS, without following redirects; absent when the edge may
   * not ask anybody.
   */
  readonly fetchBytes?: ((url: string, maxBytes: number) => Promise<Uint8Array>) | undefined;
  /** The language. */
  readonly expressions?: ExpressionEngine | undefined;
}

/** A text of a config, which may have expressions in it. */
export interface Text {
  /** The text, when it is always the same. */
  readonly constant: string | undefined;
  /** The text, for this traffic. */
  of(context: PolicyContext): string;
}

/** What an action gets while it compiles. */
export interface CompileContext extends PolicyServices {
  /** Where the rule stands. */
  readonly phase: PhaseName;
  /** What the endpoint speaks. */
  readonly proto: PolicyProto;
  /** The action's place in the document, for messages: `on_http_request, rule 1, action 2 (deny)`. */
  readonly where: string;
  /**
   * Whether the document is no user's but made of what a bind asks for, which was checked then.
   * @default {false}
   */
  readonly ownMaking?: boolean | undefined;
  /**
   * A text of the config that may have `${}` in it.
   *
   * @param field its name, for messages
   * @throws {TunnelError} refused with 2224 when it has one that does not compile
   */
  text(field: string, value: string): Text;
}

/** An action that is ready to run: a handler for each phase it may stand in. */
export interface CompiledAction {
  /** Whether nothing behind it in the same rule can ever run. @default {false} */
  readonly terminates?: boolean;
  /** How TLS ends, for the one action that says so; the TLS door obeys it before the phase runs. */
  readonly termination?: TlsTermination;
  /** Runs for a connection. */
  readonly onTcpConnect?: (context: ConnectContext) => Ran;
  /** Runs for a request. */
  readonly onHttpRequest?: (context: RequestContext) => Ran;
  /** Runs for a response. */
  readonly onHttpResponse?: (context: ResponseContext) => Ran;
}

/** An action as its file declares it. */
export interface ActionDefinition<Config> {
  /** Its name in documents. */
  readonly type: string;
  /** Where it may stand. */
  readonly phases: readonly PhaseName[];
  /** Which endpoints may have it. @default all */
  readonly protos?: readonly PolicyProto[];
  /** What its `config` must be; an absent one is `{}`. Use `z.strictObject`. */
  readonly config: Schema<Config>;
  /**
   * Makes it ready, once per bind. State that outlives a request lives in what it returns.
   *
   * @throws {TunnelError} refused, made by `policyFault`, with a number of the 2200 family
   */
  compile(config: Config, context: CompileContext): CompiledAction | Promise<CompiledAction>;
}

/** An action whatever its config is: what the list holds. */
export type Action = ActionDefinition<unknown>;

/** Declares an action. */
export function defineAction<Config>(definition: ActionDefinition<Config>): Action {
  // The engine checks a config with the definition's own schema before it compiles it.
  return definition as unknown as Action;
}

/**
 * One request's way through the policy of its endpoint: what it is shown, what it changes, who
 * wants to hear how it ended. The HTTP exchange makes one per request, for endpoints with a policy
 * alone, and carries out what it decides.
 *
 * @module
 */
import type { Logger } from "../base/log.ts";
import type { RequestHead, ResponseHead } from "../http/head.ts";
import {
  type BaseContext,
  type ExchangeEnd,
  type ReadBody,
  type RequestContext,
  RequestView,
  ResponseView,
} from "../policy/context.ts";
import type { CompiledPolicy } from "../policy/engine.ts";
import type { Outcome, StreamConverter } from "../policy/outcome.ts";
import type { Conn } from "../runtime/net.ts";
import type { Endpoint } from "./endpoint.ts";
import { policyFacts } from "./policy_facts.ts";

/** The visitor, as a policy needs it. */
export interface PolicyVisitor {
  /** Its connection. */
  readonly conn: Conn;
  /** What it speaks with us. */
  readonly scheme: "http" | "https";
  /** Where notes go. */
  readonly logger: Logger;
  /** The policies that have let this connection in; made when the first one does. */
  admittedBy: WeakSet<CompiledPolicy> | undefined;
}

/** What a policy makes of one request. */
export class PolicyRun {
  /** The request, with what was changed. */
  readonly request: RequestView;
  /** The answer, with what was changed, once there is one. */
  response: ResponseView | undefined;
  /** What takes the request over. */
  converter: StreamConverter | undefined;
  readonly #policy: CompiledPolicy;
  readonly #visitor: PolicyVisitor;
  readonly #facts: BaseContext;
  readonly #listeners: ((end: ExchangeEnd) => void)[] = [];
  #forwarded = false;

  /**
   * Nothing has run yet.
   *
   * @param policy of the endpoint
   * @param endpoint where the request goes
   * @param visitor whose it is
   * @param head the request
   * @param readBody how to get at its body
   */
  constructor(
    policy: CompiledPolicy,
    endpoint: Endpoint,
    visitor: PolicyVisitor,
    head: RequestHead,
    readBody: ReadBody,
  ) {
    this.#policy = policy;
    this.#visitor = visitor;
    this.#facts = policyFacts(visitor.conn, endpoint, visitor.logger);
    this.request = new RequestView(head, visitor.scheme, readBody);
  }

  /** The phases before the request is forwarded. The first one runs once for each connection. */
  async begin(): Promise<Outcome> {
    const visitor = this.#visitor;
    const policy = this.#policy;
    if (policy.onTcpConnect && !visitor.admittedBy?.has(policy)) {
      const refused = await policy.onTcpConnect({ ...this.#facts, phase: "on_tcp_connect" });
      if (refused) return refused;
      (visitor.admittedBy ??= new WeakSet()).add(policy);
      this.#facts.vars.clear();
    }
    const context: RequestContext = {
      ...this.#facts,
      phase: "on_http_request",
      request: this.request,
      whenEnded: (listener) => {
        this.#listeners.push(listener);
      },
      convert: (converter) => {
        this.converter = converter;
      },
    };
    return await policy.onHttpRequest?.(context);
  }

  /** The request leaves for the agent. */
  forwarded(): void {
    this.#forwarded = true;
  }

  /**
   * The phase before an answer goes out.
   *
   * @param head the answer, of the service or of the policy itself
   * @param hasBody whether a body follows
   */
  async answered(head: ResponseHead, hasBody: boolean): Promise<Outcome> {
    const response = this.response = new ResponseView(head, hasBody);
    this.#sendBack(response);
    this.#facts.vars.clear();
    return await this.#policy.onHttpResponse?.({
      ...this.#facts,
      phase: "on_http_response",
      request: this.request,
      response,
    });
  }

  /**
   * It is known what came of the request. Only the first call counts.
   *
   * @param status of the service's answer; `undefined` when there is none
   * @param visitorLeft whether that is the visitor's doing
   */
  ended(status: number | undefined, visitorLeft: boolean = false): void {
    const end = { status, forwarded: this.#forwarded, ...(visitorLeft && { visitorLeft }) };
    for (const listener of this.#listeners.splice(0)) listener(end);
  }

  /** A service that was asked for another host points to that host: visitors know only ours. */
  #sendBack({ head, headers }: ResponseView): void {
    const { request } = this;
    const asked = request.headers.get("host") ?? request.authority;
    if (asked.toLowerCase() === request.authority.toLowerCase()) return;
    // RFC 9110 section 10.2.2: it may leave out the scheme.
    const match = /^(?:(https?):)?\/\/([^/?#]*)(.*)$/i.exec(head.get("location") ?? "");
    if (!match || !isSameHost(match[2], asked, match[1]?.toLowerCase())) return;
    headers.set("Location", `${request.scheme}://${request.authority}${match[3]}`);
  }
}

/** Whether an authority of a URL is that host; the usual port goes without saying. */
function isSameHost(authority: string, host: string, scheme: string = ""): boolean {
  const usual = scheme === "https" ? /:443$/ : scheme === "http" ? /:80$/ : /:(?:80|443)$/;
  const plain = (text: string) => text.toLowerCase().replace(usual, "");
  return plain(authority) === plain(host);
}

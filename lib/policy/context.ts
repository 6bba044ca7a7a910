/**
 * What actions see of the traffic, phase by phase. The edge makes a context per connection or
 * request and only for endpoints with a policy; the engine hands it to one action after the other.
 *
 * @module
 */
import type { ByteTransform } from "../base/byte_transform.ts";
import type { RequestHead, ResponseHead } from "../http/head.ts";
import type { TlsInfo } from "../runtime/net.ts";
import { HeaderEdits } from "./header_edits.ts";
import type { StreamConverter } from "./outcome.ts";

/** The moments a policy has rules for. */
export type PhaseName = "on_tcp_connect" | "on_http_request" | "on_http_response";

/** The phases in the order traffic meets them. */
export const PHASES: readonly PhaseName[] = [
  "on_tcp_connect",
  "on_http_request",
  "on_http_response",
];

/** What endpoints speak. */
export type PolicyProto = "http" | "https" | "tcp" | "tls";

/** The visitor's connection. */
export interface ConnectionFacts {
  /** The visitor's IP address, without brackets or zone: of the socket or a trusted PROXY header, never of an HTTP header. */
  readonly clientIp: string;
  /** Its port. */
  readonly clientPort: number;
  /** Our IP address. */
  readonly serverIp: string;
  /** Our port. */
  readonly serverPort: number;
  /** What its TLS agreed on, when TLS ended at the edge. */
  readonly tls: TlsInfo | undefined;
}

/** The endpoint it came to. */
export interface EndpointFacts {
  /** The bind id. */
  readonly id: string;
  /** As shown to the user. */
  readonly url: string;
  /** What visitors speak. */
  readonly proto: PolicyProto;
  /** Lower case. */
  readonly host: string;
  /** The public port. */
  readonly port: number;
}

/** What the last run of each action found out, by its name with underscores: `actions.ngrok.<name>`. */
export type Results = Map<string, Readonly<Record<string, unknown>>>;

/** What all phases have. */
export interface BaseContext {
  /** The visitor. */
  readonly connection: ConnectionFacts;
  /** Where it came to. */
  readonly endpoint: EndpointFacts;
  /** What actions found out; each action writes its own entry, if it has one. */
  readonly results: Results;
  /** What `set-vars` set, in this phase. */
  readonly vars: Map<string, unknown>;
  /** Tells the account's log and events something: the `log` action. */
  note(metadata: Readonly<Record<string, unknown>>): void;
}

/** A visitor's connection to a tcp or tls endpoint. */
export interface ConnectContext extends BaseContext {
  /** Which phase. */
  readonly phase: "on_tcp_connect";
}

/** How an exchange ended, as far as the service is concerned. */
export interface ExchangeEnd {
  /** The status the service answered with; `undefined` when it did not, or was not asked. */
  readonly status: number | undefined;
  /** Whether the request went to the service: a later action may have answered it. */
  readonly forwarded: boolean;
  /** Whether the visitor hung up before there was an answer: then that there was none is not the service's fault. */
  readonly visitorLeft?: boolean;
}

/** A request, before it goes to the agent. */
export interface RequestContext extends BaseContext {
  /** Which phase. */
  readonly phase: "on_http_request";
  /** The request. */
  readonly request: RequestView;
  /** Hears once, always, what came of the request: at the head of the service's answer, or when it is clear that none comes. */
  whenEnded(listener: (end: ExchangeEnd) => void): void;
  /** Lets a converter take over, should no action after this one decide otherwise. */
  convert(converter: StreamConverter): void;
}

/** The answer of the service, before it goes to the visitor. */
export interface ResponseContext extends BaseContext {
  /** Which phase. */
  readonly phase: "on_http_response";
  /** What it answers, with the edits of the request phase. */
  readonly request: RequestView;
  /** The answer. */
  readonly response: ResponseView;
}

/** Any of them. */
export type PolicyContext = ConnectContext | RequestContext | ResponseContext;

/** Reads the body of a request, and gives it back for forwarding. */
export type ReadBody = (maxBytes: number) => Promise<Uint8Array | undefined>;

/** A request as it came, and what was changed. */
export class RequestView {
  /** As it came. */
  readonly head: RequestHead;
  /** What the visitor speaks with us. */
  readonly scheme: "http" | "https";
  /** Changes of its headers. */
  readonly headers: HeaderEdits;
  /** The path and query it goes on with, once an action changed it. */
  target: string | undefined;
  readonly #readBody: ReadBody;

  /**
   * Nothing is changed yet.
   *
   * @param head as it came
   * @param scheme what the visitor speaks
   * @param readBody how to get at the body
   */
  constructor(head: RequestHead, scheme: "http" | "https", readBody: ReadBody) {
    this.head = head;
    this.scheme = scheme;
    this.headers = new HeaderEdits(head);
    this.#readBody = readBody;
  }

  /** The host as the visitor wrote it, with its port when it wrote one. */
  get authority(): string {
    return this.head.hostHeader ?? this.head.host;
  }

  /** The whole URL as it is by now: scheme, host, port when written, path and query. */
  get url(): string {
    const { head } = this;
    const host = this.headers.get("host") ?? this.authority;
    const path = this.target ??
      (head.query === undefined ? head.path : `${head.path}?${head.query}`);
    return `${this.scheme}://${host}${path === "*" ? "" : path}`;
  }

  /**
   * The whole body, without its framing. It is read once and given back, so that it is forwarded
   * as it came; asking twice reads it twice from memory.
   *
   * @param maxBytes more than this is not read
   * @returns `undefined` when it is larger
   * @throws {TunnelError} when it does not arrive whole
   */
  body(maxBytes: number): Promise<Uint8Array | undefined> {
    return this.#readBody(maxBytes);
  }
}

/** An answer as it came, and what was changed. */
export class ResponseView {
  /** As it came. */
  readonly head: ResponseHead;
  /** Changes of its headers. Those about length are the edge's own business. */
  readonly headers: HeaderEdits;
  /** Whether there is a body: none to HEAD, or with a 204. */
  readonly hasBody: boolean;
  #transforms: ByteTransform[] | undefined;

  /**
   * Nothing is changed yet.
   *
   * @param head as it came
   * @param hasBody whether a body follows
   */
  constructor(head: ResponseHead, hasBody: boolean) {
    this.head = head;
    this.hasBody = hasBody;
    this.headers = new HeaderEdits(head);
  }

  /** What the body runs through, in order. */
  get transforms(): readonly ByteTransform[] {
    return this.#transforms ?? NO_TRANSFORMS;
  }

  /** Lets the body run through one more transform. Its length is then unknown: the edge sends chunks. */
  transform(transform: ByteTransform): void {
    (this.#transforms ??= []).push(transform);
  }
}

const NO_TRANSFORMS: readonly ByteTransform[] = [];

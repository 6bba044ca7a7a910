/**
 * One request of a visitor and the agent's answer to it. Both directions move at the same time:
 * an answer may come before the request is complete, and interim answers pass as they come. The
 * HTTP relay makes one per request.
 *
 * @module
 */
import { encodeText } from "../base/bytes.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import {
  BodyError,
  type BodyFraming,
  copyBody,
  requestFraming,
  responseFraming,
} from "../http/body.ts";
import { HttpError } from "../http/fault.ts";
import { readResponseHead, type RequestHead, type ResponseHead } from "../http/head.ts";
import { keepsAlive } from "../http/hop_by_hop.ts";
import { isUpgradeAnswer, isUpgradeRequest } from "../http/upgrade.ts";
import type { Clock } from "../base/clock.ts";
import type { Lookahead } from "../http/lookahead.ts";
import type { Ending, StreamConverter } from "../policy/outcome.ts";
import type { Watchdog } from "../http/watchdog.ts";
import type { Conn } from "../runtime/net.ts";
import { saysUnreachable } from "./agent_report.ts";
import { introduce } from "./door_tcp.ts";
import type { Endpoint } from "./endpoint.ts";
import { forwardRequestHead, forwardResponseHead } from "./forward_head.ts";
import type { Http2Upstreams } from "./h2_upstream.ts";
import type { HttpLimits } from "./http_limits.ts";
import type { Visit } from "./balance.ts";
import { mayGoElsewhere } from "./endpoint_pool.ts";
import type { AgentStream, KeptStream } from "./kept_stream.ts";
import { formatPolicyAnswer } from "./policy_answer.ts";
import { readAhead } from "./policy_body.ts";
import { PolicyRun, type PolicyVisitor } from "./policy_run.ts";
import {
  agentBusy,
  agentSilent,
  agentTimeout,
  agentUnreachable,
  badRequest,
  edgeFault,
  invalidResponse,
  type Problem,
  requestTimeout,
  serviceTimeout,
} from "./problem.ts";
import { cancelStream, relayRaw } from "./relay.ts";
import { type HeadFirst, UploadSink } from "./through.ts";
import type { Trace } from "./trace_context.ts";
import { copyTransformed } from "./transformed_body.ts";

/** The visitor, as an exchange needs it. */
export interface ExchangeVisitor extends PolicyVisitor {
  /** Its connection. */
  readonly conn: Conn;
  /** The same, for writing responses. */
  readonly out: HeadFirst;
  /** `ip:port`, IPv6 in brackets. */
  readonly clientAddr: string;
  /** What it speaks with us. */
  readonly scheme: "http" | "https";
  /** The early read of its connection. */
  readonly ahead: Lookahead;
  /** Its deadline. */
  readonly watchdog: Watchdog;
  /** How long it waits for an answer without a doubt; see {@linkcode Exchange.late}. */
  readonly patience: Watchdog;
  /** The trace that its request is part of. */
  readonly trace: Pick<Trace, "header"> | undefined;
  /** The stream it keeps between requests. */
  readonly kept: KeptStream;
  /** Its sessions with services that speak HTTP/2. */
  readonly upstreams: Http2Upstreams;
  /** What it may cost. */
  readonly limits: HttpLimits;
  /** Whose time. */
  readonly clock: Clock;
  /** Whether the edge is about to close: no request follows this one. */
  readonly draining: boolean;
}

/**
 * What follows an exchange: the next request, an orderly end, nothing (the connection is over
 * already), or an answer of the edge's own that is still to be given.
 */
export type After =
  | { readonly then: "keep" | "close" | "over" }
  | {
    readonly then: "answer";
    readonly problem: Problem;
    readonly close: boolean;
    /** Nothing of the request has left, or it may be sent again: another member may be asked instead. */
    readonly elsewhere?: boolean;
  };

/** What an exchange with a member of a pool knows besides. */
export interface PoolVisit {
  /** Hears how the member does. */
  readonly visit: Visit;
  /** Whether there is another member to ask. */
  readonly hasOthers: boolean;
}

/** What a traffic policy can make of a request: an error of the edge's, an answer of its own, an end. */
export type PolicyOutcome = "refused" | "answered" | "closed";

const OUTCOMES: Readonly<Record<Ending["do"], PolicyOutcome>> = {
  fail: "refused",
  respond: "answered",
  close: "closed",
};

/** RFC 9110 section 9.2.2: sending one again does no harm. */
const IDEMPOTENT: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "PUT",
  "DELETE",
]);

const KEEP: After = { then: "keep" };
const CLOSE: After = { then: "close" };
const OVER: After = { then: "over" };

/** Why an exchange was cut from our side; what the carriers report after that is only the echo. */
type Cut = "visitor_gone" | "visitor_slow" | "service_slow" | "request_invalid" | "agent_silent";

/** One request and its answer. */
export class Exchange {
  /** Bytes of the request's body that were passed on, framing included. */
  requestBytes = 0;
  /** Bytes of the response's body that were passed on, framing included. */
  responseBytes = 0;
  /** The status the visitor got from the service, once it did. */
  status: number | undefined;
  /** What cut it. */
  error: TunnelError | undefined;
  /** What the traffic policy made of it in place of the service. */
  policyOutcome: PolicyOutcome | undefined;
  /** Settles, never rejects, when the request's body is no longer read. */
  upload: Promise<void> | undefined;

  readonly #visitor: ExchangeVisitor;
  readonly #head: RequestHead;
  readonly #endpoint: Endpoint;
  readonly #framing: BodyFraming;
  readonly #upgrades: boolean;
  readonly #pool: PoolVisit | undefined;
  readonly #policy: PolicyRun | undefined;
  #agent: AgentStream | undefined;
  #sink: UploadSink | undefined;
  #uploading = false;
  #uploadError: TunnelError | undefined;
  #interim = false;
  /** While an answer is awaited: from whom, and whether another member may be asked instead. */
  #waiting: { readonly agent: AgentStream; readonly mayLeave: boolean } | undefined;
  #isDoubted = false;
  #continued = false;
  #answered = false;
  #cut: Cut | undefined;

  /**
   * Prepares it; {@linkcode Exchange.run} does it.
   *
   * @param visitor who asks
   * @param head what for
   * @param endpoint who is asked
   * @param pool when that is a member of a pool
   */
  constructor(
    visitor: ExchangeVisitor,
    head: RequestHead,
    endpoint: Endpoint,
    pool?: PoolVisit,
  ) {
    this.#pool = pool;
    this.#visitor = visitor;
    this.#head = head;
    this.#endpoint = endpoint;
    this.#framing = requestFraming(head);
    this.#upgrades = isUpgradeRequest(head);
    const { policy } = endpoint;
    this.#policy = policy &&
      new PolicyRun(policy, endpoint, visitor, head, (maxBytes) => this.#readBody(maxBytes));
  }

  /** Relays it. Never rejects because of either side. */
  run(): Promise<After> {
    return this.#policy ? this.#runUnder(this.#policy) : this.#relay();
  }

  /** Relays it as far as a policy lets it. */
  async #runUnder(policy: PolicyRun): Promise<After> {
    try {
      const ending = await policy.begin();
      if (ending) return await this.#carryOut(ending, true);
      policy.forwarded();
      return policy.converter ? await this.#convert(policy.converter) : await this.#relay();
    } finally {
      const visitorLeft = this.#cut !== undefined && this.#cut !== "service_slow";
      policy.ended(undefined, visitorLeft);
    }
  }

  async #relay(): Promise<After> {
    const visitor = this.#visitor;
    const bodiless = this.#framing.kind === "none";
    // Nobody reads the visitor while it waits, unless we do. After an upgrade `join` does.
    if (this.#upgrades) this.#watchVisitor();
    else if (bodiless) visitor.ahead.start();
    const bytes = forwardRequestHead(
      this.#head,
      visitor.conn.remote.host,
      visitor.scheme,
      visitor.trace?.header,
      this.#policy?.request,
    );
    const repeatable = bodiless && IDEMPOTENT.has(this.#head.method);
    let again = repeatable;
    let mayAskAgain = this.#endpoint.forwardsProto === "http2";
    let agent = visitor.kept.take(this.#endpoint, repeatable);
    if (!agent) again = false;
    for (;;) {
      if (!agent) {
        visitor.watchdog.set(0);
        try {
          agent = await this.#open();
        } catch (thrown) {
          const error = toTunnelError(thrown);
          // The agent did not take the stream: not a byte of any request has left.
          return this.#answer(this.#openProblem(error), mayGoElsewhere(error));
        }
      }
      this.#agent = agent;
      if (this.#cut) return this.#abandon();
      visitor.watchdog.set(visitor.limits.idleMs);
      let response: ResponseHead;
      try {
        response = await this.#ask(agent, bytes, repeatable);
      } catch (thrown) {
        const error = toTunnelError(thrown);
        if (this.#cut === "agent_silent") {
          return this.#answer(agentSilent(this.#endpoint.host), repeatable);
        }
        if (again && !this.#cut && !this.#interim && !(error instanceof HttpError)) {
          // The service closed the idle connection while our request was on its way.
          again = false;
          cancelStream(agent.stream);
          agent = undefined;
          continue;
        }
        if (bodiless && mayAskAgain && error.code === "stream_refused" && !this.#cut) {
          // It was not begun: the service said goodbye to its connection just then.
          mayAskAgain = false;
          agent = undefined;
          continue;
        }
        return this.#failed(error, repeatable && !this.#interim);
      }
      if (this.#pool) {
        const { visit, hasOthers } = this.#pool;
        const nowMs = visitor.clock.steady();
        // The agent is there, its service is not.
        if (!saysUnreachable(response)) visit.answered(nowMs);
        else {
          visit.failed(nowMs);
          if (repeatable && hasOthers && !this.#interim) {
            cancelStream(agent.stream);
            return this.#answer(agentUnreachable(this.#endpoint.host), true);
          }
        }
      }
      if (this.#policy) {
        this.#policy.ended(response.status);
        const hasBody = responseFraming(response, this.#head.method).kind !== "none";
        const ending = await this.#policy.answered(response, hasBody);
        if (ending) return await this.#carryOut(ending, false);
      }
      if (response.status === 101) return await this.#switchProtocols(agent, response);
      return await this.#respond(agent, response);
    }
  }

  /** The visitor's connection broke while the service works on the request. */
  visitorGone(error: TunnelError): void {
    if (this.#cut) return;
    this.#cut = "visitor_gone";
    this.error = error;
    if (this.#agent) cancelStream(this.#agent.stream);
  }

  /** Nothing moved for too long. */
  expired(): void {
    const { idleMs } = this.#visitor.limits;
    const error = new TunnelError("timed_out", `No byte moved either way within ${idleMs} ms`);
    this.#cut ??= this.#uploading && !this.#sink!.waiting ? "visitor_slow" : "service_slow";
    this.error ??= error;
    if (this.#agent) cancelStream(this.#agent.stream);
    if (this.#answered) this.#visitor.conn.abort(error);
  }

  /** While an upgrade is awaited the visitor may send what only `join` must read; its end shows all the same. */
  #watchVisitor(): void {
    this.#visitor.conn.closed.then(() => {
      if (this.status !== undefined) return;
      this.visitorGone(new TunnelError("connection_closed", "The visitor went away"));
    });
  }

  async #open(): Promise<AgentStream> {
    const { kept, upstreams } = this.#visitor;
    const endpoint = this.#endpoint;
    // What was upgraded is no HTTP/2 any more: a service that takes upgrades speaks HTTP/1.1 too.
    const stream = endpoint.forwardsProto === "http2" && !this.#upgrades
      ? await upstreams.open(endpoint, () => this.#dial())
      : await this.#dial();
    return kept.adopt(endpoint, stream);
  }

  async #dial(): Promise<AgentStream["stream"]> {
    const { clientAddr, conn } = this.#visitor;
    const endpoint = this.#endpoint;
    const stream = await endpoint.openStream({ clientAddr, passthroughTls: false });
    const introduction = introduce(conn, endpoint);
    // A few bytes: the request's head that follows is what may have to wait.
    const full = introduction && stream.write(introduction);
    if (full) await full;
    return stream;
  }

  /** Sends the head, starts the body, and reads up to the head of the final response. */
  async #ask(
    agent: AgentStream,
    bytes: Uint8Array,
    repeatable: boolean,
  ): Promise<ResponseHead> {
    if (!this.#endpoint.isAlive) return await this.#askCalmly(agent, bytes);
    const { patience, limits } = this.#visitor;
    this.#waiting = { agent, mayLeave: repeatable && this.#pool?.hasOthers === true };
    patience.set(limits.doubtMs);
    try {
      return await this.#askCalmly(agent, bytes);
    } finally {
      this.#waiting = undefined;
      patience.set(0);
    }
  }

  /**
   * The answer is late: asks whether the agent lives. One that does not is left for another member;
   * where nobody can stand in for it, it has a little longer to come back.
   */
  async late(): Promise<void> {
    const waiting = this.#waiting;
    if (!waiting) return;
    const { limits, patience } = this.#visitor;
    const { agent: { stream } } = waiting;
    const isAlive = await this.#endpoint.isAlive!(stream, limits.doubtAnswerMs);
    if (isAlive || this.#waiting !== waiting || this.#cut) return;
    const leaves = waiting.mayLeave && !this.#interim;
    if (!leaves && !this.#isDoubted) {
      this.#isDoubted = true;
      patience.set(limits.silentMs);
      return;
    }
    this.#cut = "agent_silent";
    this.error = new TunnelError("timed_out", "The agent does not answer");
    if (this.#sink) this.#sink.discards = true;
    cancelStream(stream);
  }

  async #askCalmly({ stream, ahead }: AgentStream, bytes: Uint8Array): Promise<ResponseHead> {
    const { limits, watchdog } = this.#visitor;
    const full = stream.write(bytes);
    if (full) await full;
    if (this.#framing.kind !== "none") this.#startUpload(stream);
    for (;;) {
      if (ahead.pending) await ahead.pending;
      const response = await readResponseHead(stream, { maxBytes: limits.responseHeadBytes });
      if (!response) {
        throw new TunnelError("connection_closed", "The connection ended before an answer");
      }
      watchdog.touch();
      if (!response.interim) return response;
      // RFC 9110 section 15.2: a 1xx must not be sent to an HTTP/1.0 client.
      this.#interim = true;
      if (this.#head.version === "1.1") await this.#write(response.bytes);
    }
  }

  /** Moves the request's body while the answer is awaited, and even after it. */
  #startUpload(stream: AgentStream["stream"]): void {
    const { conn, watchdog } = this.#visitor;
    const sink = new UploadSink(stream);
    this.#sink = sink;
    this.#uploading = true;
    const onBytes = (bytes: Uint8Array) => {
      watchdog.touch();
      this.requestBytes += bytes.length;
      this.#endpoint.traffic.inBytes += bytes.length;
    };
    this.upload = copyBody(conn, sink, this.#framing, { onBytes }).then(
      () => {
        this.#uploading = false;
        if (!this.#answered && !this.#upgrades) this.#visitor.ahead.start();
      },
      (thrown: unknown) => {
        this.#uploading = false;
        const error = toTunnelError(thrown);
        this.#uploadError = error;
        // When the stream is broken, whoever reads the answer notices by itself.
        if (error instanceof BodyError && error.side === "sink") return;
        if (this.#cut) return;
        const ended = error instanceof BodyError && error.code === "connection_closed";
        this.#cut = ended || error instanceof HttpError ? "request_invalid" : "visitor_gone";
        this.error = error;
        cancelStream(stream);
      },
    );
  }

  /** Passes the final response on. */
  async #respond(agent: AgentStream, response: ResponseHead): Promise<After> {
    const { stream, ahead } = agent;
    const visitor = this.#visitor;
    const head = this.#head;
    const framing = responseFraming(response, head.method);
    const agentKeeps = framing.kind !== "until_close" && head.version === "1.1" &&
      keepsAlive(response) && this.#endpoint.forwardsProto !== "http2";
    const endless = framing.kind === "until_close" && !this.#transforms(framing);
    let close = visitor.draining || endless || !keepsAlive(head) ||
      // HTTP/1.0 knows no chunks: only the end of the connection tells it where they end.
      (head.version === "1.0" && (framing.kind === "chunked" || this.#transforms(framing)));
    if (this.#uploading) {
      // Nobody will take the rest; or the visitor still asks whether to send, and the answer is no.
      close ||= !agentKeeps || (head.expectsContinue && this.requestBytes === 0);
    }
    try {
      const changed = this.#policy?.response;
      const bytes = forwardResponseHead(head, response, close, changed);
      if (this.#transforms(framing)) await this.#copyTransformed(stream, bytes, framing);
      else await this.#copyResponse(stream, bytes, framing);
    } catch (thrown) {
      const error = toTunnelError(thrown);
      // Nothing left for the visitor yet: there is still room for a better answer than a cut.
      if (!this.#answered || visitor.out.drop()) return this.#failed(error);
      return this.#abandon(error);
    }
    this.status = response.status;

    if (this.#uploading && !close) {
      // The rest of the request is wanted as long as the service keeps the connection.
      ahead.start();
      await Promise.race([this.upload, ahead.pending]);
    }
    if (this.#uploading || this.#uploadError) {
      // Swallow what is still to come: an RST now could take the answer away from the visitor.
      if (this.#sink) this.#sink.discards = true;
      cancelStream(stream);
      return CLOSE;
    }
    if (!agentKeeps || ahead.ended || ahead.error) visitor.kept.retire(agent);
    else visitor.kept.keep(agent);
    return close ? CLOSE : KEEP;
  }

  /** Head and body; one write for both when the body's beginning is at hand. */
  async #copyResponse(
    stream: AgentStream["stream"],
    head: Uint8Array,
    framing: BodyFraming,
  ): Promise<void> {
    const { out, watchdog } = this.#visitor;
    if (framing.kind === "none") return await this.#write(head, true);
    const first = stream.read();
    if (first instanceof Promise) {
      // The read must be waited for even if the write fails, or its failure is nobody's.
      const read = first.then(
        (chunk) => ({ chunk, error: undefined }),
        (error: unknown) => ({ chunk: undefined, error }),
      );
      await this.#write(head, true);
      const { chunk, error } = await read;
      if (error !== undefined) throw error;
      if (chunk) stream.unread(chunk);
    } else {
      if (first) stream.unread(first);
      this.#answered = true;
      out.hold(head);
    }
    const onBytes = (bytes: Uint8Array) => {
      watchdog.touch();
      this.responseBytes += bytes.length;
      this.#endpoint.traffic.outBytes += bytes.length;
    };
    await copyBody(stream, out, framing, { subject: "response", onBytes });
    const full = out.flush();
    if (full) await full;
  }

  /** Whether the body of the response changes: a policy wants it, or the visitor knows no chunks. */
  #transforms(framing: BodyFraming): boolean {
    if (framing.kind === "chunked" && this.#head.version === "1.0") return true;
    const response = this.#policy?.response;
    return response !== undefined && framing.kind !== "none" && response.transforms.length > 0;
  }

  /** Head and body, the body as the policy wants it. */
  async #copyTransformed(
    stream: AgentStream["stream"],
    head: Uint8Array,
    framing: BodyFraming,
  ): Promise<void> {
    const { out, watchdog } = this.#visitor;
    await this.#write(head, true);
    await copyTransformed(stream, out, framing, {
      transforms: this.#policy?.response?.transforms ?? [],
      chunked: this.#head.version === "1.1",
      onBytes: (bytes) => {
        watchdog.touch();
        this.responseBytes += bytes.length;
        this.#endpoint.traffic.outBytes += bytes.length;
      },
    });
  }

  /** Does what a policy decided in place of relaying. */
  async #carryOut(ending: Ending, runsResponsePhase: boolean): Promise<After> {
    this.policyOutcome = OUTCOMES[ending.do];
    // Nobody takes what the service says, nor the rest of what the visitor says.
    if (this.#agent) cancelStream(this.#agent.stream);
    if (this.#sink) this.#sink.discards = true;
    if (this.#cut === "visitor_gone") return this.#abandon();
    if (ending.do === "fail") return this.#answer(ending.problem);
    if (ending.do === "close") {
      return this.#abandon(
        new TunnelError("connection_closed", "The traffic policy of the endpoint closed it"),
      );
    }
    const head = this.#head;
    const visitor = this.#visitor;
    const unread = this.#framing.kind !== "none" &&
      (this.upload === undefined || this.#uploading || this.#uploadError !== undefined);
    const close = unread || visitor.draining || !keepsAlive(head);
    const answer = await formatPolicyAnswer(ending.response, {
      request: head,
      close,
      nowMs: visitor.clock.now(),
      run: runsResponsePhase ? this.#policy : undefined,
    });
    if (answer.instead) return await this.#carryOut(answer.instead, false);
    visitor.watchdog.set(visitor.limits.idleMs);
    try {
      await this.#write(answer.bytes, true);
    } catch (thrown) {
      return this.#abandon(toTunnelError(thrown));
    }
    this.status = ending.response.status;
    this.responseBytes += answer.bodyBytes;
    this.#endpoint.traffic.outBytes += answer.bodyBytes;
    return close ? CLOSE : KEEP;
  }

  /** Hands the visitor to a converter, and what comes out of it to the agent. */
  async #convert(converter: StreamConverter): Promise<After> {
    const { conn, watchdog, clock, limits } = this.#visitor;
    this.#watchVisitor();
    watchdog.set(0);
    let agent: AgentStream;
    try {
      agent = this.#agent = await this.#open();
    } catch (thrown) {
      const error = toTunnelError(thrown);
      return this.#answer(this.#openProblem(error), mayGoElsewhere(error));
    }
    if (this.#cut) return this.#abandon();
    try {
      await this.#write(converter.answer, true);
    } catch (thrown) {
      return this.#abandon(toTunnelError(thrown));
    }
    this.status = 101;
    this.#policy?.ended(101);
    const { traffic } = this.#endpoint;
    const idleMs = limits.upgradedIdleMs;
    const moved = await relayRaw(converter.wrap(conn), agent.stream, { clock, idleMs, traffic });
    this.requestBytes += moved.forwardBytes;
    this.responseBytes += moved.backwardBytes;
    this.error = moved.error;
    return OVER;
  }

  /** The body of the request, for a policy that has to see it before it is forwarded. */
  async #readBody(maxBytes: number): Promise<Uint8Array | undefined> {
    const { conn, watchdog, limits } = this.#visitor;
    if (this.#framing.kind === "none") return new Uint8Array(0);
    if ((this.#head.contentLength ?? 0) > maxBytes) return undefined;
    watchdog.set(limits.idleMs);
    if (this.#head.expectsContinue && !this.#continued) {
      // The visitor waits for it, and the service cannot say it before it is asked.
      this.#continued = true;
      await this.#write(encodeText("HTTP/1.1 100 Continue\r\n\r\n"));
      this.#policy!.request.headers.remove("expect");
    }
    return await readAhead(conn, this.#framing, maxBytes, () => watchdog.touch());
  }

  /** Joins visitor and agent until both are done with the new protocol. */
  async #switchProtocols(agent: AgentStream, response: ResponseHead): Promise<After> {
    const { conn, watchdog, clock, limits } = this.#visitor;
    if (!isUpgradeAnswer(this.#head, response)) {
      const error = new TunnelError("http_invalid", "It changed the protocol without being asked");
      return this.#failed(error);
    }
    if (this.upload) await this.upload;
    if (this.#cut) return this.#abandon();
    watchdog.set(0);
    try {
      const changed = this.#policy?.response;
      await this.#write(forwardResponseHead(this.#head, response, false, changed), true);
    } catch (thrown) {
      return this.#abandon(toTunnelError(thrown));
    }
    this.status = 101;
    const { traffic } = this.#endpoint;
    const idleMs = limits.upgradedIdleMs;
    const moved = await relayRaw(conn, agent.stream, { clock, idleMs, traffic });
    this.requestBytes += moved.forwardBytes;
    this.responseBytes += moved.backwardBytes;
    this.error = moved.error;
    return OVER;
  }

  /** Writes to the visitor; a failure means that it is gone. */
  async #write(bytes: Uint8Array, final = false): Promise<void> {
    if (final) this.#answered = true;
    try {
      const full = this.#visitor.conn.write(bytes);
      if (full) await full;
    } catch (thrown) {
      this.#cut ??= "visitor_gone";
      throw thrown;
    }
  }

  /** There is no response to pass on: says so, if there is anybody to say it to. */
  #failed(error: TunnelError, repeatable = false): After {
    // A visitor that left says nothing about the member.
    if (this.#cut === undefined || this.#cut === "service_slow") {
      this.#pool?.visit.failed(this.#visitor.clock.steady());
    }
    const { limits } = this.#visitor;
    const { forwardsTo, host } = this.#endpoint;
    this.error ??= error;
    if (this.#agent) cancelStream(this.#agent.stream);
    if (this.#sink) this.#sink.discards = true;
    switch (this.#cut) {
      case "visitor_gone":
        return this.#abandon(error);
      case "visitor_slow":
        return this.#answer(requestTimeout(limits.idleMs));
      case "service_slow":
        return this.#answer(serviceTimeout(forwardsTo, limits.idleMs));
      case "request_invalid":
        return this.#answer(badRequest(400, this.error.message));
    }
    switch (error.code) {
      case "http_invalid":
      case "http_too_large":
      case "connection_closed":
        return this.#answer(
          invalidResponse(forwardsTo, error.message),
          repeatable && error.code === "connection_closed",
        );
      case "stream_reset":
      case "connection_reset":
        // The agent took the stream and its session lives: what broke is behind it.
        return this.#answer(
          invalidResponse(forwardsTo, "The connection was reset before an answer"),
          repeatable,
        );
      case "internal":
        return this.#answer(edgeFault());
      default:
        return this.#answer(agentUnreachable(host), repeatable);
    }
  }

  #openProblem(error: TunnelError): Problem {
    this.error ??= error;
    const { host } = this.#endpoint;
    switch (error.code) {
      case "streams_exhausted":
        return agentBusy(host);
      case "timed_out":
        return agentTimeout(host);
      case "internal":
        return edgeFault();
      default:
        return agentUnreachable(host);
    }
  }

  #answer(problem: Problem, elsewhere = false): After {
    if (this.#cut === "visitor_gone") return this.#abandon();
    // What is left of the request's body would be taken for the next request.
    const unread = this.#framing.kind !== "none" &&
      (this.upload === undefined || this.#uploading || this.#uploadError !== undefined);
    return { then: "answer", problem, close: unread, elsewhere: elsewhere && !this.upload };
  }

  /** Cuts both sides: the answer cannot be completed, and must not look as if it were. */
  #abandon(error?: TunnelError): After {
    this.error ??= error;
    if (this.#agent) cancelStream(this.#agent.stream);
    this.#visitor.conn.abort(this.error);
    return OVER;
  }
}

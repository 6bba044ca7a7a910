/**
 * The agent's API, as the page calls it.
 *
 * @module
 */
import {
  AGENT_PATHS,
  type ExchangeDetail,
  type ExchangeListJson,
  type HeaderWordsJson,
  type ReplayAnswer,
  type ReplayBody,
  type StatusJson,
} from "../../api/agent/shapes.ts";
import type { Problem } from "../kit/problem.ts";

/** What the agent refused, or what kept it from answering. */
export class AgentFailure extends Error implements Problem {
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** The number of the error, where there is one. */
  readonly code: string | undefined;

  /**
   * Makes one.
   *
   * @param status the HTTP status; 0 when there was no answer
   * @param message the sentence for a person
   * @param code the number of the error, where there is one
   * @param options its cause
   */
  constructor(status: number, message: string, code?: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.code = code;
  }
}

/** What to list. */
export interface ListQuery {
  /** How many at most. */
  readonly limit?: number;
  /** Only those before this one. */
  readonly before?: string;
  /** Only those that have this text in target, head or body. */
  readonly q?: string;
  /** Only those that agree with these filters on headers, as `filterText()` writes them. */
  readonly filters?: readonly string[];
}

/** Sends requests; the browser's `fetch`, with a path. */
export type Send = (path: string, init: RequestInit) => Promise<Response>;

/** How long an answer may take. */
const LIMIT_MS = 30_000;

/** Calls the API. */
export class InspectorClient {
  readonly #send: Send;

  /**
   * Makes one.
   *
   * @param send the transport
   */
  constructor(send: Send) {
    this.#send = send;
  }

  /** A page of the list. */
  list({ limit, before, q, filters = [] }: ListQuery): Promise<ExchangeListJson> {
    const query = new URLSearchParams();
    if (limit !== undefined) query.set("limit", String(limit));
    if (before !== undefined) query.set("before", before);
    if (q) query.set("q", q);
    for (const filter of filters) query.append("filter", filter);
    return this.#call("GET", `${AGENT_PATHS.exchanges}?${query}`);
  }

  /** One exchange in full. */
  get(id: string): Promise<ExchangeDetail> {
    return this.#call("GET", pathOf(id));
  }

  /** Sends a request again. */
  replay(id: string, wish: ReplayBody): Promise<ReplayAnswer> {
    return this.#call("POST", `${pathOf(id)}/replay`, JSON.stringify(wish));
  }

  /** Throws all exchanges away. */
  async clear(): Promise<void> {
    await this.#call("DELETE", AGENT_PATHS.exchanges);
  }

  /** The headers that passed lately. */
  headers(): Promise<HeaderWordsJson> {
    return this.#call("GET", AGENT_PATHS.headers);
  }

  /** How the agent stands. */
  status(): Promise<StatusJson> {
    return this.#call("GET", AGENT_PATHS.status);
  }

  /**
   * Takes exchanges in from a file.
   *
   * @param har its text: HAR 1.2
   */
  async importHar(har: string): Promise<void> {
    await this.#call("POST", AGENT_PATHS.har, har);
  }

  async #call<T>(method: string, path: string, body?: string): Promise<T> {
    let response: Response;
    let text: string;
    try {
      response = await this.#send(path, {
        method,
        headers: {
          accept: "application/json",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        body,
        cache: "no-store",
        redirect: "error",
        signal: AbortSignal.timeout(LIMIT_MS),
      });
      text = await response.text();
    } catch (cause) {
      throw new AgentFailure(0, "The agent does not answer: is it still running?", undefined, {
        cause,
      });
    }
    const answer = parse(text);
    if (response.ok) return answer as T;
    throw failureOf(response.status, answer);
  }
}

/** What went wrong, in the shape a page can show. */
export function toFailure(thrown: unknown): AgentFailure {
  if (thrown instanceof AgentFailure) return thrown;
  return new AgentFailure(0, thrown instanceof Error ? thrown.message : String(thrown));
}

function pathOf(id: string): string {
  return AGENT_PATHS.exchange.replace("{id}", encodeURIComponent(id));
}

function parse(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failureOf(status: number, answer: unknown): AgentFailure {
  const { msg, error_code: code, details } = (answer ?? {}) as {
    msg?: unknown;
    error_code?: unknown;
    details?: { err?: unknown };
  };
  const words = typeof msg === "string" ? msg : `The agent answered with status ${status}.`;
  const more = typeof details?.err === "string" && !words.includes(details.err)
    ? `: ${details.err}`
    : "";
  return new AgentFailure(status, words + more, typeof code === "number" ? `${code}` : undefined);
}

/**
 * The API of the edge, as the page calls it. The key lives in this object and nowhere else: not in
 * storage, not in a cookie, not in a URL.
 *
 * @module
 */
import type { Problem } from "../kit/problem.ts";

/** What the API refused, or what kept it from answering. */
export class ApiFailure extends Error implements Problem {
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** `ERR_NGROK_n`, where there is one. */
  readonly code: string | undefined;

  /**
   * Makes one.
   *
   * @param status the HTTP status; 0 when there was no answer
   * @param message the sentence for a person
   * @param code `ERR_NGROK_n`, where there is one
   * @param options its cause
   */
  constructor(status: number, message: string, code?: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.code = code;
  }

  /** Whether the key is not, or no longer, accepted. */
  get isUnauthorized(): boolean {
    return this.status === 401;
  }
}

/** What a client needs. */
export interface ApiClientOptions {
  /** The API key. */
  readonly key: string;
  /** Sends requests. */
  readonly fetch: (path: string, init: RequestInit) => Promise<Response>;
}

/** How long an answer may take. */
const LIMIT_MS = 20_000;

/** As many as a list gives at a time. */
const PAGE_SIZE = 100;

/** A page that shows more than so many rows helps nobody. */
const MAX_PAGES = 10;

/** A list, as far as it was read. */
export interface Listed<T> {
  /** The newest first. */
  readonly items: T[];
  /** Whether there are no more. */
  readonly isWhole: boolean;
  /** How many requests it took. */
  readonly requests: number;
}

/** Calls the API with one key. */
export class ApiClient {
  readonly #key: string;
  readonly #fetch: ApiClientOptions["fetch"];

  /**
   * Makes a client.
   *
   * @param options key and transport
   */
  constructor(options: ApiClientOptions) {
    this.#key = options.key;
    this.#fetch = options.fetch;
  }

  /** Reads. */
  get<T>(path: string): Promise<T> {
    return this.#call<T>("GET", path);
  }

  /** Makes or does. */
  post<T>(path: string, body: unknown): Promise<T> {
    return this.#call<T>("POST", path, body);
  }

  /** Changes. */
  patch<T>(path: string, body: unknown): Promise<T> {
    return this.#call<T>("PATCH", path, body);
  }

  /** Removes. */
  async delete(path: string): Promise<void> {
    await this.#call("DELETE", path);
  }

  /**
   * Reads a list, page after page.
   *
   * @param path of the collection
   * @param key its name in the answer
   */
  async list<T>(path: string, key: string): Promise<Listed<T>> {
    const items: T[] = [];
    let query = `limit=${PAGE_SIZE}`;
    for (let requests = 1;; requests++) {
      const answer = await this.#call<Record<string, unknown>>("GET", `${path}?${query}`);
      items.push(...(answer[key] as T[] | undefined ?? []));
      const place = placeOf(answer.next_page_uri);
      if (place === undefined) return { items, isWhole: true, requests };
      if (requests === MAX_PAGES) return { items, isWhole: false, requests };
      query = `limit=${PAGE_SIZE}&before_id=${encodeURIComponent(place)}`;
    }
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers: Record<string, string> = {
      accept: "application/json",
      authorization: `Bearer ${this.#key}`,
      "ngrok-version": "2",
    };
    if (body !== undefined) headers["content-type"] = "application/json";
    let response: Response;
    let text: string;
    try {
      response = await this.#fetch(path, {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        referrerPolicy: "no-referrer",
        signal: AbortSignal.timeout(LIMIT_MS),
      });
      text = await response.text();
    } catch (cause) {
      throw new ApiFailure(0, "The edge does not answer.", undefined, { cause });
    }
    const answer = parse(text);
    if (response.ok) return answer as T;
    throw failureOf(response.status, answer);
  }
}

/**
 * Where the next page begins. Nothing else of the address is used: its host may be another name of
 * this edge, and no other host is asked.
 */
function placeOf(nextPageUri: unknown): string | undefined {
  if (typeof nextPageUri !== "string" || nextPageUri === "") return undefined;
  return new URL(nextPageUri, "http://edge").searchParams.get("before_id") ?? undefined;
}

function parse(text: string): unknown {
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failureOf(status: number, answer: unknown): ApiFailure {
  const { msg, error_code: code } = (answer ?? {}) as { msg?: unknown; error_code?: unknown };
  return new ApiFailure(
    status,
    typeof msg === "string" && msg !== "" ? msg : `The edge answered with status ${status}.`,
    typeof code === "string" ? code : undefined,
  );
}

/** Whatever was thrown, as the page shows it. */
export function toFailure(thrown: unknown): ApiFailure {
  if (thrown instanceof ApiFailure) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new ApiFailure(0, message, undefined, { cause: thrown });
}

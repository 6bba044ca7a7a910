/**
 * What goes wrong in the agent's API: the numbers and texts that programs of the ecosystem know
 * (spec agent H).
 *
 * @module
 */
import { TunnelError } from "../../base/errors.ts";

/** Texts of the numbers. */
const TEXTS = {
  100: { status: 404, msg: "tunnel not found" },
  102: { status: 400, msg: "invalid tunnel configuration" },
  103: { status: 502, msg: "failed to start tunnel" },
  104: { status: 503, msg: "ngrok is not yet ready to start tunnels" },
  106: { status: 404, msg: "request entry not found" },
} as const;

/** The body of an answer that is not the one that was hoped for. */
export interface AgentProblemJson {
  /** What it is, where it has a number. */
  readonly error_code?: number;
  /** The HTTP status. */
  readonly status_code: number;
  /** In words. */
  readonly msg: string;
  /** About what. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** A failure that the caller is told. */
export class AgentProblem extends TunnelError {
  /** What the caller is told. */
  readonly json: AgentProblemJson;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  /**
   * Makes one; {@linkcode numbered} and {@linkcode plainProblem} are shorter.
   *
   * @param json what the caller is told
   * @param headers of the answer
   */
  constructor(json: AgentProblemJson, headers: Readonly<Record<string, string>> = {}) {
    super("refused", json.msg);
    this.json = json;
    this.headers = headers;
  }
}

/**
 * A problem with a number.
 *
 * @param code the number
 * @param details about what
 */
export function numbered(
  code: 100 | 102 | 103 | 104 | 106,
  details: Readonly<Record<string, unknown>>,
): AgentProblem {
  const { status, msg } = TEXTS[code];
  return new AgentProblem({ error_code: code, status_code: status, msg, details });
}

/**
 * A problem without a number.
 *
 * @param status the HTTP status
 * @param msg in words
 * @param details about what
 * @param headers of the answer
 */
export function plainProblem(
  status: number,
  msg: string,
  details: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): AgentProblem {
  return new AgentProblem({ status_code: status, msg, details }, headers);
}

/** What could not be read of a request: its body, a value of its query. */
export function badParameter(err: string): AgentProblem {
  return plainProblem(400, "failed to deserialize request parameter", { err });
}

/**
 * The problem behind whatever was thrown; what nobody foresaw is a 500 that tells nothing of the
 * inside.
 *
 * @param thrown what a `catch` clause caught
 */
export function toAgentProblem(thrown: unknown): AgentProblem {
  if (thrown instanceof AgentProblem) return thrown;
  if (!(thrown instanceof TunnelError) || thrown.code === "internal") {
    return plainProblem(500, "Internal Server Error", {});
  }
  const { code, message } = thrown;
  const status = code === "not_found" ? 404 : code === "http_invalid" ? 400 : 502;
  return plainProblem(status, message, { code });
}

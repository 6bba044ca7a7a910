/**
 * What goes wrong in the API, as an error on the inside and as JSON on the outside (spec rest-api
 * A12).
 *
 * @module
 */
import { TunnelError, type TunnelErrorOptions } from "../base/errors.ts";
import { API_CODES, type ApiCode } from "./codes.ts";

/** An answer that is not the one that was hoped for. Its message is for the caller's eyes. */
export class ApiProblem extends TunnelError {
  /** The HTTP status. */
  readonly status: number;
  /** Seconds after which to try again. */
  readonly retryAfterS: number | undefined;

  /**
   * Makes one; {@linkcode problem} and {@linkcode notFound} are shorter.
   *
   * @param status the HTTP status
   * @param message what was tried, then what was found
   * @param options the number, the cause
   * @param retryAfterS seconds after which to try again
   */
  constructor(
    status: number,
    message: string,
    options: TunnelErrorOptions = {},
    retryAfterS?: number,
  ) {
    super(status === 404 ? "not_found" : "refused", message, options);
    this.status = status;
    this.retryAfterS = retryAfterS;
  }
}

/**
 * A problem with a number; the status follows from it.
 *
 * @param code of {@linkcode API_CODES}
 * @param message for the caller: what was tried, then what was found
 * @param retryAfterS seconds after which to try again
 */
export function problem(code: ApiCode, message: string, retryAfterS?: number): ApiProblem {
  return new ApiProblem(API_CODES[code].status, message, { ngrokCode: code }, retryAfterS);
}

/** There is no such object, path or session. It has no number (spec rest-api A12). */
export function notFound(): ApiProblem {
  return new ApiProblem(404, "Resource not found");
}

/**
 * The problem behind whatever was thrown. Commands to agents carry numbers of their own; what
 * nobody foresaw becomes a 500 that tells nothing of the inside.
 *
 * @param thrown what a `catch` clause caught
 */
export function toProblem(thrown: unknown): ApiProblem {
  if (thrown instanceof ApiProblem) return thrown;
  if (thrown instanceof TunnelError) {
    if (thrown.ngrokCode !== undefined && thrown.ngrokCode in API_CODES) {
      const { status } = API_CODES[thrown.ngrokCode as ApiCode];
      return new ApiProblem(status, thrown.message, { ngrokCode: thrown.ngrokCode, cause: thrown });
    }
    if (thrown.code === "not_found") return notFound();
  }
  return new ApiProblem(500, "The edge did something wrong: the log of the edge says more", {
    ngrokCode: 741,
    cause: thrown,
  });
}

/** What clients read of a problem. */
export interface ProblemBody {
  /** `ERR_NGROK_n`; absent where there is no number. */
  readonly error_code?: string;
  /** The HTTP status. */
  readonly status_code: number;
  /** For people. */
  readonly msg: string;
  /** Always an object: the official TypeScript client reads its entries. */
  readonly details: { readonly operation_id: string };
}

/**
 * The JSON of a problem.
 *
 * @param error the problem
 * @param operationId names the request in the log of the edge
 */
export function problemBody(error: ApiProblem, operationId: string): ProblemBody {
  const { ngrokCode, status, message } = error;
  return {
    ...(ngrokCode === undefined ? {} : { error_code: `ERR_NGROK_${ngrokCode}` }),
    status_code: status,
    // Messages here are clauses; outside they are sentences, but for "Resource not found" (A12).
    msg: ngrokCode === undefined || message.endsWith(".") ? message : `${message}.`,
    details: { operation_id: operationId },
  };
}

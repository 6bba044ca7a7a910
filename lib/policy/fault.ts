/**
 * A policy that cannot be used: the sentence and the number the agent gets at bind. Everything in
 * this room throws these while it compiles, and nothing while traffic passes.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";

/**
 * Makes the error.
 *
 * @param ngrokCode the number after `ERR_NGROK_`: the family is 2200 to 2267
 * @param message where in the policy, what was found, what to do; no full stop
 */
export function policyFault(ngrokCode: number, message: string, cause?: unknown): TunnelError {
  return new TunnelError("refused", message, { ngrokCode, cause });
}

/**
 * `deny`: turns traffic away, with an empty answer or by closing the connection.
 *
 * @module
 */
import { type Schema, z } from "../../base/schema.ts";
import { type Action, defineAction } from "../action.ts";
import type { Ending } from "../outcome.ts";

interface DenyConfig {
  readonly status_code: number;
}

const config: Schema<DenyConfig> = z.strictObject({
  status_code: z.int().min(200).max(599).default(403),
});

const CLOSE: Ending = { do: "close" };

/** The action. */
export const deny: Action = defineAction({
  type: "deny",
  phases: ["on_tcp_connect", "on_http_request"],
  config,
  compile({ status_code: status }) {
    const answer: Ending = { do: "respond", response: { status, headers: [], body: "" } };
    return { terminates: true, onTcpConnect: () => CLOSE, onHttpRequest: () => answer };
  },
});

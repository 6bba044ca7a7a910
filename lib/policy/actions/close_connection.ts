/**
 * `close-connection`: ends the visitor's connection at once, without a word.
 *
 * @module
 */
import { z } from "../../base/schema.ts";
import { type Action, defineAction } from "../action.ts";
import type { Ending } from "../outcome.ts";

const CLOSE: Ending = { do: "close" };

/** The action. */
export const closeConnection: Action = defineAction({
  type: "close-connection",
  phases: ["on_tcp_connect", "on_http_request"],
  config: z.strictObject({}),
  compile: () => ({ terminates: true, onTcpConnect: () => CLOSE, onHttpRequest: () => CLOSE }),
});

/**
 * The actions there are. A new one is a file beside this one, its test, and a line here.
 *
 * @module
 */
import type { Action } from "../action.ts";
import { addHeaders } from "./add_headers.ts";
import { basicAuth } from "./basic_auth.ts";
import { circuitBreaker } from "./circuit_breaker.ts";
import { closeConnection } from "./close_connection.ts";
import { compressResponse } from "./compress_response.ts";
import { customResponse } from "./custom_response.ts";
import { deny } from "./deny.ts";
import { log } from "./log.ts";
import { redirect } from "./redirect.ts";
import { removeHeaders } from "./remove_headers.ts";
import { restrictIps } from "./restrict_ips.ts";
import { setVars } from "./set_vars.ts";
import { terminateTls } from "./terminate_tls.ts";
import { urlRewrite } from "./url_rewrite.ts";
import { userAgentFilter } from "./user_agent_filter.ts";
import { verifyWebhook } from "./verify_webhook.ts";
import { websocketTcpConverter } from "./websocket_tcp_converter.ts";

/** All of them. */
export const ACTIONS: readonly Action[] = [
  addHeaders,
  basicAuth,
  circuitBreaker,
  closeConnection,
  compressResponse,
  customResponse,
  deny,
  log,
  redirect,
  removeHeaders,
  restrictIps,
  setVars,
  terminateTls,
  urlRewrite,
  userAgentFilter,
  verifyWebhook,
  websocketTcpConverter,
];

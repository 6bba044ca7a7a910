/**
 * Many streams over one connection, as ngrok's agents and SDKs speak it (muxado): for programs that
 * want the multiplexer alone.
 *
 * @module
 */
export type { Mux, MuxEnd, MuxStream } from "./mux.ts";
export { createMux, type MuxOptions } from "./muxer.ts";
export { MuxFault, RESET } from "./frame.ts";
export { DEFAULT_WINDOW_LIMITS, type WindowLimits } from "./window.ts";
export { DEFAULT_SESSION_LIMITS, type SessionLimits } from "./session.ts";

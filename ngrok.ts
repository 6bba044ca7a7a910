/**
 * `@ngrok/ngrok` for programs that were written for it: the same functions, classes and options, made
 * of Sallyport's own agent. Change the import, and name your edge with `server_addr`; without one an
 * edge is started in the program, and the URL works on this machine.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import ngrok from "./ngrok.ts";
 *
 * const listener = await ngrok.forward({ addr: 8080 });
 * assert.match(listener.url() ?? "", /^http:\/\//);
 * await listener.close();
 * ```
 *
 * @module
 */
import * as ngrok from "./ngrok_module.ts";

export * from "./ngrok_module.ts";

// scripts have `import ngrok from "@ngrok/ngrok"`, and types as `ngrok.Listener`
export { ngrok as default };

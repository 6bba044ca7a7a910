/**
 * The flags of every command that puts an endpoint online (spec agent B1, B2). `commands/http.ts`,
 * `tcp.ts` and `tls.ts` list them; `tunnel.ts` reads them.
 *
 * @module
 */
import { defineFlag, type Flag, type Input } from "./command.ts";

/** The public URL that is wanted. Its words differ by command. */
export function urlFlag(summary: string): Flag & { readonly name: "url" } {
  return defineFlag({ name: "url", value: "url", summary });
}

/** The other flags, in the order the help shows them. */
export const ENDPOINT_FLAGS: readonly [
  Flag & { readonly name: "name" },
  Flag & { readonly name: "metadata" },
  Flag & { readonly name: "pooling-enabled" },
  Flag & { readonly name: "connect-url" },
  Flag & { readonly name: "connect-cas" },
  Flag & { readonly name: "authtoken" },
  Flag & { readonly name: "config" },
] = [
  {
    name: "name",
    value: "name",
    summary: "what the endpoint is called in logs and APIs",
    fallback: "command_line",
  },
  {
    name: "metadata",
    value: "text",
    summary: "text of yours, at most 4096 bytes, that APIs show with the endpoint",
  },
  {
    name: "pooling-enabled",
    summary: "share the URL with other endpoints that allow it: visitors are spread over all",
    value: "bool",
    isSwitch: true,
    choices: ["true", "false"],
  },
  {
    name: "connect-url",
    value: "host:port",
    summary: "the edge to dial; without one, a small edge is started on this machine",
    env: ["SALLYPORT_CONNECT_URL"],
  },
  {
    name: "connect-cas",
    value: "cas",
    summary:
      'who may vouch for the edge\'s certificate: "trusted", "host" (the operating system\'s authorities), or the path of a PEM file',
    fallback: "trusted",
    env: ["SALLYPORT_CONNECT_CAS"],
  },
  {
    name: "authtoken",
    value: "token",
    summary:
      "who you are to the edge; better given in the environment, where other users cannot see it",
    env: ["SALLYPORT_AUTHTOKEN", "NGROK_AUTHTOKEN"],
    secret: true,
  },
  {
    name: "config",
    value: "path",
    summary: "the configuration file, for what neither flags nor the environment say",
    env: ["SALLYPORT_CONFIG", "NGROK_CONFIG"],
  },
];

/** What these flags give. */
export type EndpointInput = Input<
  "url" | (typeof ENDPOINT_FLAGS)[number]["name"]
>;

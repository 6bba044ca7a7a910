/**
 * `sallyport tunnel <address> --label k=v`: of old, for the Edges of ngrok's cloud.
 *
 * @module
 */
import { TunnelError } from "../../base/errors.ts";
import { type Command, defineCommand } from "../command.ts";
import { SESSION_FLAGS } from "../endpoint_flags.ts";

/** Says what became of labeled tunnels. */
export const tunnelCommand: Command = defineCommand({
  name: "tunnel",
  summary: "a labeled tunnel, for Edges",
  description:
    "Labeled tunnels were the backends of Edges, objects of ngrok's cloud that ended on 31 December 2025. Nothing leads a visitor to one any more, so this command starts none and says so. Endpoints with pooling, or with the internal binding behind a traffic policy, do the same.",
  examples: [{
    line: "http 8080 --url https://app.internal",
    does: "the successor: an internal endpoint",
  }],
  argument: {
    name: "address",
    missing: "say which local service is to go online",
    summary: "the local service",
  },
  flags: [
    { name: "label", value: "name=value", summary: "a label of the backend", repeats: true },
    { name: "crt", value: "path", summary: "the certificate it presented" },
    { name: "key", value: "path", summary: "its private key" },
    {
      name: "inspect",
      value: "bool",
      summary: "whether its requests were kept",
      isSwitch: true,
      choices: ["true", "false"],
    },
    ...SESSION_FLAGS,
  ],
  hidden: true,
  run() {
    throw new TunnelError(
      "refused",
      'Cannot start a labeled tunnel: no visitor would reach it, for Edges ended; run "sallyport http" with --binding internal or --pooling-enabled instead',
      { ngrokCode: 399 },
    );
  },
});

/**
 * Drives the official SDK from another process: one JSON command a line on standard input, one JSON
 * answer a line on standard output. Runs under Node, for which the SDK's native part is made.
 *
 * Commands: connect {serverAddr, rootCas, authtoken, commands?}, listen {kind, domain?, to, ...},
 * close {id}, urls, disconnect. `calls` are further methods of the listener's builder. Unasked lines have `event`.
 */
import { Buffer } from "node:buffer";
import { createInterface } from "node:readline";
import ngrok from "@ngrok/ngrok";

let session;
const listeners = new Map();

function say(line) {
  process.stdout.write(JSON.stringify(line) + "\n");
}

/** PEM texts are bytes to the SDK. */
function asNative(value) {
  return typeof value === "string" && value.startsWith("-----BEGIN ") ? Buffer.from(value) : value;
}

const verbs = {
  async connect(
    {
      serverAddr,
      rootCas,
      authtoken,
      handlers = [],
      heartbeatMs,
      toleranceMs,
      metadata,
    },
  ) {
    const builder = new ngrok.SessionBuilder();
    builder.authtoken(authtoken).serverAddr(serverAddr).rootCas(rootCas);
    if (metadata) builder.metadata(metadata);
    if (heartbeatMs) builder.heartbeatInterval(heartbeatMs / 1000);
    if (toleranceMs) builder.heartbeatTolerance(toleranceMs / 1000);
    builder.handleDisconnection((addr, error) => {
      say({ event: "disconnected", addr, error });
      return true;
    });
    if (handlers.includes("stop")) {
      builder.handleStopCommand(() => say({ event: "stop" }));
    }
    if (handlers.includes("restart")) {
      builder.handleRestartCommand(() => say({ event: "restart" }));
    }
    if (handlers.includes("update")) {
      builder.handleUpdateCommand((update) => say({ event: "update", version: update.version }));
    }
    builder.handleHeartbeat((latency) => say({ event: "heartbeat", latency }));
    session = await builder.connect();
    return {};
  },
  async listen(
    { kind, domain, to, scheme, basicAuth, remoteAddr, proxyProto, metadata, pooled, calls = [] },
  ) {
    const builder = kind === "http"
      ? session.httpEndpoint()
      : kind === "tcp"
      ? session.tcpEndpoint()
      : session.tlsEndpoint();
    if (scheme) builder.scheme(scheme);
    if (domain) builder.domain(domain);
    if (remoteAddr) builder.remoteAddr(remoteAddr);
    if (proxyProto) builder.proxyProto(proxyProto);
    if (metadata) builder.metadata(metadata);
    if (basicAuth) builder.basicAuth(...basicAuth);
    if (pooled) builder.poolingEnabled(true);
    for (const [method, ...args] of calls) builder[method](...args.map(asNative));
    const listener = await builder.listen();
    listeners.set(listener.id(), listener);
    listener.forward(to).then(
      () => say({ event: "forward ended", id: listener.id() }),
      (error) =>
        say({
          event: "forward ended",
          id: listener.id(),
          error: error.message,
          errorCode: error.errorCode,
        }),
    );
    return { id: listener.id(), url: listener.url(), proto: listener.proto() };
  },
  async close({ id }) {
    await listeners.get(id).close();
    return {};
  },
  async urls() {
    return {
      urls: (await session.listeners()).map((listener) => listener.url()),
    };
  },
  async disconnect() {
    await session.close();
    return {};
  },
};

createInterface({ input: process.stdin }).on("line", async (line) => {
  const { seq, verb, ...args } = JSON.parse(line);
  try {
    say({ seq, ...(await verbs[verb](args)) });
  } catch (error) {
    say({ seq, error: error.message, errorCode: error.errorCode });
  }
}).on("close", () => process.exit(0));
say({ event: "ready" });

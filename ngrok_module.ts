/**
 * The functions and classes of `@ngrok/ngrok`, made of Sallyport's own agent for the runtime that the
 * program runs on. `ngrok.ts` hands them out, by name and as its default export.
 *
 * @module
 */
import { connect as connectAgent } from "./lib/agent/agent.ts";
import type { AgentOptions } from "./lib/agent/config.ts";
import { pair } from "./lib/base/duplex.ts";
import { Sdk } from "./lib/compat/sdk.ts";
import type { Connected, SessionBuilder as Builder } from "./lib/compat/session.ts";
import { startEdge } from "./lib/edge/edge.ts";
import { detectRuntime } from "./lib/runtime/detect.ts";

export {
  HttpListenerBuilder,
  LabeledListenerBuilder,
  ListenerBuilder,
  type MakeListener,
  TcpListenerBuilder,
  TlsListenerBuilder,
} from "./lib/compat/builders.ts";
export type { Config, Texts } from "./lib/compat/config.ts";
export { Listener, type ListenerParts } from "./lib/compat/listener.ts";
export type {
  BunServer,
  DenoServer,
  LocalServer,
  NodeAddress,
  NodeApp,
  NodeServer,
} from "./lib/agent/local_server.ts";
export type { LoggingCallback, SdkOptions } from "./lib/compat/sdk.ts";
export {
  type Connected,
  Session,
  type SessionContext,
  UpdateRequest,
} from "./lib/compat/session.ts";

async function connectAnywhere(options: AgentOptions): Promise<Connected> {
  const runtime = detectRuntime();
  const connectUrl = options.connectUrl ?? (runtime.host.env("SALLYPORT_CONNECT_URL") || undefined);
  const connectCas = options.connectCas ?? (runtime.host.env("SALLYPORT_CONNECT_CAS") || undefined);
  if (connectUrl !== undefined) {
    const agent = await connectAgent({ ...options, connectUrl, connectCas, runtime });
    return { agent, isLocal: false };
  }
  const { logger } = options;
  const edge = await startEdge({
    http: { port: 0 },
    tcpHost: "127.0.0.1",
    tcpPorts: "any",
    embedded: true,
    logger,
  }, runtime);
  const dial = () => {
    const [ours, theirs] = pair();
    edge.acceptAgent(theirs);
    return Promise.resolve(ours);
  };
  // the token is for another edge
  const agent = await connectAgent({ ...options, authtoken: undefined, dial, runtime });
  void agent.closed.then(() => edge.close({ graceMs: 0 }));
  return { agent, isLocal: true };
}

/** The one state that the package has. */
const sdk: Sdk = new Sdk({
  connect: connectAnywhere,
  env: (name) => detectRuntime().host.env(name),
  print: (line) => void detectRuntime().host.stdout.write(`${line}\n`),
});

/** Puts a service on a URL. */
export const forward: Sdk["forward"] = sdk.forward;
/** Another name of {@linkcode forward}. */
export const connect: Sdk["connect"] = sdk.connect;
/** Closes the listener of a URL, or all of them. */
export const disconnect: Sdk["disconnect"] = sdk.disconnect;
/** Closes all listeners and sessions. */
export const kill: Sdk["kill"] = sdk.kill;
/** The listeners that are not closed. */
export const listeners: Sdk["listeners"] = sdk.listeners;
/** The listener with an id. */
export const getListener: Sdk["getListener"] = sdk.getListener;
/** The listener of a URL. */
export const getListenerByUrl: Sdk["getListenerByUrl"] = sdk.getListenerByUrl;
/** Sets the authtoken of sessions from now on. */
export const authtoken: Sdk["authtoken"] = sdk.authtoken;
/** Gets log lines from now on. */
export const loggingCallback: Sdk["loggingCallback"] = sdk.loggingCallback;
/** Prints log lines from now on. */
export const consoleLog: Sdk["consoleLog"] = sdk.consoleLog;
/** A listener whose visitors wait. */
export const listenable: Sdk["listenable"] = sdk.listenable;
/** Gives the visitors of a listener, or of a new one, to a server of this program. */
export const listen: Sdk["listen"] = sdk.listen;
/** Builds a session. */
export const SessionBuilder: Sdk["SessionBuilder"] = sdk.SessionBuilder;
/** Builds a session. */
export type SessionBuilder = Builder;

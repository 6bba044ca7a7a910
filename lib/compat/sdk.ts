/**
 * The functions of `@ngrok/ngrok` and the state they share: the sessions and listeners of a program.
 * The door `ngrok.ts` makes one for the runtime it runs on.
 *
 * @module
 */
import type { LocalServer } from "../agent/local_server.ts";
import type { LogFields, Logger, LogLevel } from "../base/log.ts";
import { addressOf, type Config, IGNORED_KEYS, normalized, sessionOptions } from "./config.ts";
import type { Listener } from "./listener.ts";
import { envAuthtoken, type Session, SessionBuilder, type SessionContext } from "./session.ts";

/** Gets log lines: level, where from, text. */
export type LoggingCallback = (level: string, target: string, message: string) => void;

/** What the program around brings. */
export interface SdkOptions {
  /** Connects, to an edge on this machine when the options name none. */
  readonly connect: SessionContext["connect"];
  /** Reads an environment variable. */
  readonly env: (name: string) => string | undefined;
  /** Prints a line for a person. */
  readonly print: (line: string) => void;
}

/** Most talkative last. */
const LEVELS = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"];

/** `@ngrok/ngrok`, made of our agent. */
export class Sdk {
  /** Builds a session. */
  readonly SessionBuilder: new () => SessionBuilder;
  readonly #options: SdkOptions;
  readonly #sessions: Set<Session> = new Set();
  /** Sessions that `forward()` opened, by what they were opened with. */
  readonly #shared: Map<string, Promise<Session>> = new Map();
  #authtoken: string | undefined;
  #callback: LoggingCallback | undefined;
  #level = "INFO";

  /**
   * Nothing is connected yet.
   *
   * @param options the program around
   */
  constructor(options: SdkOptions) {
    this.#options = options;
    const context: SessionContext = {
      connect: (wanted) => options.connect({ ...wanted, logger: wanted.logger ?? this.#logger() }),
      env: options.env,
      defaultAuthtoken: () => this.#authtoken,
      onSession: (session) => this.#add(session),
    };
    this.SessionBuilder = class extends SessionBuilder {
      constructor() {
        super(context);
      }
    };
  }

  /**
   * Puts a service on a URL.
   *
   * @param config port, address or options
   */
  readonly forward = async (config?: Config | string | number): Promise<Listener> => {
    const options = normalized(config);
    const ignored = IGNORED_KEYS.filter((key) => key in options);
    if (ignored.length > 0) this.#log("WARN", "config", `unused: ${ignored.join(", ")}`);
    const session = await this.#sessionFor(options);
    const listener = await session.make(options).catch(async (thrown) => {
      await this.#leave(session);
      throw thrown;
    });
    void listener.join().catch(() => undefined).then(() => this.#leave(session));
    try {
      return await listener.send(addressOf(options));
    } catch (thrown) {
      await listener.close();
      throw thrown;
    }
  };

  /** Another name of {@linkcode Sdk.forward}. */
  readonly connect: Sdk["forward"] = this.forward;

  /** Closes the listener of a URL, or all of them. */
  readonly disconnect = async (url?: string | null): Promise<void> => {
    const all = await this.listeners();
    await Promise.all(all.filter((one) => !url || one.url() === url).map((one) => one.close()));
  };

  /** Closes all listeners and sessions. */
  readonly kill = async (): Promise<void> => {
    await this.disconnect();
    await Promise.all([...this.#sessions].map((session) => session.close()));
  };

  /** The listeners that are not closed. */
  readonly listeners = async (): Promise<Listener[]> => {
    return (await Promise.all([...this.#sessions].map((one) => one.listeners()))).flat();
  };

  /** The listener with an id. */
  readonly getListener = async (id: string): Promise<Listener | null> => {
    return (await this.listeners()).find((listener) => listener.id() === id) ?? null;
  };

  /** The listener of a URL. */
  readonly getListenerByUrl = async (url: string): Promise<Listener | null> => {
    return (await this.listeners()).find((listener) => listener.url() === url) ?? null;
  };

  /** The authtoken of sessions from now on. */
  readonly authtoken = (authtoken: string): Promise<void> => {
    this.#authtoken = authtoken;
    return Promise.resolve();
  };

  /** Gets log lines from now on; nothing ends that. */
  readonly loggingCallback = (callback?: LoggingCallback, level: string = "INFO"): void => {
    this.#callback = callback;
    this.#level = level.toUpperCase();
  };

  /** Prints log lines. */
  readonly consoleLog = (level?: string): void => {
    this.loggingCallback(
      (line, target, message) => this.#options.print(`${line} ${target} - ${message}`),
      level,
    );
  };

  /** A listener whose visitors wait; the authtoken comes from the environment. */
  readonly listenable = async (): Promise<Listener> => {
    const session = await this.#sessionFor({ authtoken_from_env: true });
    const listener = await session.make({});
    void listener.join().catch(() => undefined).then(() => this.#leave(session));
    return listener;
  };

  /** Gives the visitors of a listener, or of a new one, to a server of this program. */
  readonly listen = async (server: LocalServer, listener?: Listener): Promise<Listener> => {
    return await (listener ?? await this.listenable()).serve(server);
  };

  async #sessionFor(options: Config): Promise<Session> {
    const authtoken = options.authtoken ??
      (options.authtoken_from_env ? envAuthtoken(this.#options.env) : this.#authtoken);
    const wanted = sessionOptions(options, authtoken);
    const key = JSON.stringify(wanted);
    const { onStatusChange, onLogEvent, force_new_session } = options;
    const known = this.#shared.get(key);
    if (known && !force_new_session) return await known;
    const builder = new this.SessionBuilder().agentOptions(wanted);
    if (onLogEvent) builder.agentOptions({ logger: this.#logger(onLogEvent) });
    builder.handleEvent(({ type }) => {
      if (type === "session_established") onStatusChange?.("connected");
      if (type === "session_lost") onStatusChange?.("closed");
    });
    const connecting = builder.connect();
    if (force_new_session) return await connecting;
    this.#shared.set(key, connecting);
    const forget = () => void this.#shared.delete(key);
    connecting.then((session) => session.closed.then(forget), forget);
    return await connecting;
  }

  /** The last listener is gone: nothing keeps the program from ending. */
  async #leave(session: Session): Promise<void> {
    if ((await session.listeners()).length === 0) await session.close();
  }

  #add(session: Session): void {
    this.#sessions.add(session);
    void session.closed.then(() => this.#sessions.delete(session));
  }

  #log(level: string, target: string, message: string, also?: (data: string) => void): void {
    also?.(`${level} ${target} - ${message}`);
    if (LEVELS.indexOf(level) <= LEVELS.indexOf(this.#level)) {
      this.#callback?.(level, target, message);
    }
  }

  #logger(also?: (data: string) => void): Logger {
    const log = (level: LogLevel, message: string, fields: LogFields = {}) => {
      const target = String(fields.obj ?? "sallyport");
      const more = Object.entries(fields).filter(([name]) => name !== "obj")
        .map(([name, value]) => ` ${name}=${String(value)}`).join("");
      this.#log(level === "crit" ? "ERROR" : level.toUpperCase(), target, message + more, also);
    };
    const logger: Logger = {
      log,
      child: (more) => ({
        log: (level, message, fields) => log(level, message, { ...more, ...fields }),
        child: (again) => logger.child({ ...more, ...again }),
      }),
    };
    return logger;
  }
}

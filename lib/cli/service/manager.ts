/**
 * What a service manager of an operating system is: data that `control.ts` carries out. One file
 * beside this one for each of the three.
 *
 * @module
 */
import type { Host, RunResult } from "../../runtime/host.ts";

/** A command line, word by word. */
export type Words = readonly string[];

/** What a service is made of. */
export interface ServiceFacts {
  /** The words that start the program, up to its own arguments. */
  readonly program: Words;
  /** The configuration files, as absolute paths. */
  readonly configs: readonly string[];
  /** Whose process it is; `undefined` leaves it to the manager: its most powerful account. */
  readonly user: string | undefined;
  /** Folders it writes to. */
  readonly writes: readonly string[];
  /** Whether a service behind an endpoint is reached through a file below /tmp. */
  readonly usesTmp: boolean;
}

/** A file of the service. */
export interface ServiceFile {
  /** Where it lies. */
  readonly path: string;
  /** What is in it. */
  readonly text: string;
}

/** What installing takes. */
export interface InstallPlan {
  /** Written first. */
  readonly files: readonly ServiceFile[];
  /** Run then. */
  readonly commands: readonly Words[];
}

/** How a service is. */
export interface ServiceState {
  /** Whether its process is there. */
  readonly isRunning: boolean;
  /** In the words of the manager: `active (running)`. */
  readonly words: string;
  /** The exit code of the process that was there before; 0 when it ended well or there was none. */
  readonly exitCode: number;
}

/** How services are managed on an operating system. */
export interface ServiceManager {
  /** `systemd`, `launchd`, `Windows` */
  readonly name: string;
  /** What the service is called there. */
  readonly service: string;
  /** How its log is read. */
  readonly logHint: string;
  /** What it takes to install it. */
  install(facts: ServiceFacts): InstallPlan;
  /** Takes back what installing did, once the service has stopped; files are removed after. */
  readonly uninstall: readonly Words[];
  /** The files to remove; a folder goes with what is in it. */
  readonly leftovers: readonly string[];
  /** Run when the files are gone. */
  readonly afterwards: readonly Words[];
  /** Starts it, and only that. */
  readonly start: readonly Words[];
  /** Stops it. */
  readonly stop: readonly Words[];
  /** The command line it was installed with; `undefined` when it is not installed. */
  readLine(host: Host): Promise<Words | undefined>;
  /** Tells how it is. */
  readonly ask: Words;
  /** Understands what that printed. */
  readState(answer: RunResult): ServiceState;
}

/** What stands behind the program on the command line of the service. */
export function serviceArguments(configs: readonly string[]): Words {
  return ["service", "run", ...configs.flatMap((config) => ["--config", config])];
}

/**
 * The configuration files of a command line that {@linkcode serviceArguments} ended.
 *
 * @param line of the service
 */
export function configsOf(line: Words): readonly string[] {
  return line.filter((_, at) => line[at - 1] === "--config");
}

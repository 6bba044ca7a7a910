/**
 * What the edge may ask of this program, and what it is told when it may not: stop, restart, update
 * (spec agent L and Q). `tunnel.ts` makes it of the configuration.
 *
 * @module
 */
import type { CommandHandlers } from "../agent/commands.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Updater } from "./update/updater.ts";

/** What a command returns that wants the program to be started again: no exit code is negative. */
export const RESTART: number = -1;

/** What decides over the commands. */
export interface RemoteManagement {
  /** Whether the configuration allows them; it does unless it says otherwise. */
  readonly isAllowed: boolean;
  /** Why the program cannot be restarted; empty when it can. */
  readonly restartObstacle: string;
  /** Rejects when the program, started again, would not come back: the configuration may have changed. */
  readonly rehearse: () => Promise<void>;
  /** Replaces the program; `undefined` when it may not be, see `updateObstacle`. */
  readonly updater: Updater | undefined;
  /** Why it may not. */
  readonly updateObstacle: string;
}

/**
 * The handlers.
 *
 * @param management what decides
 */
export function remoteCommands(management: RemoteManagement): CommandHandlers {
  const { isAllowed, restartObstacle, rehearse, updater, updateObstacle } = management;
  if (!isAllowed) {
    const refused = "the configuration of the agent forbids it (remote_management: false)";
    return { refusals: { stop: refused, restart: refused, update: refused } };
  }
  return {
    // Agreeing is all there is to do: the agent closes itself, and `closed` says why.
    stop: () => {},
    ...restartObstacle === "" && {
      async restart() {
        if (updater?.state.kind === "updating") {
          throw new TunnelError("conflict", "an update is under way: ask again when it is done");
        }
        await rehearse();
      },
    },
    ...updater && {
      async update({ Version, PermitMajorVersion }) {
        const wish = { version: Version, permitMajor: PermitMajorVersion };
        const { done } = await updater.begin(wish).catch(refuseBriefly);
        // The answer does not wait for the download: the edge would not, either. The log knows the rest.
        done.catch(() => undefined);
      },
    },
    refusals: { restart: restartObstacle, update: updateObstacle },
  };
}

/** The edge says that the agent cannot be updated; only why is left to say. */
function refuseBriefly(thrown: unknown): never {
  const error = toTunnelError(thrown);
  const message = error.message.replace(/^Cannot update(?: this program)?: /, "");
  throw new TunnelError(error.code, message, { cause: error });
}

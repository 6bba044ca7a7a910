/**
 * What the edge may ask of this program, and what it is told when it may not: stop, restart, update
 * (spec agent L and Q). `tunnel.ts` makes it of the configuration.
 *
 * @module
 */
import type { CommandHandlers } from "../agent/commands.ts";
import { TunnelError } from "../base/errors.ts";
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
        const { done } = await updater.begin({
          version: Version,
          permitMajor: PermitMajorVersion,
        });
        // The answer does not wait for the download: the edge would not, either. The log knows the rest.
        done.catch(() => undefined);
      },
    },
    refusals: { restart: restartObstacle, update: updateObstacle },
  };
}

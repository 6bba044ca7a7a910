/**
 * Which service manager this machine has.
 *
 * @module
 */
import { TunnelError } from "../../base/errors.ts";
import type { Host } from "../../runtime/host.ts";
import type { ServiceManager } from "./manager.ts";

/**
 * The manager of this machine.
 *
 * @param host the machine
 * @throws {TunnelError} usage where there is none that is known
 */
export async function findManager(host: Host): Promise<ServiceManager> {
  switch (host.os) {
    case "linux":
      return (await import("./systemd.ts")).systemd;
    case "darwin":
      return (await import("./launchd.ts")).launchd;
    case "windows":
      return (await import("./windows.ts")).windowsServices(host);
    default:
      throw new TunnelError(
        "usage",
        `Cannot manage a service here: there is no service manager known for ${host.os}; ` +
          `run "sallyport start --all" by what starts programs at boot`,
      );
  }
}

/**
 * The commands, in the order the help lists them. A new one is its file and one line here.
 *
 * @module
 */
import type { Command } from "../command.ts";
import { apiCommand } from "./api.ts";
import { completionCommand } from "./completion.ts";
import { authtokenCommand, configCommand } from "./config.ts";
import { creditsCommand } from "./credits.ts";
import { diagnoseCommand } from "./diagnose.ts";
import { edgeCommand } from "./edge.ts";
import { helpCommand } from "./help.ts";
import { httpCommand } from "./http.ts";
import { psCommand } from "./ps.ts";
import { serviceCommand } from "./service.ts";
import { startCommand } from "./start.ts";
import { stopCommand } from "./stop.ts";
import { tcpCommand } from "./tcp.ts";
import { tlsCommand } from "./tls.ts";
import { tunnelCommand } from "./tunnel.ts";
import { updateCommand } from "./update.ts";
import { versionCommand } from "./version.ts";

/** All commands. */
export const COMMANDS: readonly Command[] = [
  httpCommand,
  tcpCommand,
  tlsCommand,
  startCommand,
  stopCommand,
  psCommand,
  tunnelCommand,
  edgeCommand,
  apiCommand,
  configCommand,
  authtokenCommand,
  serviceCommand,
  diagnoseCommand,
  completionCommand,
  updateCommand,
  creditsCommand,
  versionCommand,
  helpCommand,
];

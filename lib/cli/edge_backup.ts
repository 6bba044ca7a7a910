/**
 * What `sallyport edge backup` and `restore` do: copy the data folder of an edge into another
 * folder, while the edge runs, and back. Loaded only when one of them runs.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import type { Files } from "../runtime/host.ts";
import type { Cli } from "./command.ts";
import { openData } from "./edge_data.ts";

const DATABASE = "sallyport.db";

/**
 * Copies the database as it is at one moment, and keys and certificates beside it. Files of events
 * stay where they are: they grow without end, and nothing depends on them.
 *
 * @param cli the machine
 * @param folder where to; empty, or not there yet
 * @param data the data folder
 * @throws {TunnelError} conflict when something is in the folder; not_found; io_failed
 */
export async function backUp({ runtime }: Cli, folder: string, data: string): Promise<void> {
  const { files } = runtime.host;
  await refuseContent(files, folder);
  const store = await openData(runtime, data);
  try {
    await files.makeDir(folder);
    await store.backupTo(`${folder}/${DATABASE}`);
  } finally {
    await store.close();
  }
  await copyTree(files, data, folder, (name) => !name.startsWith(DATABASE) && name !== "events");
}

/**
 * Makes a data folder out of a backup.
 *
 * @param cli the machine
 * @param folder the backup
 * @param data the data folder; empty, or not there yet
 * @throws {TunnelError} conflict when something is in the data folder; not_found; io_failed
 */
export async function restore({ runtime }: Cli, folder: string, data: string): Promise<void> {
  const { files } = runtime.host;
  if (await files.stat(`${folder}/${DATABASE}`) === undefined) {
    throw new TunnelError("not_found", `Cannot restore "${folder}": there is no backup in it`);
  }
  await refuseContent(files, data);
  await copyTree(files, folder, data, () => true);
}

async function refuseContent(files: Files, folder: string): Promise<void> {
  if (await files.stat(folder) === undefined || (await files.list(folder)).length === 0) return;
  throw new TunnelError("conflict", `Cannot write into "${folder}": it is not empty`);
}

async function copyTree(
  files: Files,
  from: string,
  to: string,
  wanted: (name: string) => boolean,
): Promise<void> {
  await files.makeDir(to);
  for (const name of await files.list(from)) {
    if (!wanted(name)) continue;
    const [source, target] = [`${from}/${name}`, `${to}/${name}`];
    const info = await files.stat(source);
    if (info?.kind === "directory") await copyTree(files, source, target, () => true);
    else if (info?.kind === "file") await files.write(target, await files.readBytes(source));
  }
}

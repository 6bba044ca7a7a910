/**
 * The folder a service works in, and what relative paths of its configuration mean there.
 *
 * @module
 */

/**
 * Where relative paths of a service's configuration start: beside the (first) file.
 *
 * @param config as an absolute path
 */
export function serviceFolder(config: string): string {
  const folder = config.replace(/[/\\][^/\\]*$/, "");
  return folder === "" || /^[a-z]:$/i.test(folder) ? config.slice(0, folder.length + 1) : folder;
}

/**
 * A path of the configuration as an absolute one.
 *
 * @param folder where relative paths start
 * @param path as it is written
 */
export function besideFolder(folder: string, path: string): string {
  if (/^(?:[/\\]|[a-z]:[/\\])/i.test(path)) return path;
  return `${folder.replace(/[/\\]$/, "")}${folder.includes("\\") ? "\\" : "/"}${
    path.replace(/^\.[/\\]/, "")
  }`;
}

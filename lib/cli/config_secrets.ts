/**
 * Finds what must not be printed in a configuration. `main.ts` registers it before anything can be.
 *
 * @module
 */

/** Keys whose value is a secret as a whole. */
const SECRET_KEYS: ReadonlySet<string> = new Set([
  ...["authtoken", "api_key", "client_secret", "secret", "server_private_key"],
]);

/** Keys whose values have a secret behind a colon: `user:password`. */
const PASSWORD_KEYS: ReadonlySet<string> = new Set(["auth", "basic_auth"]);

/** Keys whose value is a URL that may have a password. */
const URL_KEYS: ReadonlySet<string> = new Set(["proxy_url", "http_proxy", "socks5_proxy"]);

/**
 * The secrets of a configuration, wherever in it they stand, whether or not it is valid.
 *
 * @param value the file as plain data
 */
export function secretsOf(value: unknown): readonly string[] {
  const found: string[] = [];
  collect(value, found);
  return found;
}

function collect(value: unknown, found: string[]): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, one] of Object.entries(value)) {
    const texts = [one].flat().filter((text) =>
      typeof text === "string" || typeof text === "number"
    )
      .map(String);
    if (SECRET_KEYS.has(key)) found.push(...texts);
    if (PASSWORD_KEYS.has(key)) {
      found.push(...texts, ...texts.map((text) => text.slice(text.indexOf(":") + 1)));
    }
    if (URL_KEYS.has(key)) found.push(...texts.map(passwordOf));
    collect(one, found);
  }
}

function passwordOf(url: string): string {
  return URL.canParse(url) ? decodeURIComponent(new URL(url).password) : "";
}

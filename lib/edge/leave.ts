/**
 * Ends a connection so that what was said last arrives. The TLS door leaves this way.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Duplex } from "../base/duplex.ts";

/**
 * Says our end and reads on until the peer says its own: closing while its bytes still come in makes
 * the system send an RST, which destroys what the peer has not read yet (RFC 9112 section 9.6).
 *
 * @param conn whose peer has been told
 * @param clock whose time
 * @param lingerMs how long the peer may take; then the connection is cut
 */
export async function leave(conn: Duplex, clock: Clock, lingerMs: number): Promise<void> {
  const timer = clock.after(lingerMs, () => conn.abort());
  try {
    const full = conn.closeWrite();
    if (full) await full;
    for (;;) {
      const next = conn.read();
      if ((next instanceof Promise ? await next : next) === undefined) return;
    }
  } catch {
    // It is gone already, by our timer or by itself: there is nobody left to tell.
    conn.abort();
  } finally {
    timer.cancel();
  }
}

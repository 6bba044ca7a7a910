/**
 * Sends a captured request once more to a service that speaks HTTP/2, followed as a visitor's would
 * be. `replay.ts` calls it.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { join, pair } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import type { Http2Call, Http2Client } from "../http/h2/http2.ts";
import { connectHttp2 } from "../http/h2/session.ts";
import type { Exchange } from "../inspect/exchange.ts";
import type { Conn } from "../runtime/net.ts";
import type { Inspector } from "./inspector.ts";
import type { RequestFields } from "./replay_request.ts";
import type { UpstreamTarget } from "./upstream_dial.ts";

/** What such a replay needs of its agent. */
export interface Http2ReplayOptions {
  /** Whose time. */
  readonly clock: Clock;
  /** Keeps the new exchange. */
  readonly inspector: Inspector;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** An answer that never ends is followed for so long. */
  readonly limitMs: number;
}

/**
 * Sends it; it goes on by itself.
 *
 * @param exchange what is repeated
 * @param asked its request
 * @param conn to the service; owned from now on
 * @param target the service
 * @param options time, inspector
 * @returns the id of the new exchange, once its request has begun
 * @throws {TunnelError} what ended the connection before
 */
export async function replayHttp2(
  exchange: Exchange,
  asked: RequestFields,
  conn: Conn,
  target: UpstreamTarget,
  { clock, inspector, signal, limitMs }: Http2ReplayOptions,
): Promise<string> {
  const [ours, visitor] = pair();
  let begun!: (id: string) => void;
  const id = new Promise<string>((resolve) => begun = resolve);
  const { clientAddr } = exchange;
  const tapped = inspector.follow(visitor, conn, target, clientAddr, { of: exchange.id, begun });
  const end = () => conn.abort(new TunnelError("aborted", "The replay was ended"));
  signal.addEventListener("abort", end, { once: true });
  const timer = clock.after(limitMs, end);
  const over = join(tapped.visitor, tapped.service).then(({ error }) => {
    timer.cancel();
    signal.removeEventListener("abort", end);
    tapped.close(error?.message);
    return error;
  });
  const session = connectHttp2(ours, clock, {});
  void ask(session, asked)
    .catch(() => undefined) // the exchange says what went wrong
    .finally(() => {
      session.close();
      void session.closed.then(() => conn.abort());
    });
  return await Promise.race([
    id,
    over.then((error) => {
      throw error ?? new TunnelError("connection_closed", "The service ended the connection");
    }),
  ]);
}

/** Sends, and reads until the answer is complete; what it says is looked at where it passes. */
async function ask(session: Http2Client, asked: RequestFields): Promise<void> {
  const { fields, body, trailers } = asked;
  const isAll = body.length === 0 && trailers.length === 0;
  const call = await session.request(fields, isAll);
  // A service may answer before it has read everything, and want no more of it.
  const sending = isAll ? undefined : send(call, asked).catch(() => undefined);
  for (let status = 0; status < 200;) {
    const { fields } = await call.nextHead();
    status = Number(fields.find(([name]) => name === ":status")?.[1] ?? 200);
  }
  while (await call.read() !== undefined);
  await sending;
}

async function send(call: Http2Call, { body, trailers }: RequestFields): Promise<void> {
  if (body.length > 0) await call.write(body);
  if (trailers.length > 0) call.endWith(trailers);
  else await call.closeWrite();
}

/**
 * A link between agent and edge that can be broken in every way a network breaks: a relay on
 * loopback, at the byte level, below TLS.
 *
 * @module
 */
import net, { type AddressInfo } from "node:net";

/** What the link does with connections, those that are there and those to come. */
export type LinkMood = "well" | "hole" | "refusing";

/** Where a connection is cut, counted in bytes towards the agent, and how. */
export interface HandshakeCut {
  /** 0 cuts before the first byte. */
  readonly afterBytes: number;
  readonly how: "rst" | "fin";
}

/** How a link is made. */
export interface LinkOptions {
  /** @default {"127.0.0.1"} */
  readonly host?: string;
  /** @default any */
  readonly port?: number;
  /** From which address the edge sees the agent come. @default {"127.0.0.1"} */
  readonly from?: string;
}

/** A link. */
export class Link {
  readonly #server: net.Server;
  readonly #pairs = new Set<[front: net.Socket, back: net.Socket]>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #mood: LinkMood = "well";
  /** How long each chunk travels, each way. */
  delayMs = 0;
  /** What happens to the connections to come, in their turn. */
  readonly cuts: HandshakeCut[] = [];
  /** Connections it ever took. */
  total = 0;

  private constructor(target: number, from: string) {
    this.#server = net.createServer({ allowHalfOpen: true }, (front) => {
      this.total++;
      front.on("error", () => {});
      if (this.#mood === "refusing") return void front.resetAndDestroy();
      const back = net.connect({
        port: target,
        host: "127.0.0.1",
        localAddress: from,
        allowHalfOpen: true,
      });
      const both: [net.Socket, net.Socket] = [front, back];
      this.#pairs.add(both);
      const over = () => {
        if (!front.destroyed || !back.destroyed) return;
        this.#pairs.delete(both);
      };
      const cut = this.cuts.shift();
      let left = cut?.afterBytes ?? Infinity;
      if (cut && left === 0) cutNow(front, back, cut.how);
      front.on("data", (data) => this.#carry(data, back));
      back.on("data", (data) => {
        if (cut && data.length >= left) {
          front.write(data.subarray(0, left));
          left = Infinity;
          return setImmediate(() => cutNow(front, back, cut.how));
        }
        left -= data.length;
        this.#carry(data, front);
      });
      for (const [one, other] of [both, [back, front]] as const) {
        one.setNoDelay(true);
        one.on("error", () => {});
        one.on("end", () => this.#mood === "hole" || this.#later(() => other.end()));
        one.on("close", () => {
          over();
          // A hole lets the news of an end not pass either.
          if (this.#mood !== "hole") this.#later(() => other.destroy());
        });
      }
    });
  }

  /** Opens a link to a port of loopback. */
  static async open(target: number, options: LinkOptions = {}): Promise<Link> {
    const link = new Link(target, options.from ?? "127.0.0.1");
    await new Promise<void>((resolve, reject) => {
      link.#server.once("error", reject);
      link.#server.listen(options.port ?? 0, options.host ?? "127.0.0.1", () => resolve());
    });
    return link;
  }

  /** The port it listens at. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** `hole`: nothing passes any more, no end and no reset either. `refusing`: new ones are reset. */
  set mood(mood: LinkMood) {
    this.#mood = mood;
  }

  /** Cuts all connections. */
  cut(how: "rst" | "fin"): void {
    for (const [front, back] of this.#pairs) cutNow(front, back, how);
  }

  /** Cuts one side of all connections with a reset; the other one hears nothing, ever. */
  halve(whoHears: "agent" | "edge"): void {
    for (const [front, back] of this.#pairs) {
      const [heard, deaf] = whoHears === "agent" ? [front, back] : [back, front];
      heard.removeAllListeners("close");
      deaf.removeAllListeners("close");
      deaf.pause();
      heard.resetAndDestroy();
    }
  }

  #carry(data: Uint8Array, to: net.Socket): void {
    if (this.#mood === "hole") return;
    this.#later(() => {
      if (!to.destroyed && !to.writableEnded) to.write(data);
    });
  }

  #later(run: () => void): void {
    if (this.delayMs === 0) return run();
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, this.delayMs);
    this.#timers.add(timer);
  }

  /** Ends all of it. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const both of this.#pairs) for (const socket of both) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function cutNow(front: net.Socket, back: net.Socket, how: "rst" | "fin"): void {
  for (const socket of [front, back]) {
    if (how === "rst") socket.resetAndDestroy();
    else socket.end();
  }
  if (how === "fin") setImmediate(() => back.destroy());
}

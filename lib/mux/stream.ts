/**
 * What a session knows of one stream: what waits to be sent, what credit there is, which ends were
 * said. Pure state; `session.ts` moves it.
 *
 * @module
 */
import { returnBuffer } from "../base/loan.ts";
import { INITIAL_WINDOW_BYTES } from "./frame.ts";
import { ReceiveWindow, type WindowBudget } from "./window.ts";

/** Stands in the place of a chunk that has left. */
const SENT = new Uint8Array(0);

/** Chunks in line, taken out in any cut. */
export class SendQueue {
  #chunks: Uint8Array[] = [];
  /** For each chunk, whether its memory may be returned. */
  #given: boolean[] = [];
  #first = 0;
  #offset = 0;
  #bytes = 0;

  /** How much waits. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The length of the first chunk, or what is left of it. */
  get firstBytes(): number {
    return this.#first < this.#chunks.length ? this.#chunks[this.#first].length - this.#offset : 0;
  }

  /**
   * Adds a chunk.
   *
   * @param chunk not changed from now on
   * @param isGiven whether nobody else looks at it: its memory is returned when it has left
   */
  push(chunk: Uint8Array, isGiven = false): void {
    this.#chunks.push(chunk);
    this.#given.push(isGiven);
    this.#bytes += chunk.length;
  }

  /** Moves the first `count` bytes to `target`. */
  moveInto(target: Uint8Array, at: number, count: number): void {
    this.#bytes -= count;
    while (count > 0) {
      const chunk = this.#chunks[this.#first];
      const left = chunk.length - this.#offset;
      if (left <= count) {
        target.set(this.#offset === 0 ? chunk : chunk.subarray(this.#offset), at);
        this.#offset = 0;
        // What has left must not stay in memory for the sake of what waits behind it.
        if (this.#given[this.#first]) returnBuffer(chunk);
        this.#chunks[this.#first++] = SENT;
        at += left;
        count -= left;
      } else {
        target.set(chunk.subarray(this.#offset, this.#offset + count), at);
        this.#offset += count;
        count = 0;
      }
    }
    if (this.#first === this.#chunks.length) {
      this.#chunks = [];
      this.#given = [];
      this.#first = 0;
    } else if (this.#first > 64) {
      this.#chunks = this.#chunks.slice(this.#first);
      this.#given = this.#given.slice(this.#first);
      this.#first = 0;
    }
  }

  /** Forgets all that waits. */
  clear(): void {
    this.#chunks = [];
    this.#given = [];
    this.#first = 0;
    this.#offset = 0;
    this.#bytes = 0;
  }
}

/** The state of one stream. */
export class StreamState {
  /** The number on the wire. */
  readonly id: number;
  /** Urgent streams (heartbeats) leave ahead of all others. */
  urgent: boolean;
  /** What waits to be sent. */
  readonly outbound: SendQueue = new SendQueue();
  /** What the peer allows us to send. */
  sendCreditBytes: number = INITIAL_WINDOW_BYTES;
  /** What we allow the peer. */
  readonly inbound: ReceiveWindow;
  /** SYN must ride on the next frame. */
  synDue: boolean;
  /** FIN must follow what waits. */
  finDue = false;
  /** FIN was put into a frame. */
  finSent = false;
  /** The peer ended its direction. */
  finReceived = false;
  /** Stands in the line of streams that can send. */
  inLine = false;
  /** Somebody waits for room in `outbound`. */
  writerWaits = false;
  /** No longer part of the session. */
  over = false;

  /**
   * Makes a stream with full windows both ways.
   *
   * @param id the number on the wire
   * @param ours whether we open it, so that SYN is due
   * @param urgent whether it overtakes
   * @param budget of the session's windows
   * @param nowMs the time
   */
  constructor(id: number, ours: boolean, urgent: boolean, budget: WindowBudget, nowMs: number) {
    this.id = id;
    this.urgent = urgent;
    this.synDue = ours;
    this.inbound = new ReceiveWindow(budget, nowMs);
  }

  /** Whether a frame could leave now. */
  get canSend(): boolean {
    if (this.over) return false;
    if (this.outbound.bytes > 0) return this.sendCreditBytes > 0;
    return this.synDue || (this.finDue && !this.finSent);
  }
}

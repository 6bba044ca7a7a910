/**
 * The status on the whole screen: keys in, frames out. Chosen by `tunnel.ts` where a person is looking;
 * elsewhere `agent_console.ts` prints lines.
 *
 * @module
 */
import type { Agent } from "../../agent/agent.ts";
import type { AgentEvent } from "../../agent/events.ts";
import { toBase64 } from "../../base/base64.ts";
import { encodeText } from "../../base/bytes.ts";
import type { Timer } from "../../base/clock.ts";
import { toTunnelError } from "../../base/errors.ts";
import type { ExchangeOver } from "../../edge/events.ts";
import type { Runtime } from "../../runtime/host.ts";
import type { Terminal } from "../../runtime/terminal.ts";
import type { AgentView, AgentViewOptions, UpdateOffer } from "../agent_view.ts";
import { formatTime } from "../render.ts";
import { cellsOf } from "./cells.ts";
import { type Key, KeyReader } from "./keys.ts";
import { layOut, paragraph } from "./layout.ts";
import { type Colours, type Line, span } from "./line.ts";
import { qrLines } from "./qr.ts";
import { RequestLog } from "./requests.ts";
import { ENTER, LEAVE, Screen } from "./screen.ts";
import { type EndpointRow, Status } from "./status.ts";

/** No more than ten frames a second: nobody reads faster. */
const FRAME_MS = 100;

/** Rates and what remains of a session change without an event. */
const TICK_MS = 1_000;

/** What a person can do. */
export interface FullConsoleOptions extends AgentViewOptions {
  /** Which colours there are. */
  readonly colours: Colours;
  /** Ctrl+C: in raw mode it is a key, not a signal. */
  readonly onInterrupt: () => void;
}

/** The status of one agent, on the whole screen. */
export class FullConsole implements AgentView {
  readonly #runtime: Runtime;
  readonly #options: FullConsoleOptions;
  readonly #status: Status;
  readonly #log = new RequestLog();
  readonly #keys = new KeyReader();
  readonly #terminal: Terminal;
  readonly #screen: Screen;
  readonly #tick: { timer: Timer | undefined } = { timer: undefined };
  #frame: Timer | undefined;
  #drawnAtMs = -Infinity;
  #unfollow: (() => void) | undefined;
  #followsAgent = false;
  #update: UpdateOffer | undefined;
  #isUpdating = false;
  #interrupts = 0;
  #scroll = 0;
  #height = 0;
  #seen = 0;
  /** Which endpoint's QR code is shown. */
  #code: number | undefined;
  #said: string | undefined;
  #isClosed = false;

  private constructor(
    runtime: Runtime,
    options: FullConsoleOptions,
    open: (onInput: (text: string) => void, onChange: () => void) => Terminal,
  ) {
    this.#runtime = runtime;
    this.#options = options;
    this.#status = new Status(runtime.clock);
    this.#terminal = open(
      (text) => this.#keys.read(text).forEach((key) => this.#press(key)),
      () => {
        this.#screen.forget();
        this.#draw();
      },
    );
    this.#screen = new Screen(this.#terminal, options.colours);
    this.#draw();
    this.#keepTime();
  }

  /**
   * Takes the terminal.
   *
   * @param runtime the machine
   * @param options what a person can do
   * @returns nothing where there is no terminal to draw on
   */
  static open(runtime: Runtime, options: FullConsoleOptions): FullConsole | undefined {
    let input: (text: string) => void = () => {};
    let change: () => void = () => {};
    const terminal = runtime.host.openTerminal({
      enter: ENTER,
      leave: LEAVE,
      onInput: (text) => input(text),
      onResize: () => change(),
      onResume: () => change(),
    });
    if (!terminal) return undefined;
    return new FullConsole(runtime, options, (onInput, onChange) => {
      input = onInput;
      change = onChange;
      return terminal;
    });
  }

  /** See {@linkcode AgentView.onEvent}. */
  onEvent(event: AgentEvent): void {
    this.#status.onEvent(event);
    this.#soon();
  }

  /** See {@linkcode AgentView.onExchange}. */
  onExchange(event: ExchangeOver): void {
    // The agent sees those that reach it; an edge alone knows those that it answers itself.
    if (this.#followsAgent && event.ngrokCode === undefined) return;
    this.#log.onExchange(event);
    this.#soon();
  }

  /** See {@linkcode AgentView.follow}. */
  follow(agent: Agent): void {
    this.#status.follow(agent);
    const { exchanges } = agent;
    if (exchanges) {
      this.#followsAgent = true;
      this.#unfollow = this.#log.follow(exchanges, () => this.#soon());
    }
    this.#soon();
  }

  /** See {@linkcode AgentView.showWebInterface}. */
  showWebInterface(url: string): void {
    this.#status.webInterface = url;
    this.#soon();
  }

  /** See {@linkcode AgentView.offerUpdate}. */
  offerUpdate(offer: UpdateOffer): void {
    this.#update = offer;
    this.#status.update = `update available (version ${offer.version}, Ctrl-U to update)`;
    this.#soon();
  }

  /** See {@linkcode AgentView.finishing}. */
  finishing(): void {
    this.#closing();
  }

  /** See {@linkcode AgentView.close}. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#frame?.cancel();
    this.#tick.timer?.cancel();
    this.#unfollow?.();
    await this.#terminal.close();
    // The edge's last words would be gone with the screen.
    for (const { atMs, text, isLasting } of this.#status.messages) {
      if (isLasting) this.#runtime.host.stdout.write(`${formatTime(atMs)}  ${text}\n`);
    }
  }

  #keepTime(): void {
    this.#tick.timer = this.#runtime.clock.after(TICK_MS, () => {
      this.#draw();
      this.#keepTime();
    });
  }

  #press(key: Key): void {
    this.#said = undefined;
    const page = Math.max(1, this.#terminal.rows - 3);
    switch (key) {
      case "ctrl+c":
        this.#interrupts++;
        this.#closing();
        this.#options.onInterrupt();
        break;
      case "ctrl+z":
        return this.#terminal.suspend();
      case "ctrl+l":
        this.#screen.forget();
        break;
      case "ctrl+u":
        void this.#runUpdate();
        break;
      case "q":
        this.#nextCode();
        break;
      case "c":
        this.#copy();
        break;
      case "escape":
        this.#code = undefined;
        this.#scroll = 0;
        break;
      case "up":
        this.#scroll--;
        break;
      case "down":
        this.#scroll++;
        break;
      case "pageUp":
        this.#scroll -= page;
        break;
      case "pageDown":
        this.#scroll += page;
        break;
      case "home":
        this.#scroll = 0;
        break;
      case "end":
        this.#scroll = Infinity;
        break;
    }
    this.#draw();
  }

  #closing(): void {
    this.#status.phase = "closing";
    this.#status.trouble = "finishing the requests under way; Ctrl+C again ends at once";
    this.#soon();
  }

  async #runUpdate(): Promise<void> {
    const offer = this.#update;
    if (!offer || this.#isUpdating) return;
    this.#isUpdating = true;
    this.#status.update = `updating to version ${offer.version} …`;
    try {
      this.#status.update = await offer.run();
      this.#update = undefined;
    } catch (thrown) {
      const { message } = toTunnelError(thrown);
      this.#status.update = `update available (version ${offer.version}, Ctrl-U to update)`;
      this.#status.say(this.#runtime.clock.now(), message, true);
    } finally {
      this.#isUpdating = false;
      this.#soon();
    }
  }

  #nextCode(): void {
    const { endpoints } = this.#status;
    const next = (this.#code ?? -1) + 1;
    this.#code = next < endpoints.length ? next : undefined;
    if (endpoints.length === 0) this.#said = "There is no URL yet";
  }

  /** The terminal's own clipboard (OSC 52): it also works over ssh. Whether it did, no terminal says. */
  #copy(): void {
    const chosen: EndpointRow | undefined = this.#status.endpoints[this.#code ?? 0];
    if (!chosen) {
      this.#said = "There is no URL yet";
      return;
    }
    const base64 = toBase64(encodeText(chosen.url));
    this.#screen.send(`\x1b]52;c;${base64}\x07`);
    this.#said = `${chosen.url} is in the clipboard, if your terminal lets programs put it there`;
  }

  /** Draws before long, once for all that happens until then. */
  #soon(): void {
    if (this.#frame || this.#isClosed) return;
    const { clock } = this.#runtime;
    const dueInMs = Math.max(0, this.#drawnAtMs + FRAME_MS - clock.steady());
    this.#frame = clock.after(dueInMs, () => {
      this.#frame = undefined;
      this.#draw();
    });
  }

  #draw(): void {
    if (this.#isClosed) return;
    this.#drawnAtMs = this.#runtime.clock.steady();
    const { columns, rows } = this.#terminal;
    const hasFooter = rows >= 6;
    const room = Math.max(1, rows - (hasFooter ? 3 : 1));
    const body = this.#body(columns, room);
    // Whoever has scrolled down reads on where they are while new requests come in above.
    const added = this.#log.total - this.#seen;
    this.#seen = this.#log.total;
    if (this.#scroll > 0 && added > 0 && body.length > this.#height) this.#scroll += added;
    this.#height = body.length;
    this.#scroll = Math.max(0, Math.min(this.#scroll, body.length - room));
    const lines: Line[] = [
      this.#title(columns),
      ...body.slice(this.#scroll, this.#scroll + room),
    ];
    if (hasFooter) {
      while (lines.length < rows - 1) lines.push([]);
      lines.push(this.#footer(columns, body.length - room));
    }
    this.#screen.draw(lines);
  }

  #body(columns: number, room: number): readonly Line[] {
    const { isLocal = false, hint } = this.#options;
    const endpoint = this.#code === undefined ? undefined : this.#status.endpoints[this.#code];
    if (endpoint) return codeLines(endpoint.url, columns, room);
    this.#code = undefined;
    const tellsRequests = this.#followsAgent || this.#options.showsRequests === true;
    return [
      [],
      ...layOut({
        status: this.#status,
        requests: tellsRequests ? this.#log.list() : undefined,
        isLocal,
        hint,
        nowMs: this.#runtime.clock.now(),
      }, columns),
    ];
  }

  #title(columns: number): Line {
    const right = this.#interrupts === 0 ? "(Ctrl+C to quit)" : "(Ctrl+C to quit at once)";
    const gap = columns - "sallyport".length - right.length;
    if (gap < 2) return [span("sallyport", "bold")];
    return [span("sallyport", "bold"), span(" ".repeat(gap) + right, "dim")];
  }

  #footer(columns: number, hidden: number): Line {
    if (this.#said !== undefined) return [span(this.#said, "info")];
    const isCode = this.#code !== undefined;
    const many = this.#status.endpoints.length > 1;
    const words = [
      isCode ? (many ? "q next QR code" : "q back") : "q QR code",
      "c copy URL",
      ...(hidden > 0 ? ["↑↓ scroll"] : []),
      ...(this.#update ? ["Ctrl+U update"] : []),
      ...(isCode ? ["Esc back"] : []),
    ];
    let text = "";
    for (const word of words) {
      const longer = text === "" ? word : `${text}   ${word}`;
      if (cellsOf(longer) > columns) break;
      text = longer;
    }
    return [span(text, "dim")];
  }
}

/** The URL, and its code below: a telephone that is held up to the screen opens it. */
function codeLines(url: string, columns: number, rows: number): Line[] {
  const code = qrLines(url, columns, rows - 1);
  if ("lines" in code) {
    return [[span(url, "bold")], ...code.lines.map((text) => [span(text, "code")])];
  }
  const needed = `${code.columns} columns and ${code.rows + 4} rows`;
  const words = `The QR code needs ${needed}: make the window larger`;
  return [[span(url, "bold")], [], ...paragraph(words, columns, "warn")];
}

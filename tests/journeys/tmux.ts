/**
 * A real terminal for journeys: tmux, with a shell in it, without a window. What a person would see is
 * read as text.
 *
 * @module
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { findTool, toolAdvice } from "../../scripts/debian.mjs";

/** How long anything may take: generous, for the machine may be busy. */
const LIMIT_MS = 30_000;

/** How often the screen is looked at. */
const LOOK_MS = 50;

/** Those that were not ended yet. */
const OPEN = new Set<TmuxTerminal>();

/** A terminal with a shell. */
export class TmuxTerminal {
  readonly #tool: string;
  readonly #folder: string;

  private constructor(columns: number, rows: number, env: Readonly<Record<string, string>>) {
    const tool = findTool("tmux");
    assert.ok(tool, toolAdvice("tmux"));
    this.#tool = tool;
    // The path of a socket may have 107 bytes: not much beyond this.
    this.#folder = mkdtempSync(join(tmpdir(), "sallyport-tmux-"));
    const shell = spawnSync(tool, [
      ...this.#server(),
      "new-session",
      ...["-d", "-x", String(columns), "-y", String(rows)],
      "env PS1='% ' sh -i",
    ], {
      encoding: "utf8",
      env: {
        PATH: process.env.PATH ?? "",
        HOME: this.#folder,
        LANG: "C.UTF-8",
        XDG_CONFIG_HOME: join(this.#folder, "none"),
        ...env,
      },
    });
    assert.equal(shell.status, 0, shell.stderr);
    OPEN.add(this);
  }

  /** Ends all that are open: Node 22 knows no `using`. */
  static closeAll(): void {
    for (const terminal of OPEN) terminal.close();
  }

  /**
   * Opens one whose shell is ready: what is typed before is echoed in odd places.
   *
   * @param columns its width
   * @param rows its height
   * @param env what the shell knows beside the path
   */
  static async open(
    columns: number,
    rows: number,
    env: Readonly<Record<string, string>> = {},
  ): Promise<TmuxTerminal> {
    const terminal = new TmuxTerminal(columns, rows, env);
    try {
      await terminal.waitFor(/^%/);
      return terminal;
    } catch (thrown) {
      terminal.close();
      throw thrown;
    }
  }

  /** A folder that goes with it. */
  get folder(): string {
    return this.#folder;
  }

  #server(): string[] {
    // -u: the terminal knows UTF-8; no configuration of whoever runs the tests.
    return ["-u", "-f", "/dev/null", "-S", join(this.#folder, "socket")];
  }

  #tmux(...args: string[]): string {
    const { stdout, stderr, status } = spawnSync(this.#tool, [...this.#server(), ...args], {
      encoding: "utf8",
    });
    assert.equal(status, 0, `tmux ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  /** Types a line for the shell. */
  run(line: string): void {
    this.#tmux("send-keys", "-l", line);
    this.#tmux("send-keys", "Enter");
  }

  /** Presses keys, by tmux's names: `C-c`, `Up`, `q`. */
  press(...keys: string[]): void {
    this.#tmux("send-keys", ...keys);
  }

  /** Drags the corner of the window. */
  resize(columns: number, rows: number): void {
    this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** What is on the screen now, without blanks at the ends of lines. */
  lines(): string[] {
    return this.#tmux("capture-pane", "-p").split("\n").slice(0, -1).map((line) => line.trimEnd());
  }

  /** The same as one text. */
  text(): string {
    return this.lines().join("\n");
  }

  /** What is on the screen with its colours. */
  coloured(): string {
    return this.#tmux("capture-pane", "-p", "-e");
  }

  /** Whether a program has the whole screen, and whether the cursor can be seen. */
  state(): { readonly isAlternate: boolean; readonly hasCursor: boolean } {
    const [alternate, cursor] = this.#tmux(
      "display-message",
      "-p",
      "#{alternate_on} #{cursor_flag}",
    ).trim().split(" ");
    return { isAlternate: alternate === "1", hasCursor: cursor === "1" };
  }

  /** Waits until the screen matches. */
  async waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    const endMs = Date.now() + LIMIT_MS;
    for (;;) {
      const text = this.text();
      const match = pattern.exec(text);
      if (match) return match;
      assert.ok(Date.now() < endMs, `the screen never matched ${pattern}; it is\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Ends the shell and what runs in it. */
  close(): void {
    OPEN.delete(this);
    spawnSync(this.#tool, [...this.#server(), "kill-server"]);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A word as the shell takes it. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

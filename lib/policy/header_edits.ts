/**
 * The headers of a message as the actions so far have left them. The head itself stays as it came;
 * what was changed is merged into the one edit that forwarding makes anyway.
 *
 * @module
 */
import type { HeadEdits, HeaderLine } from "../http/edit.ts";
import type { HttpHead } from "../http/head.ts";

/** Edits that add up. Names in any case. */
export class HeaderEdits {
  readonly #head: HttpHead;
  #removed: Set<string> | undefined;
  #set: HeaderLine[] | undefined;
  #added: HeaderLine[] | undefined;

  /** Begins without a change. */
  constructor(head: HttpHead) {
    this.#head = head;
  }

  /** Whether nothing was changed. */
  get isEmpty(): boolean {
    return !this.#removed && !this.#set && !this.#added;
  }

  /** Takes every header of that name away, those added before as well. */
  remove(name: string): void {
    const lower = name.toLowerCase();
    (this.#removed ??= new Set()).add(lower);
    this.#set = without(this.#set, lower);
    this.#added = without(this.#added, lower);
  }

  /** Puts one more header of that name behind the others. */
  add(name: string, value: string): void {
    (this.#added ??= []).push([name, value]);
  }

  /** Puts the value in the place of all headers of that name. */
  set(name: string, value: string): void {
    const lower = name.toLowerCase();
    this.#added = without(this.#added, lower);
    this.#set = [...(without(this.#set, lower) ?? []), [name, value]];
  }

  /** Whether every header of that name was taken away; those added later do not count. */
  removes(name: string): boolean {
    return this.#removed?.has(name.toLowerCase()) ?? false;
  }

  /** The values of that name as they are by now, in order. */
  all(name: string): string[] {
    const lower = name.toLowerCase();
    const isName = (line: HeaderLine) => line[0].toLowerCase() === lower;
    const put = this.#set?.filter(isName);
    const kept = put?.length ? [] : this.removes(lower) ? [] : this.#head.all(name);
    const added = this.#added?.filter(isName) ?? [];
    return [...kept, ...[...(put ?? []), ...added].map(([, value]) => value)];
  }

  /** The first value of that name as it is by now. */
  get(name: string): string | undefined {
    return this.isEmpty ? this.#head.get(name) : this.all(name)[0];
  }

  /** Whether there is a header of that name by now. */
  has(name: string): boolean {
    return this.isEmpty ? this.#head.has(name) : this.all(name).length > 0;
  }

  /** All of it, for `editHead`. */
  toEdits(): HeadEdits {
    return {
      ...(this.#removed && { remove: [...this.#removed] }),
      ...(this.#set && { set: this.#set }),
      ...(this.#added && { add: this.#added }),
    };
  }
}

function without(lines: HeaderLine[] | undefined, lower: string): HeaderLine[] | undefined {
  const left = lines?.filter(([name]) => name.toLowerCase() !== lower);
  return left?.length ? left : undefined;
}

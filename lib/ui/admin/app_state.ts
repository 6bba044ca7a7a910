/**
 * The page as a whole: who is signed in, which part is in front, what was said last.
 *
 * @module
 */
import { type Signal, signal } from "@preact/signals";
import type { Clock } from "../../base/clock.ts";
import { Toasts } from "../kit/toasts.ts";
import { ApiClient, type ApiClientOptions } from "./api_client.ts";
import { EdgeState } from "./edge_state.ts";
import { hashOf, type Section, sectionOf } from "./sections.ts";

/** What of a browser the page uses. */
export interface AppPage {
  /** Sends requests. */
  readonly fetch: ApiClientOptions["fetch"];
  /** The fragment in the address bar. */
  readonly hash: () => string;
  /** Puts another one there. */
  readonly setHash: (hash: string) => void;
}

/** The state of the page. */
export class AppState {
  /** Short news. */
  readonly toasts: Toasts;
  /** The edge, while somebody is signed in. */
  readonly edge: Signal<EdgeState | undefined> = signal(undefined);
  /** Why somebody is not signed in any more, in a sentence. */
  readonly farewell: Signal<string | undefined> = signal(undefined);
  /** The part in front. */
  readonly section: Signal<Section>;
  readonly #clock: Clock;
  readonly #page: AppPage;

  /**
   * Makes the state of a page nobody is signed in to.
   *
   * @param clock time
   * @param page the browser
   */
  constructor(clock: Clock, page: AppPage) {
    this.#clock = clock;
    this.#page = page;
    this.toasts = new Toasts(clock);
    this.section = signal(sectionOf(page.hash()));
  }

  /**
   * Signs in, when the edge accepts the key.
   *
   * @param key an API key; kept in memory until {@linkcode AppState.signOut}
   * @throws {ApiFailure} when it does not
   */
  async signIn(key: string): Promise<void> {
    const edge = new EdgeState({
      client: new ApiClient({ key, fetch: this.#page.fetch }),
      clock: this.#clock,
      onUnauthorized: () => this.signOut("The edge does not accept your API key any more."),
    });
    await edge.load();
    this.farewell.value = undefined;
    this.edge.value = edge;
    edge.start();
  }

  /**
   * Forgets the key and all that was read with it.
   *
   * @param why a sentence, when the person did not ask for it
   */
  signOut(why?: string): void {
    this.edge.value?.stop();
    this.edge.value = undefined;
    this.farewell.value = why;
  }

  /** Brings a part to the front. */
  show(section: Section): void {
    this.section.value = section;
    this.#page.setHash(hashOf(section));
  }

  /** The address bar has changed. */
  onHash(): void {
    this.section.value = sectionOf(this.#page.hash());
  }
}

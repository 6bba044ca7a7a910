/**
 * Says to screen readers what others see move: how many exchanges a search leaves, and that new ones
 * came. Seldom enough to let them speak.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { formatCount, formatNumberOf } from "../kit/format.ts";
import type { InspectorState } from "./inspector_state.ts";
import { statusWord } from "./words.ts";

/** Typing has settled by then. */
const FOUND_MS = 800;

/** News come in heaps. */
const NEWS_MS = 3_000;

/** What is said. */
export function Announcer({ state }: { readonly state: InspectorState }): VNode {
  const [said, say] = useState("");
  const all = state.all.value;
  const isLoaded = state.isLoaded.value;
  const shown = state.shown.value.length;
  const isLimited = state.text.value.trim() !== "" || state.filters.value.length > 0;
  const now = useRef(all);
  now.current = all;
  /** When the newest began of those that were told; what was there at first is no news. */
  const told = useRef<string | undefined>(undefined);
  const [isTelling, setTelling] = useState(false);
  const newest = all[0]?.started_at ?? "";

  useEffect(() => {
    if (!isLimited) return;
    const words = `matched ${formatCount(shown)} of ${formatCount(all.length)}`;
    const timer = setTimeout(() => say(words), FOUND_MS);
    return () => clearTimeout(timer);
  }, [isLimited, shown]);
  useEffect(() => {
    if (!isLoaded) return;
    if (told.current === undefined || isLimited || newest < told.current) told.current = newest;
    else if (newest > told.current) setTelling(true);
  }, [isLoaded, isLimited, newest]);
  useEffect(() => {
    if (!isTelling) return;
    const timer = setTimeout(() => {
      setTelling(false);
      const fresh = now.current.filter(({ started_at: at }) => at > told.current!);
      const [first] = fresh;
      if (!first) return;
      told.current = first.started_at;
      const words = `${first.method} ${first.target}, ${statusWord(first)}`;
      say(`${formatNumberOf(fresh.length, "new exchange")}: ${words}`);
    }, NEWS_MS);
    return () => clearTimeout(timer);
  }, [isTelling]);
  return <p class="visually-hidden" role="status">{said}</p>;
}

/**
 * How tall an element is and how far it is scrolled, for lists that make only the rows in sight.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

/** What decides which rows are made. */
export interface ScrollState {
  /** How far it is scrolled. */
  readonly scrollPx: number;
  /** How much of it is in sight. */
  readonly heightPx: number;
}

/** Watches an element. */
export function useScroll(element: RefObject<HTMLElement | null>): ScrollState {
  const [state, setState] = useState<ScrollState>({ scrollPx: 0, heightPx: 600 });
  useLayoutEffect(() => {
    const watched = element.current!;
    const read = () => {
      const { scrollTop: scrollPx, clientHeight: heightPx } = watched;
      setState((known) =>
        known.scrollPx === scrollPx && known.heightPx === heightPx ? known : { scrollPx, heightPx }
      );
    };
    const observer = new ResizeObserver(read);
    observer.observe(watched);
    watched.addEventListener("scroll", read, { passive: true });
    read();
    return () => {
      observer.disconnect();
      watched.removeEventListener("scroll", read);
    };
  }, []);
  return state;
}

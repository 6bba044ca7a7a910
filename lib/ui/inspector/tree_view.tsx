/**
 * JSON or XML whose parts fold, with the path of the one that is chosen. For screen readers and keys it
 * is a tree; a long one makes only the lines in sight.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Button } from "../kit/button.tsx";
import type { PrettyTree } from "./code_line.ts";
import { LINE_PX, MANY_LINES, Tokens } from "./code_view.tsx";
import {
  countWords,
  endOf,
  foldAll,
  type Folded,
  isFoldable,
  linesInSight,
  type Move,
  moveBy,
  toggled,
} from "./tree_lines.ts";
import { useScroll } from "./use_scroll.tsx";
import { scrollTo, windowOf } from "./virtual_rows.ts";

/** How parts are named, and what they are elsewhere. */
export interface TreeWords {
  /** What leads to the part that begins on a line. */
  readonly path: (tree: PrettyTree, line: number) => string;
  /** The part itself. */
  readonly value: (tree: PrettyTree, line: number) => string;
}

/** What is shown. */
export interface TreeViewProps {
  /** The text; it has no flaw. */
  readonly tree: PrettyTree;
  /** How its parts are named. */
  readonly words: TreeWords;
  /** What it is. */
  readonly label: string;
  /** Copies a text and says so. */
  readonly copy: (text: string, what: string) => void;
}

const NOTHING: Folded = new Set();

/** A text as a tree. */
export function TreeView({ tree, words, label, copy }: TreeViewProps): VNode {
  const [{ line: chosen, folded }, setMove] = useState<Move>({ line: -1, folded: NOTHING });
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const { scrollPx, heightPx } = useScroll(box);
  const shown = useMemo(() => linesInSight(tree, folded), [tree, folded]);
  const isLong = tree.lines.length > MANY_LINES;
  const { from, to } = isLong
    ? windowOf(shown.length, LINE_PX, scrollPx, heightPx)
    : { from: 0, to: shown.length };
  const place = shown.indexOf(chosen);
  // Before anything is chosen it is the whole; a declaration may stand above it.
  const current = chosen < 0 ? Math.max(0, tree.nodes.findIndex((node) => node)) : chosen;
  const hasChosen = place >= from && place < to;
  const canFold = useMemo(
    () => tree.nodes.some((node) => isFoldable(node) && node!.depth > 0),
    [tree],
  );

  useLayoutEffect(() => {
    // Another look at the agent may bring another text.
    setMove({ line: -1, folded: NOTHING });
  }, [tree]);
  useLayoutEffect(() => {
    if (place < 0) return;
    if (!isLong) {
      document.getElementById(`${id}-${chosen}`)?.scrollIntoView({ block: "nearest" });
      return;
    }
    const { scrollTop, clientHeight } = box.current!;
    const top = scrollTo(place, LINE_PX, scrollTop, clientHeight);
    if (top !== undefined) box.current!.scrollTop = top;
  }, [chosen]);

  function onKeyDown(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "p" && chosen >= 0) copyPath();
    else if (event.key === "v" && chosen >= 0) copyValue();
    else {
      const isFirst = chosen < 0 && event.key.startsWith("Arrow");
      const move = isFirst
        ? { line: current, folded }
        : moveBy(tree, { line: chosen, folded }, event.key);
      if (!move) return;
      setMove(move);
    }
    event.preventDefault();
    event.stopPropagation();
  }
  function copyPath() {
    copy(words.path(tree, current), "The path");
  }
  function copyValue() {
    copy(words.value(tree, current), "The value");
  }
  function choose(line: number) {
    // Somebody marks text.
    if (getSelection()?.isCollapsed === false) return;
    if (tree.nodes[line]) setMove({ line, folded });
  }

  return (
    <div class="tree">
      <div
        ref={box}
        class={isLong ? "code-view code-long" : "code-view"}
        role="tree"
        aria-label={label}
        aria-activedescendant={hasChosen ? `${id}-${chosen}` : undefined}
        tabIndex={0}
        data-keeps-arrows
        onKeyDown={onKeyDown}
      >
        <div
          class={isLong ? "code-lines" : "code-lines code-wrapped"}
          role="presentation"
          style={isLong ? { height: `${shown.length * LINE_PX}px` } : undefined}
        >
          {shown.slice(from, to).map((line, index) => (
            <TreeLine
              key={line}
              tree={tree}
              line={line}
              id={`${id}-${line}`}
              isChosen={line === chosen}
              isFolded={folded.has(line)}
              topPx={isLong ? (from + index) * LINE_PX : undefined}
              onChoose={() => choose(line)}
              onToggle={() => setMove({ line, folded: toggled(folded, line) })}
            />
          ))}
        </div>
      </div>
      <div class="tree-foot">
        <code class="tree-path">{words.path(tree, current)}</code>
        <Button kind="quiet" icon="copy" label={`${label}: copy the path`} onClick={copyPath}>
          Path
        </Button>
        <Button kind="quiet" icon="copy" label={`${label}: copy the value`} onClick={copyValue}>
          Value
        </Button>
        {canFold && (
          <>
            <Button
              kind="quiet"
              icon="fold"
              label={`${label}: fold all`}
              onClick={() => setMove({ line: -1, folded: foldAll(tree) })}
            />
            <Button
              kind="quiet"
              icon="unfold"
              label={`${label}: unfold all`}
              onClick={() => setMove({ line: chosen, folded: NOTHING })}
            />
          </>
        )}
      </div>
    </div>
  );
}

interface TreeLineProps {
  readonly tree: PrettyTree;
  readonly line: number;
  readonly id: string;
  readonly isChosen: boolean;
  readonly isFolded: boolean;
  /** Where it is, in a text of which only some lines are made. */
  readonly topPx: number | undefined;
  readonly onChoose: () => void;
  readonly onToggle: () => void;
}

function TreeLine(props: TreeLineProps): VNode {
  const { tree, line, id, isChosen, isFolded, topPx, onChoose, onToggle } = props;
  const node = tree.nodes[line];
  const placed = topPx === undefined ? "" : " code-placed";
  const style = topPx === undefined ? undefined : { transform: `translateY(${topPx}px)` };
  if (!node) {
    // The end of a value: nothing to go to.
    return (
      <div class={`code-line${placed}`} role="presentation" data-number={line + 1} style={style}>
        <Tokens line={tree.lines[line]} />
      </div>
    );
  }
  const canFold = isFoldable(node);
  return (
    <div
      id={id}
      class={`code-line${placed}`}
      role="treeitem"
      aria-level={node.depth + 1}
      aria-expanded={canFold ? !isFolded : undefined}
      aria-selected={isChosen}
      data-number={line + 1}
      style={style}
      onClick={onChoose}
    >
      {canFold && (
        <span
          class={isFolded ? "tree-fold tree-folded" : "tree-fold"}
          aria-hidden="true"
          onClick={(event) => {
            event.stopPropagation();
            onToggle();
          }}
        />
      )}
      <Tokens line={tree.lines[line]} />
      {isFolded && (
        <>
          <span class="tree-dots" onClick={onToggle}>…</span>
          <Tokens line={endOf(tree, line)} />
          <span class="tree-count">{countWords(node)}</span>
        </>
      )}
    </div>
  );
}

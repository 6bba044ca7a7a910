/**
 * What was said in an exchange that became a stream: WebSocket frames, server-sent events, gRPC
 * messages, in the order of time. Who follows the newest keeps following it.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ExchangeDetail, StreamMessageJson } from "../../api/agent/shapes.ts";
import { Button } from "../kit/button.tsx";
import { formatBytes, formatNumberOf } from "../kit/format.ts";
import { plainLines } from "./code_line.ts";
import { CodeView } from "./code_view.tsx";
import { jsonPath, jsonValue } from "./json_paths.ts";
import { formatJson } from "./json_view.ts";
import { StreamLanes } from "./stream_lanes.tsx";
import { closeWords, messageKind, messageMarks, previewOf } from "./stream_words.ts";
import { TreeView, type TreeWords } from "./tree_view.tsx";
import { useScroll } from "./use_scroll.tsx";
import { scrollTo, windowOf } from "./virtual_rows.ts";

/** The same number stands in inspector.css. */
const ROW_PX = 32;

const TITLES = { http: "Messages", websocket: "WebSocket", sse: "Events", grpc: "gRPC" } as const;

const JSON_WORDS: TreeWords = { path: jsonPath, value: jsonValue };

/** The messages of an exchange. */
export function StreamView(
  { exchange, copy }: {
    readonly exchange: ExchangeDetail;
    readonly copy: (text: string, what: string) => void;
  },
): VNode {
  const [from, setFrom] = useState("both");
  const [text, setText] = useState("");
  const [picked, setPicked] = useState<StreamMessageJson>();
  const { messages, dropped_messages: dropped, kind } = exchange;
  const shown = useMemo(
    () =>
      messages.filter((message) =>
        (from === "both" || message.from === from) &&
        (text === "" || previewOf(message).text.includes(text))
      ),
    [messages, from, text],
  );
  const pickedAt = picked ? shown.findIndex((message) => isSame(message, picked)) : -1;
  return (
    <section class="stream" aria-label={TITLES[kind]}>
      <div class="pane-head">
        <h3>
          {TITLES[kind]} <span class="tab-count">{exchange.message_count}</span>
        </h3>
        <span class="stream-tools">
          {kind !== "sse" && (
            <select
              class="field-input"
              aria-label="Whose messages"
              value={from}
              onChange={(event) => setFrom(event.currentTarget.value)}
            >
              <option value="both">Both ways</option>
              <option value="visitor">From the visitor</option>
              <option value="service">From the service</option>
            </select>
          )}
          <input
            class="field-input"
            type="search"
            aria-label="Search messages"
            placeholder="Search"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </span>
      </div>
      {dropped > 0 && (
        <p class="soft small">{formatNumberOf(dropped, "older message")} had to make room.</p>
      )}
      {shown.length === 0
        ? (
          <p class="soft small no-body">
            {messages.length === 0 ? "Nothing was said yet." : "No message matches."}
          </p>
        )
        : (
          <>
            <StreamLanes
              messages={shown}
              pickedAt={pickedAt}
              onPick={(at) => setPicked(at === pickedAt ? undefined : shown[at])}
            />
            <Messages messages={shown} pickedAt={pickedAt} onPick={setPicked} />
          </>
        )}
      {picked && <Message message={picked} copy={copy} />}
    </section>
  );
}

interface MessagesProps {
  readonly messages: readonly StreamMessageJson[];
  readonly pickedAt: number;
  readonly onPick: (message: StreamMessageJson | undefined) => void;
}

function Messages({ messages, pickedAt, onPick }: MessagesProps): VNode {
  const box = useRef<HTMLDivElement>(null);
  const { scrollPx, heightPx } = useScroll(box);
  const follows = useRef(true);
  const isAtEnd = scrollPx + heightPx >= messages.length * ROW_PX - ROW_PX;
  useLayoutEffect(() => {
    if (follows.current) box.current!.scrollTop = messages.length * ROW_PX;
  }, [messages.length]);
  follows.current = isAtEnd;
  const { from, to } = windowOf(messages.length, ROW_PX, scrollPx, heightPx);
  useLayoutEffect(() => {
    // It may have been chosen on the line of time.
    if (pickedAt < 0) return;
    const to = scrollTo(pickedAt, ROW_PX, box.current!.scrollTop, box.current!.clientHeight);
    if (to !== undefined) box.current!.scrollTop = to;
  }, [pickedAt]);
  function onKeyDown(event: KeyboardEvent) {
    const by = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    onPick(messages[Math.min(Math.max(pickedAt + by, 0), messages.length - 1)]);
  }
  return (
    <div
      ref={box}
      id="messages"
      class="messages"
      role="listbox"
      aria-label="Messages, oldest first"
      aria-activedescendant={pickedAt >= from && pickedAt < to ? `message-${pickedAt}` : undefined}
      tabIndex={0}
      data-keeps-arrows
      onKeyDown={onKeyDown}
    >
      <div
        class="messages-rows"
        role="presentation"
        style={{ height: `${messages.length * ROW_PX}px` }}
      >
        {messages.slice(from, to).map((message, index) => {
          const at = from + index;
          const { text } = previewOf(message);
          const closed = closeWords(message);
          const way = message.from === "visitor" ? "from the visitor" : "from the service";
          return (
            <div
              key={at}
              id={`message-${at}`}
              class={`message message-${message.from}`}
              role="option"
              aria-selected={at === pickedAt}
              aria-setsize={messages.length}
              aria-posinset={at + 1}
              aria-label={`${messageKind(message)} ${way}, ${closed ?? text.slice(0, 80)}`}
              style={{ transform: `translateY(${at * ROW_PX}px)` }}
              onClick={() => onPick(at === pickedAt ? undefined : message)}
            >
              <span class="message-way" aria-hidden="true">
                {message.from === "visitor" ? "↑" : "↓"}
              </span>
              <span class="message-at">{offset(message.at_ms)}</span>
              <span class="message-kind">{messageKind(message)}</span>
              <span class="message-text">
                {closed ??
                  (text.split("\n", 1)[0] || (
                    <span class="message-bare">{messageKind(message)}</span>
                  ))}
              </span>
              <span class="message-marks">
                {messageMarks(message).map((mark) => (
                  <span key={mark} class="mark-word">{mark}</span>
                ))}
              </span>
              <span class="message-size">{formatBytes(message.size_bytes)}</span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Message(
  { message, copy }: {
    readonly message: StreamMessageJson;
    readonly copy: (text: string, what: string) => void;
  },
): VNode {
  const { text, isText } = useMemo(() => previewOf(message), [message]);
  const json = useMemo(() => {
    const found = isText && /^\s*[{[]/.test(text) ? formatJson(text) : undefined;
    return found?.flaw ? undefined : found;
  }, [text]);
  const facts = [
    messageKind(message),
    message.from === "visitor" ? "from the visitor" : "from the service",
    offset(message.at_ms),
    formatBytes(message.size_bytes),
    ...messageMarks(message),
  ];
  return (
    <section class="message-whole" aria-label="Message">
      <div class="body-head">
        <span class="soft">{facts.join(" · ")}</span>
        <span class="body-tools">
          <Button
            kind="quiet"
            icon="copy"
            label="Copy the message"
            onClick={() => copy(text, "The message")}
          />
        </span>
      </div>
      {json
        ? <TreeView tree={json} words={JSON_WORDS} label="Message as JSON" copy={copy} />
        : <CodeView lines={plainLines(closeWords(message) ?? text)} label="Message as text" />}
    </section>
  );
}

/** Each look at the agent brings new objects of the same messages. */
function isSame(a: StreamMessageJson, b: StreamMessageJson): boolean {
  return a.at_ms === b.at_ms && a.from === b.from && a.opcode === b.opcode &&
    a.preview_base64 === b.preview_base64;
}

/** Since the exchange began: `+1.204 s`. */
function offset(ms: number): string {
  return `+${(ms / 1000).toFixed(3)} s`;
}

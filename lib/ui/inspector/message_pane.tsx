/**
 * A request or a response, in four ways: what matters of it, its headers, its text, its bytes.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import type { ExchangeDetail, MessagePartsJson } from "../../api/agent/shapes.ts";
import { concat, decodeText } from "../../base/bytes.ts";
import { Button } from "../kit/button.tsx";
import { TabPanel, Tabs } from "../kit/tabs.tsx";
import type { Actions } from "./actions.ts";
import { bytesOf } from "./base64.ts";
import { textOf } from "./body_kind.ts";
import { BodyView } from "./body_view.tsx";
import { type Line, plainLines } from "./code_line.ts";
import { CodeView } from "./code_view.tsx";
import { queryFields } from "./form_fields.ts";
import { hexDump } from "./hex.ts";
import { HexView } from "./hex_view.tsx";
import { headerOf } from "./message_text.ts";
import { type InspectorState, VIEWS } from "./inspector_state.ts";
import { NameValues } from "./name_values.tsx";

/** What is shown. */
export interface MessagePaneProps {
  /** Which of the two. */
  readonly of: "Request" | "Response";
  /** The exchange. */
  readonly exchange: ExchangeDetail;
  /** Its request or response. */
  readonly message: MessagePartsJson;
  /** What can be done. */
  readonly actions: Actions;
  /** How it is looked at. */
  readonly views: InspectorState["views"];
}

/** A request or a response. */
export function MessagePane({ of, exchange, message, actions, views }: MessagePaneProps): VNode {
  const stem = of === "Request" ? "request" : "response";
  const tab = views.value[stem];
  const { headers, trailers, body } = message;
  return (
    <section class="pane" aria-label={of}>
      <div class="pane-head">
        <h3>{of}</h3>
        <Tabs
          label={`${of}: views`}
          selected={`${stem}-${tab}`}
          onSelect={(key) => {
            const view = VIEWS.find((view) => key === `${stem}-${view}`)!;
            views.value = { ...views.value, [stem]: view };
          }}
          tabs={[
            { key: `${stem}-summary`, label: "Summary" },
            { key: `${stem}-headers`, label: "Headers", count: headers.length + trailers.length },
            { key: `${stem}-raw`, label: "Raw" },
            { key: `${stem}-hex`, label: "Hex" },
          ]}
        />
      </div>
      <TabPanel of={`${stem}-${tab}`}>
        {tab === "summary" && (
          <>
            {of === "Request" && (
              <Query target={exchange.target} hasBody={exchange.request_bytes > 0} />
            )}
            <BodyView
              body={body}
              type={headerOf(headers, "content-type") ?? ""}
              of={of}
              copy={actions.copy}
            />
          </>
        )}
        {tab === "headers" && (
          <>
            <NameValues
              label={`${of} headers`}
              items={headers}
              copy={actions.copy}
              onFilter={actions.filterBy}
            />
            {trailers.length > 0 && (
              <>
                <h4 class="pane-title">Trailers</h4>
                <NameValues label={`${of} trailers`} items={trailers} />
              </>
            )}
          </>
        )}
        {tab === "raw" && <Raw of={of} message={message} actions={actions} />}
        {tab === "hex" && <Hex of={of} message={message} actions={actions} />}
      </TabPanel>
    </section>
  );
}

function Query(
  { target, hasBody }: { readonly target: string; readonly hasBody: boolean },
): VNode | null {
  const fields = useMemo(() => queryFields(target), [target]);
  if (fields.length === 0) return null;
  return (
    <>
      <h4 class="pane-title">Query</h4>
      <NameValues label="Query parameters" items={fields} />
      {hasBody && <h4 class="pane-title">Body</h4>}
    </>
  );
}

interface WholeProps {
  readonly of: string;
  readonly message: MessagePartsJson;
  readonly actions: Actions;
}

/** The head as it passed and the body behind it. */
function Raw({ of, message, actions }: WholeProps): VNode {
  const { head, text } = useMemo(() => {
    const body = bytesOf(message.body.base64);
    return { head: decodeText(bytesOf(message.head_base64)), text: textOf(body) };
  }, [message]);
  const lines = useMemo(() => {
    const body: Line[] = text === undefined
      ? [[{
        kind: "comment",
        text: `(${message.body.total_bytes} bytes that are no text: see Hex)`,
      }]]
      : text === ""
      ? []
      : plainLines(text);
    return [...plainLines(head.replace(/\r?\n$/, "")), ...body];
  }, [head, text]);
  return (
    <>
      <div class="pane-tools">
        <Button kind="quiet" icon="copy" onClick={() => actions.copy(head + (text ?? ""), of)}>
          Copy
        </Button>
      </div>
      <CodeView lines={lines} label={`${of} as it passed`} />
    </>
  );
}

function Hex({ of, message, actions }: WholeProps): VNode {
  const bytes = useMemo(
    () => concat([bytesOf(message.head_base64), bytesOf(message.body.base64)]),
    [message],
  );
  return (
    <>
      <div class="pane-tools">
        <Button
          kind="quiet"
          icon="copy"
          onClick={() => actions.copy(hexDump(bytes), `${of} in hexadecimal`)}
        >
          Copy
        </Button>
      </div>
      <HexView bytes={bytes} label={`${of}, hexadecimal`} />
    </>
  );
}

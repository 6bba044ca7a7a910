/**
 * A body as it is best read: laid out, as fields, as a picture, or as the bytes it is.
 *
 * @module
 */
/** @jsxImportSource preact */
import { toBase64 } from "../../base/base64.ts";
import type { ComponentChildren, VNode } from "preact";
import { useMemo } from "preact/hooks";
import type { BodyJson } from "../../api/agent/shapes.ts";
import { Button } from "../kit/button.tsx";
import { formatBytes, formatNumberOf } from "../kit/format.ts";
import { Icon } from "../kit/icons.tsx";
import { Notice } from "../kit/notice.tsx";
import { bytesOf } from "./base64.ts";
import { type BodyFacts, bodyFacts, graphqlIn, mediaOf } from "./body_kind.ts";
import { type Flaw, plainLines } from "./code_line.ts";
import { CodeView } from "./code_view.tsx";
import { formFields } from "./form_fields.ts";
import { HexView } from "./hex_view.tsx";
import { jsonPath, jsonValue } from "./json_paths.ts";
import { formatJson } from "./json_view.ts";
import { highlight, indentGraphql } from "./markup.ts";
import { readableBytes } from "./message_text.ts";
import { parseMultipart } from "./multipart.ts";
import { NameValues } from "./name_values.tsx";
import { TreeView, type TreeWords } from "./tree_view.tsx";
import { xmlPath, xmlValue } from "./xml_paths.ts";
import { formatXml } from "./xml_view.ts";

/** What is shown. */
export interface BodyViewProps {
  /** The body. */
  readonly body: BodyJson;
  /** Its `Content-Type`; empty without one. */
  readonly type: string;
  /** Whose it is: "Request" or "Response". */
  readonly of: string;
  /** Copies a text and says so. */
  readonly copy: (text: string, what: string) => void;
}

const JSON_WORDS: TreeWords = { path: jsonPath, value: jsonValue };
const XML_WORDS: TreeWords = { path: xmlPath, value: xmlValue };

/** A body. */
export function BodyView({ body, type, of, copy }: BodyViewProps): VNode {
  // Each look at the agent brings a new object of the same body.
  const bytes = useMemo(() => readableBytes(body), [body.base64, body.decoded?.base64]);
  const facts = useMemo(() => bodyFacts(bytes, type), [bytes, type]);
  if (facts.kind === "empty") {
    return (
      <p class="soft small no-body">
        {body.total_bytes > 0
          ? `${formatBytes(body.total_bytes)} passed, and none of it was kept.`
          : "No body."}
      </p>
    );
  }
  const { text } = facts;
  return (
    <div class="body">
      <div class="body-head">
        <span class="body-facts">
          {KINDS[facts.kind]}
          {type && <span class="soft body-type">{type}</span>}
          <span class="soft">
            {formatBytes(body.total_bytes)}
            {body.decoded && `, ${formatBytes(bytes.length)} without ${body.decoded.coding}`}
          </span>
        </span>
        <span class="body-tools">
          {text !== undefined && (
            <Button
              kind="quiet"
              icon="copy"
              label={`Copy the body of the ${of.toLowerCase()}`}
              onClick={() => copy(text, "The body")}
            />
          )}
          <a
            class="button button-quiet button-icon"
            href={`data:application/octet-stream;base64,${toBase64(bytes)}`}
            download={`${of.toLowerCase()}-body${endingOf(facts)}`}
            aria-label={`Save the body of the ${of.toLowerCase()}`}
            title={`Save the body of the ${of.toLowerCase()}`}
          >
            <Icon name="download" />
          </a>
        </span>
      </div>
      {body.truncated && (
        <Notice kind="warn">
          Only the beginning was kept: {formatBytes(bytesOf(body.base64).length)} of{" "}
          {formatBytes(body.total_bytes)}.
        </Notice>
      )}
      {body.decoded?.error && <Notice kind="warn">{body.decoded.error}</Notice>}
      <Content
        bytes={bytes}
        facts={facts}
        type={type}
        label={`${of} body`}
        cut={body.truncated}
        copy={copy}
      />
    </div>
  );
}

const KINDS: Readonly<Record<BodyFacts["kind"], string>> = {
  empty: "",
  json: "JSON",
  ndjson: "JSON lines",
  xml: "XML",
  form: "Form",
  multipart: "Multipart",
  image: "Image",
  html: "HTML",
  css: "CSS",
  javascript: "JavaScript",
  graphql: "GraphQL",
  text: "Text",
  binary: "Binary",
};

interface ContentProps {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly facts: BodyFacts;
  readonly type: string;
  readonly label: string;
  /** Whether the end is missing; then the end is no mistake. */
  readonly cut: boolean;
  readonly copy: BodyViewProps["copy"];
}

function Content({ bytes, facts, type, label, cut, copy }: ContentProps): VNode {
  const { kind, text = "" } = facts;
  switch (kind) {
    case "json":
    case "ndjson":
      return (
        <JsonContent text={text} many={kind === "ndjson"} label={label} cut={cut} copy={copy} />
      );
    case "xml":
      return <XmlText of={text} label={label} cut={cut} copy={copy} />;
    case "form":
      return <NameValues label={`${label}: fields`} items={formFields(text)} />;
    case "multipart":
      return <Parts bytes={bytes} type={type} label={label} cut={cut} copy={copy} />;
    case "image":
      return (
        <div class="picture">
          <img src={`data:${mediaOf(type)};base64,${toBase64(bytes)}`} alt={`${label}, an image`} />
        </div>
      );
    case "html":
    case "css":
    case "javascript":
    case "graphql":
      return <Coloured text={text} language={kind} label={label} />;
    case "binary":
      return <HexView bytes={bytes} label={`${label}, hexadecimal`} />;
    default:
      return <Plain text={text} label={label} />;
  }
}

function Plain({ text, label }: { readonly text: string; readonly label: string }): VNode {
  const lines = useMemo(() => plainLines(text), [text]);
  return <CodeView lines={lines} label={label} />;
}

function Coloured(
  { text, language, label }: {
    readonly text: string;
    readonly language: "html" | "css" | "javascript" | "graphql";
    readonly label: string;
  },
): VNode {
  const lines = useMemo(
    () => highlight(language === "graphql" ? indentGraphql(text) : text, language),
    [text, language],
  );
  return <CodeView lines={lines} label={label} />;
}

function XmlText(
  { of, label, cut, copy }: {
    readonly of: string;
    readonly label: string;
    readonly cut: boolean;
    readonly copy: BodyViewProps["copy"];
  },
): VNode {
  const xml = useMemo(() => formatXml(of), [of]);
  if (!xml.flaw) return <TreeView tree={xml} words={XML_WORDS} label={label} copy={copy} />;
  if (cut) return <Plain text={of} label={label} />;
  return (
    <>
      <FlawNotice flaw={xml.flaw} />
      <CodeView lines={xml.lines} label={label} />
    </>
  );
}

interface JsonTextProps {
  readonly of: string;
  readonly many: boolean;
  readonly label: string;
  readonly cut: boolean;
  readonly copy: BodyViewProps["copy"];
}

function JsonText({ of, many, label, cut, copy }: JsonTextProps): VNode {
  const json = useMemo(() => formatJson(of, many), [of, many]);
  if (!json.flaw) return <TreeView tree={json} words={JSON_WORDS} label={label} copy={copy} />;
  if (cut) return <Plain text={of} label={label} />;
  return (
    <>
      <FlawNotice flaw={json.flaw} />
      <CodeView lines={json.lines} label={label} />
    </>
  );
}

function FlawNotice({ flaw }: { readonly flaw: Flaw }): VNode {
  return (
    <Notice kind="bad">
      {flaw.message} <span class="notice-code">line {flaw.line}, column {flaw.column}</span>
    </Notice>
  );
}

function JsonContent(
  { text, many, label, cut, copy }: {
    readonly text: string;
    readonly many: boolean;
    readonly label: string;
    readonly cut: boolean;
    readonly copy: BodyViewProps["copy"];
  },
): VNode {
  const graphql = useMemo(() => graphqlIn(text), [text]);
  if (!graphql) return <JsonText of={text} many={many} label={label} cut={cut} copy={copy} />;
  return (
    <div class="parts">
      <Titled title={`GraphQL${graphql.operation ? `: ${graphql.operation}` : ""}`}>
        <Coloured text={graphql.query} language="graphql" label={`${label}: GraphQL`} />
      </Titled>
      {graphql.variables && (
        <Titled title="Variables">
          <JsonText
            of={graphql.variables}
            many={false}
            label={`${label}: variables`}
            cut={false}
            copy={copy}
          />
        </Titled>
      )}
    </div>
  );
}

function Parts(
  { bytes, type, label, cut, copy }: {
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly type: string;
    readonly label: string;
    readonly cut: boolean;
    readonly copy: BodyViewProps["copy"];
  },
): VNode {
  const { parts, problem } = useMemo(() => parseMultipart(bytes, type), [bytes, type]);
  return (
    <div class="parts">
      {problem && !cut && <Notice kind="bad">{problem}</Notice>}
      <p class="soft small">{formatNumberOf(parts.length, "part")}</p>
      {parts.map((part, at) => {
        const facts = bodyFacts(part.bytes, part.type);
        const name = part.name ?? `Part ${at + 1}`;
        return (
          <Titled
            key={at}
            title={name}
            more={[part.filename, mediaOf(part.type), formatBytes(part.bytes.length)]
              .filter(Boolean).join(" · ")}
          >
            {facts.kind === "empty" ? <p class="soft small no-body">Empty.</p> : (
              <Content
                bytes={part.bytes}
                facts={facts.kind === "multipart" ? { kind: "text", text: facts.text } : facts}
                type={part.type}
                label={`${label}: ${name}`}
                cut={cut}
                copy={copy}
              />
            )}
          </Titled>
        );
      })}
    </div>
  );
}

function Titled(
  { title, more, children }: {
    readonly title: string;
    readonly more?: string;
    readonly children: ComponentChildren;
  },
): VNode {
  return (
    <div class="part">
      <p class="part-title">
        {title}
        {more && <span class="soft">{more}</span>}
      </p>
      {children}
    </div>
  );
}

function endingOf({ kind }: BodyFacts): string {
  switch (kind) {
    case "json":
    case "xml":
    case "html":
    case "css":
      return `.${kind}`;
    case "ndjson":
      return ".jsonl";
    case "javascript":
      return ".js";
    case "text":
      return ".txt";
    default:
      return "";
  }
}

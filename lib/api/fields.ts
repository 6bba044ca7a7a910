/**
 * Building blocks of the schemas of resources: each field says its type, what it is for and an
 * example, once. Validation, the OpenAPI document and the flags of the command line read them.
 *
 * @module
 */
import { encodeText } from "../base/bytes.ts";
import { type Schema, z } from "../base/schema.ts";

/** A reference to another object. */
export interface Ref {
  /** Names it. */
  readonly id: string;
  /** Where it is; empty when it has no address. */
  readonly uri: string;
}

/** The longest description (spec rest-api A18). */
export const MAX_DESCRIPTION_BYTES = 255;
/** The longest metadata (spec rest-api A18). */
export const MAX_METADATA_BYTES = 4096;

/**
 * Text.
 *
 * @param doc what it is for
 * @param example one that works
 * @param maxBytes the longest, in UTF-8
 */
export function text(doc: string, example: string, maxBytes?: number): Schema<string> {
  const field = z.string().meta({ description: doc, examples: [example] });
  if (maxBytes === undefined) return field;
  return field.refine((value) => encodeText(value).length <= maxBytes, {
    message: `it is longer than ${maxBytes} bytes`,
  }).meta({ description: doc, examples: [example], maxLength: maxBytes });
}

/** True or false. */
export function flag(doc: string, example: boolean): Schema<boolean> {
  return z.boolean().meta({ description: doc, examples: [example] });
}

/** A whole number. */
export function number(doc: string, example: number): Schema<number> {
  return z.int().meta({ description: doc, examples: [example] });
}

/** Texts. */
export function textList(
  doc: string,
  example: readonly string[],
  maxCount = 1_000,
): Schema<string[]> {
  return z.array(z.string()).max(maxCount).meta({ description: doc, examples: [example] });
}

/** A time in an answer: RFC 3339, UTC, whole seconds. */
export function time(doc: string): Schema<string> {
  const examples = ["2026-01-30T10:11:14Z"];
  return z.string().meta({ description: doc, examples, format: "date-time" });
}

/**
 * A reference in an answer.
 *
 * @param doc what it leads to
 * @param path of the collection: `/reserved_domains`; empty when the object has no address
 * @param id an example
 */
export function ref(doc: string, path: string, id: string): Schema<Ref> {
  const uri = path === "" ? "" : `https://api.example.com${path}/${id}`;
  return z.strictObject({
    id: text("Names it", id),
    uri: text("Where it is; empty when it has no address", uri),
  }).meta({ description: doc, examples: [{ id, uri }] });
}

/** An example of an id. */
export function exampleId(prefix: string): string {
  return `${prefix}_38ztLv6hJp3GWMrC1kZbYqXnE5d`;
}

/** The two texts that objects carry for their owner. */
export interface OwnTexts {
  /** For people. */
  readonly description: Schema<string | undefined>;
  /** For programs. */
  readonly metadata: Schema<string | undefined>;
}

/**
 * The two texts that objects carry for their owner, as fields of a body or an answer.
 *
 * @param of what they are about: `this domain`
 */
export function ownTexts(of: string): OwnTexts {
  return {
    description: text(
      `What ${of} is for, in words for people`,
      "for the shop",
      MAX_DESCRIPTION_BYTES,
    ).optional(),
    metadata: text(`What your programs know about ${of}`, '{"team":"shop"}', MAX_METADATA_BYTES)
      .optional(),
  };
}

/** What nearly every answer begins with. */
export interface Identity {
  /** Prefix and KSUID. */
  readonly id: Schema<string>;
  /** Where the object is. */
  readonly uri: Schema<string>;
  /** When it was made. */
  readonly created_at: Schema<string>;
}

/**
 * What nearly every answer begins with.
 *
 * @param prefix of the id
 * @param path of the collection
 */
export function identity(prefix: string, path: string): Identity {
  const id = exampleId(prefix);
  return {
    id: text("Names the object; newer ones sort later", id),
    uri: text("Where the object is", `https://api.example.com${path}/${id}`),
    created_at: time("When the object was made"),
  };
}

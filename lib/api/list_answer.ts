/**
 * The schema of what a list answers (spec rest-api B4).
 *
 * @module
 */
import { type Schema, z } from "../base/schema.ts";
import { text } from "./fields.ts";
import type { Json } from "./resource.ts";

/**
 * The schema of a page.
 *
 * @param listKey the name of the objects
 * @param object the schema of one
 */
export function listAnswer(listKey: string, object: Schema<Json>): Schema<Json> {
  return z.strictObject({
    [listKey]: z.array(object).meta({ description: "The objects, newest first" }),
    uri: text("Where this list is", "https://api.example.com/…"),
    next_page_uri: z.string().nullable()
      .meta({ description: "Where the next page is; null on the last one", examples: [null] }),
  });
}

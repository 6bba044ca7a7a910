/**
 * Names and their values in two columns: headers, parameters, fields of forms.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import type { NamedValue } from "./form_fields.ts";

/** Names and values. */
export function NameValues(
  { label, items }: { readonly label: string; readonly items: readonly NamedValue[] },
): VNode {
  return (
    <table class="pairs">
      <caption class="visually-hidden">{label}</caption>
      <colgroup>
        <col class="pairs-name" />
        <col />
      </colgroup>
      <tbody>
        {items.map(([name, value], at) => (
          <tr key={at}>
            <th scope="row">{name}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

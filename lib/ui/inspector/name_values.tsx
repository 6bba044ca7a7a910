/**
 * Names and their values in two columns: headers, parameters, fields of forms.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { VNode } from "preact";
import { Button } from "../kit/button.tsx";
import type { NamedValue } from "./form_fields.ts";

/** What is shown. */
export interface NameValuesProps {
  /** What they are. */
  readonly label: string;
  /** In order. */
  readonly items: readonly NamedValue[];
  /** Copies a value and says so; without it there is nothing to press. */
  readonly copy?: (text: string, what: string) => void;
  /** Leaves only those in the list that have it. */
  readonly onFilter?: (name: string, value: string) => void;
}

/** Names and values. */
export function NameValues({ label, items, copy, onFilter }: NameValuesProps): VNode {
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
            {copy && (
              <td class="pairs-tools">
                <Button
                  kind="quiet"
                  icon="copy"
                  label={`Copy ${name}`}
                  onClick={() => copy(value, `The value of ${name}`)}
                />
                {onFilter && (
                  <Button
                    kind="quiet"
                    icon="filter"
                    label={`Filter by this ${name}`}
                    onClick={() => onFilter(name, value)}
                  />
                )}
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

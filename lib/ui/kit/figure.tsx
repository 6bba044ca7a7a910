/**
 * A figure: one number in large type, with its recent course behind it.
 *
 * @module
 */
/** @jsxImportSource preact */
import type { ComponentChildren, VNode } from "preact";
import type { Quantity } from "./format.ts";
import { SPARK_BOX, sparkPath } from "./spark.ts";

/** What a figure is. */
export interface FigureProps {
  /** What is counted. */
  readonly label: string;
  /** How much it is now. */
  readonly quantity: Quantity;
  /** How much it was, oldest first. */
  readonly course?: readonly number[];
  /** How many values fill the width. */
  readonly slots?: number;
}

/** A number with its course. */
export function Figure({ label, quantity, course = [], slots = 60 }: FigureProps): VNode {
  const { line, area } = sparkPath(course, slots);
  const { width, height } = SPARK_BOX;
  return (
    <div class="figure">
      <dt class="figure-label">{label}</dt>
      <dd class="figure-value">
        {quantity.value}
        <span class="figure-unit">{quantity.unit}</span>
      </dd>
      <svg
        class="spark"
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <path class="spark-area" d={area} />
        <path class="spark-line" d={line} />
      </svg>
    </div>
  );
}

/** Figures in a row. */
export function Figures({ children }: { readonly children: ComponentChildren }): VNode {
  return <dl class="figures">{children}</dl>;
}

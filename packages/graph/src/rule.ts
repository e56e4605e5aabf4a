import type { Operation, Value } from './value.ts'

/** What a reverse rule sees: one operation and the cotangents of its outputs. */
export interface Reverse {
  readonly operation: Operation
  /** The inputs, `null` where an optional one is left out. */
  readonly x: readonly Value[]
  /** The outputs. */
  readonly y: readonly Value[]
  /** The cotangent of the first output. Only rules of operators with one floating output may rely on it. */
  readonly g: Value
  /** The cotangents of all outputs; undefined where an output does not reach the loss. */
  readonly gs: readonly (Value | undefined)[]
  /** Tells for each operand (inputs, then captures) whether its cotangent is asked for. */
  readonly wanted: readonly boolean[]
  /** Reverse mode over a subgraph: the cotangents of `wrt`, undefined where unconnected; values of `cut` are leaves. */
  readonly pullback: (
    outputs: readonly Value[],
    wrt: readonly Value[],
    cotangents: readonly (Value | undefined)[],
    cut: ReadonlySet<Value>,
  ) => readonly (Value | undefined)[]
}

/** What a forward rule sees: one operation and the tangents of its operands. */
export interface Forward {
  readonly operation: Operation
  readonly x: readonly Value[]
  readonly y: readonly Value[]
  /** The tangents of the operands; undefined where one does not depend on what is varied. */
  readonly ts: readonly (Value | undefined)[]
  /** Forward mode over a subgraph: the tangents of the outputs, undefined where unmoved; values of `cut` are leaves. */
  readonly pushforward: (
    outputs: readonly Value[],
    wrt: readonly Value[],
    tangents: readonly Value[],
    cut: ReadonlySet<Value>,
  ) => readonly (Value | undefined)[]
}

/** A cotangent, or how to make it if it is asked for; undefined for operands that carry none. */
export type Lazy = Value | undefined | (() => Value | undefined)

/** How an operator is differentiated. What a rule makes has rules again. */
export interface Differentiable {
  /** Returns a cotangent for each operand, of that operand's shape. */
  readonly vjp: (c: Reverse) => readonly Lazy[]
  /** Returns a tangent for each output. Default: the vjp transposed twice. */
  readonly jvp?: (c: Forward) => readonly (Value | undefined)[]
}

/**
 * A rule of the table: a derivative; `zero` for operators that are constant almost everywhere or have no floating output;
 * or `none` with the reason why there is no derivative, which the error gives.
 */
export type Rule = Differentiable | 'zero' | { readonly none: string }

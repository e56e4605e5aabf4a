import type { Json } from '@mlpod/contract'

/** A parameter: a value from `params.yml` (or its default) that a node reads and that is part of its run key. */
export interface Parameter<T> {
  readonly kind: 'param'
  /** Dotted name: `train.rate` is the member `rate` of `train`. */
  readonly name: string
  /** Absent: the parameter must be given, and is a number. */
  readonly fallback?: T
}

/** The type of a parameter with this default: `0.1` stands for any number, `[1]` for any list of numbers. */
export type Widen<T> = T extends number
  ? number
  : T extends string
    ? string
    : T extends boolean
      ? boolean
      : T extends null
        ? Json
        : T extends readonly (infer Item)[]
          ? readonly Widen<Item>[]
          : { readonly [K in keyof T]: Widen<T[K]> }

/**
 * Declares a parameter. With a default it has the default's type, checked when it is read: members of an object are those
 * of the default, items of a list are of the type of its first item, `null` allows anything. Without one it is a number
 * that `params.yml` must give.
 */
export function param(name: string): Parameter<number>
export function param<const T extends Json>(name: string, fallback: T): Parameter<Widen<T>>
export function param(name: string, fallback?: Json): Parameter<unknown> {
  return fallback === undefined ? { kind: 'param', name } : { kind: 'param', name, fallback }
}

/** Tells whether a node's input is a parameter. */
export const isParameter = (input: { readonly kind: string }): input is Parameter<unknown> => input.kind === 'param'

import type { Attribute } from './value.ts'

/** Returns an integer attribute. */
export const int = (value: number): Attribute => ({ kind: 'int', value })

/** Returns a truth value as ONNX writes it. */
export const flag = (value: boolean): Attribute => ({ kind: 'int', value: value ? 1 : 0 })

/** Returns a float attribute. */
export const float = (value: number): Attribute => ({ kind: 'float', value })

/** Returns a string attribute. */
export const text = (value: string): Attribute => ({ kind: 'string', value })

/** Returns a list-of-integers attribute. */
export const ints = (value: readonly number[]): Attribute => ({ kind: 'ints', value })

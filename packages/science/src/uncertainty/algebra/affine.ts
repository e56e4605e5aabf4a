import type { Algebra } from './algebra.ts'
import { type Column, columnAlgebra } from './columns.ts'

/** offset + scale q, for a threshold q that is not known yet. */
export interface Affine {
  readonly offset: Column
  readonly scale: Column
}

const { add, sub, mul, div, abs, max, min, positive, pow } = columnAlgebra

const known = (offset: Column): Affine => ({ offset, scale: 0 })
const isKnown = ({ scale }: Affine): boolean => scale === 0

/** The threshold itself. */
export const unknownThreshold: Affine = { offset: 0, scale: 1 }

/** Returns a column as what does not depend on the threshold. */
export const knownColumn = known

/** What bounds look like as functions of the threshold: every score's bound is linear in it. */
export const affineAlgebra: Algebra<Affine> = {
  number: known,
  add: (a, b) => ({ offset: add(a.offset, b.offset), scale: isKnown(b) ? a.scale : add(a.scale, b.scale) }),
  sub: (a, b) => ({ offset: sub(a.offset, b.offset), scale: isKnown(b) ? a.scale : sub(a.scale, b.scale) }),
  mul: (a, b) => {
    if (isKnown(b)) return isKnown(a) ? known(mul(a.offset, b.offset)) : affineAlgebra.mul(b, a)
    // known a times unknown b; q alone has no offset, and 0 times an infinite part would be NaN
    return { offset: b.offset === 0 ? 0 : mul(a.offset, b.offset), scale: mul(a.offset, b.scale) }
  },
  div: (a, b) => known(div(a.offset, b.offset)),
  abs: (a) => known(abs(a.offset)),
  max: (a, b) => known(max(a.offset, b.offset)),
  min: (a, b) => known(min(a.offset, b.offset)),
  positive: (a) => known(positive(a.offset)),
  pow: (a, exponent) => known(pow(a.offset, exponent)),
}

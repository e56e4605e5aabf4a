import { constant } from '../leaf.ts'
import { and, cast, div, equal, not } from '../operators/elementwise.ts'
import { asInt64, nonZero, scatterND } from '../operators/indexing.ts'
import { reduceSum } from '../operators/reduction.ts'
import {
  concat,
  constantOfShape,
  expand,
  reshape,
  shape,
  size,
  squeeze,
  transpose,
  unsqueeze,
} from '../operators/structure.ts'
import { int, sameShape } from '../schema.ts'
import { type Dim, dtypeOf, isRanked, type Operation, staticShape, type Value } from '../value.ts'

/** Returns an operation's `axis`, counted from the front of its first input. */
export function axisOf(operation: Operation, fallback: number): number {
  const axis = int(operation, 'axis', fallback)
  return axis < 0 ? axis + operation.inputs[0]!.shape.length : axis
}

/** Returns x's sizes as an int64 list: a constant when they are all known. */
export function sizesOf(x: Value): Value {
  const known = staticShape(x)
  return known ? constant(known, 'int64') : shape(x)
}

/** Returns x reshaped to the shape of `to`. A single unknown size needs no look at `to`. */
export function reshapeTo(x: Value, to: Value): Value {
  if (sameShape(x.shape, to.shape)) return x
  const open = to.shape.filter((dim) => typeof dim === 'string').length
  if (open === 1 && !to.shape.includes(0))
    return reshape(
      x,
      to.shape.map((dim) => (typeof dim === 'number' ? dim : -1)),
    )
  return open === 0
    ? reshape(x, to.shape as readonly number[], { allowZero: to.shape.includes(0) })
    : reshape(x, shape(to), { allowZero: true })
}

/** Returns x broadcast to the shape of `to`, to which it must broadcast. */
export function expandTo(x: Value, to: Value): Value {
  if (sameShape(x.shape, to.shape)) return x
  const offset = to.shape.length - x.shape.length
  const target: number[] = []
  for (const [axis, dim] of to.shape.entries()) {
    if (typeof dim === 'number') target.push(dim)
    else if (x.shape[axis - offset] === dim) target.push(1)
    else return expand(x, shape(to))
  }
  return expand(x, target)
}

const filledLike = (x: Value, value: number): Value => {
  const dtype = dtypeOf(x)!
  const scalar = x.shape.length === 0 && isRanked(x)
  return scalar ? constant(value, dtype) : constantOfShape(staticShape(x) ?? shape(x), value, dtype)
}

/** Returns zeros of x's shape and element type. */
export const zerosLike = (x: Value): Value => filledLike(x, 0)

/** Returns ones of x's shape and element type. */
export const onesLike = (x: Value): Value => filledLike(x, 1)

/**
 * Returns the transpose of `gather(x, indices, { axis })` for a list of indices: the slices of g along the axis, summed
 * into an axis of `length` zeros.
 */
export function ungather(g: Value, indices: Value, axis: number, length: Value): Value {
  const order = g.shape.map((_, i) => i)
  const first = [axis, ...order.filter((i) => i !== axis)]
  const moved = axis === 0 ? g : transpose(g, first)
  const sizes = concat([reshape(length, [1]), shape(moved, 1)])
  const empty = constantOfShape(g.shape.length === 1 ? reshape(length, [1]) : sizes, 0, dtypeOf(g))
  const summed = scatterND(empty, unsqueeze(asInt64(indices), [-1]), moved, { reduction: 'add' })
  return axis === 0
    ? summed
    : transpose(
        summed,
        order.map((i) => first.indexOf(i)),
      )
}

/**
 * Returns a cotangent of a broadcast result summed back to an operand's shape. Sizes that two equal names or numbers
 * tell are settled now; a size that may or may not have been broadcast is looked at in the run.
 */
export function unbroadcast(g: Value, to: Value): Value {
  if (sameShape(g.shape, to.shape)) return g
  const extra = g.shape.length - to.shape.length
  const axes: number[] = []
  for (let axis = 0; axis < g.shape.length; axis++) {
    const before: Dim = axis < extra ? 1 : to.shape[axis - extra]
    if (axis < extra || (before === 1 && g.shape[axis] !== 1)) axes.push(axis)
    else if (before !== g.shape[axis] && mayBroadcast(before)) return unbroadcastInRun(g, to)
  }
  if (axes.length === 0) return g
  const leading = axes.length === extra
  const summed = reduceSum(g, { axes, keepDims: !leading })
  return leading || extra === 0
    ? summed
    : squeeze(
        summed,
        Array.from({ length: extra }, (_, axis) => axis),
      )
}

const mayBroadcast = (dim: Dim): boolean => typeof dim === 'string'

// axes = where the operand's size is 1 and the result's is not; summed with an empty list of axes nothing is.
function unbroadcastInRun(g: Value, to: Value): Value {
  const extra = g.shape.length - to.shape.length
  const sizes = extra === 0 ? shape(to) : concat([constant(new Array<number>(extra).fill(1), 'int64'), shape(to)])
  const once = constant(1, 'int64')
  const broadcast = and(equal(sizes, once), not(equal(shape(g), once)))
  const axes = squeeze(nonZero(broadcast), [0])
  return reshape(reduceSum(g, { axes, keepDims: true }), shape(to), { allowZero: true })
}

/** Returns how many elements of x went into each element of y, as a value of x's element type or a number. */
export function countOf(x: Value, y: Value, axes: readonly number[] | undefined): Value | number {
  const sizes = axes?.map((axis) => x.shape[axis])
  if (sizes?.every((dim) => typeof dim === 'number')) return (sizes as number[]).reduce((n, dim) => n * dim, 1)
  const dtype = dtypeOf(x)!
  return div(cast(size(x), dtype), cast(size(y), dtype))
}

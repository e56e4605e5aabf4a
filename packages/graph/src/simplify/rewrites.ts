import { reapply } from '../apply.ts'
import { dimsOf, intsOf, scalarOf } from '../known.ts'
import { constant } from '../leaf.ts'
import { add, mul, sub } from '../operators/elementwise.ts'
import { expand, reshape, shape, transpose } from '../operators/structure.ts'
import { broadcastShapes, int, ints, sameShape, text } from '../schema.ts'
import { dtypeOf, isFreshDim, type Operation, type Value } from '../value.ts'
import type { Match, Rewrite } from './rewrite.ts'

/** Returns the operation that made a value if it is of a type. */
const madeBy = (value: Value | null | undefined, type: string): Operation | undefined =>
  value?.operation.type === type && value.operation.domain === '' ? value.operation : undefined

/** Returns the number that fills a value, or undefined. */
function fillOf(value: Value): number | undefined {
  const filled = madeBy(value, 'ConstantOfShape')
  if (filled !== undefined) {
    const attribute = filled.attributes.value
    return attribute?.kind === 'tensor' && dtypeOf(value) !== 'float16' && dtypeOf(value) !== 'bfloat16'
      ? Number(attribute.value.data[0])
      : attribute === undefined
        ? 0
        : undefined
  }
  return madeBy(value, 'Expand') ? fillOf(value.operation.inputs[0]!) : scalarOf(value)
}

/** The same value when it has the result's shape. */
const as = (value: Value, y: Value): Value | undefined =>
  sameShape(value.shape, y.shape) && dtypeOf(value) === dtypeOf(y) ? value : undefined

/** An operand that was only made larger is taken as it was, where broadcasting gives the same shape. */
const unexpanded: Rewrite = ({ operation, x, y }) => {
  for (const [i, value] of x.entries()) {
    const small = shrunk(value)
    if (small === undefined) continue
    const shape = x.reduce<readonly (number | string)[] | undefined>(
      (all, other, j) => all && broadcastShapes(all, i === j ? small.shape : other.shape),
      [],
    )
    if (shape !== undefined && sameShape(shape, y.shape)) return reapply(operation, x.with(i, small))[0]
  }
  return undefined
}

function shrunk(value: Value): Value | undefined {
  const expanded = madeBy(value, 'Expand')
  if (expanded !== undefined) return expanded.inputs[0]!
  if (value.shape.length === 0 || !madeBy(value, 'ConstantOfShape')) return undefined
  const fill = fillOf(value)
  return fill === undefined ? undefined : constant(fill, dtypeOf(value))
}

/** f(expand(x)) = expand(f(x)). */
const beforeExpand: Rewrite = ({ operation, x: [x] }) => {
  const expanded = madeBy(x, 'Expand')
  return expanded && expand(reapply(operation, [expanded.inputs[0]])[0], expanded.inputs[1]!)
}

/** expand(x) op s = expand(x op s) for a scalar s. */
const scalarBeforeExpand: Rewrite = ({ operation, x: [a, b], y }) => {
  const expanded = madeBy(a, 'Expand')
  if (expanded === undefined || b.shape.length > 0 || !sameShape(a.shape, y.shape)) return undefined
  return expand(reapply(operation, [expanded.inputs[0], b])[0], expanded.inputs[1]!)
}

/** Tries rewrites in order. */
const first =
  (...tries: readonly Rewrite[]): Rewrite =>
  (match) => {
    for (const attempt of tries) {
      const result = attempt(match)
      if (result !== undefined) return result
    }
    return undefined
  }

/** x op neutral = x, for an operand at one of the positions. */
const neutral =
  (number: number, ...positions: readonly number[]): Rewrite =>
  ({ x, y }) => {
    for (const position of positions) {
      const other = x[1 - position]
      if (sameShape(other.shape, y.shape) && fillOf(x[position]) === number) return as(other, y)
    }
    return undefined
  }

const unchanged: Rewrite = ({ x: [x], y }) => as(x, y)

/** Two moves of the same elements in their order are one. */
const reshapedTwice: Rewrite = ({ operation, x: [x, target], y }) => {
  if (sameShape(x.shape, y.shape)) return x
  const inner = ['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'].map((type) => madeBy(x, type)).find(Boolean)
  const asked = dimsOf(target)
  if (inner === undefined || operation.type !== 'Reshape' || !asked || asked.includes(0)) return undefined
  return reapply(operation, [inner.inputs[0], target])[0]
}

/** Taking axes of size 1 away from a known shape, or adding them, is no more than a reshape; two of them join. */
const reshapeOfReshape: Rewrite = (match) => {
  const {
    x: [x],
    y,
  } = match
  if (sameShape(x.shape, y.shape)) return x
  const inner = ['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'].map((type) => madeBy(x, type)).find(Boolean)
  if (inner === undefined) return undefined
  const open = y.shape.filter((dim) => typeof dim === 'string').length
  if (sameShape(inner.inputs[0]!.shape, y.shape)) return inner.inputs[0]!
  if (open > 1 || y.shape.includes(0)) return undefined
  return reshape(
    inner.inputs[0]!,
    y.shape.map((dim) => (typeof dim === 'number' ? dim : -1)),
  )
}

function orderOf({ attributes }: Operation, rank: number): readonly number[] {
  return ints({ attributes }, 'perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i)
}

const transposed: Rewrite = ({ operation, x: [x] }) => {
  const order = orderOf(operation, x.shape.length)
  if (order.every((axis, i) => axis === i)) return x
  const inner = madeBy(x, 'Transpose')
  if (inner === undefined) return undefined
  const before = orderOf(inner, x.shape.length)
  return transpose(
    inner.inputs[0]!,
    order.map((axis) => before[axis]),
  )
}

/** a + (-b) = a - b. */
const addNegated: Rewrite = ({ x: [a, b] }) => {
  const [left, right] = [madeBy(a, 'Neg'), madeBy(b, 'Neg')]
  return right ? sub(a, right.inputs[0]!) : left ? sub(b, left.inputs[0]!) : undefined
}

/** a - (-b) = a + b. */
const subNegated: Rewrite = ({ x: [a, b] }) => {
  const right = madeBy(b, 'Neg')
  return right && add(a, right.inputs[0]!)
}

/** c (d x) = (cd) x for constants, which are folded. */
const scaledTwice: Rewrite = ({ x }) => {
  for (const position of [0, 1]) {
    const [c, inner] = [x[position], madeBy(x[1 - position], 'Mul')]
    if (scalarOf(c) === undefined || inner === undefined) continue
    for (const side of [0, 1]) {
      const d = inner.inputs[side]!
      if (scalarOf(d) !== undefined && d.shape.length === 0 && c.shape.length === 0)
        return mul(mul(c, d), inner.inputs[1 - side]!)
    }
  }
  return undefined
}

const reducedNothing: Rewrite = (match) => {
  const {
    operation,
    x: [x, axes],
    y,
  } = match
  if (!sameShape(x.shape, y.shape)) return undefined
  const known = axes ? intsOf(axes) : undefined
  const nothing = known?.length === 0 && int(operation, 'noop_with_empty_axes', 0) === 1
  return nothing || known?.every((axis) => x.shape[axis < 0 ? axis + x.shape.length : axis] === 1) ? x : undefined
}

const slicedWhole: Rewrite = ({ x: [x, starts, , , steps], y }) =>
  sameShape(x.shape, y.shape) &&
  intsOf(starts)?.every((from) => from === 0) &&
  (!steps || intsOf(steps)?.every((by) => by === 1))
    ? x
    : undefined

const paddedNothing: Rewrite = ({ operation, x: [x, pads] }) =>
  text(operation, 'mode', 'constant') === 'constant' && intsOf(pads)?.every((amount) => amount === 0) ? x : undefined

const reshapedFill: Rewrite = ({ x: [x], y }) => {
  const expanded = madeBy(x, 'Expand')
  if (expanded === undefined || expanded.inputs[0]!.shape.length > 0) return undefined
  return y.shape.every((dim) => typeof dim === 'number')
    ? expand(expanded.inputs[0]!, y.shape as readonly number[])
    : undefined
}

/** The shape of a tensor made of a shape is that shape. */
const shapeOfFill: Rewrite = ({ operation, x: [x] }) =>
  operation.attributes.start === undefined && operation.attributes.end === undefined
    ? (madeBy(x, 'ConstantOfShape')?.inputs[0] ?? undefined)
    : undefined

/** A shape whose sizes an input has side by side is read from that input, so that what was made of it can go. */
const shapeOfLeaf: Rewrite = ({ operation, x: [x], leaves }) => {
  if (leaves.includes(x)) return undefined
  const sizes = x.shape.slice(int(operation, 'start', 0), int(operation, 'end', x.shape.length))
  if (sizes.length === 0 || sizes.some(isFreshDim)) return undefined
  for (const leaf of leaves)
    for (let start = 0; start + sizes.length <= leaf.shape.length; start++)
      if (sizes.every((dim, i) => dim === leaf.shape[start + i])) return shape(leaf, start, start + sizes.length)
  return undefined
}

const binary = first(unexpanded, scalarBeforeExpand)
const one: Rewrite = ({ x: [x] }: Match) => x

/** Local simplifications by operator: each gives an equal value that is cheaper. */
export const rewrites: Readonly<Record<string, Rewrite | undefined>> = {
  Identity: one,
  Add: first(neutral(0, 0, 1), addNegated, binary),
  Sub: first(neutral(0, 1), subNegated, binary),
  Mul: first(neutral(1, 0, 1), scaledTwice, binary),
  Div: first(neutral(1, 1), binary),
  Pow: first(neutral(1, 1), unexpanded),
  Neg: first(({ x: [x] }) => madeBy(x, 'Neg')?.inputs[0] ?? undefined, beforeExpand),
  Exp: beforeExpand,
  Where: unexpanded,
  Equal: unexpanded,
  Less: unexpanded,
  Greater: unexpanded,
  LessOrEqual: unexpanded,
  GreaterOrEqual: unexpanded,
  And: unexpanded,
  Or: unexpanded,
  Cast: unchanged,
  Shape: first(shapeOfFill, shapeOfLeaf),
  Reshape: first(reshapedTwice, reshapedFill),
  Flatten: reshapeOfReshape,
  Squeeze: reshapeOfReshape,
  Unsqueeze: reshapeOfReshape,
  Transpose: transposed,
  Expand: unchanged,
  Concat: (match) => (match.x.length === 1 ? match.x[0] : undefined),
  Slice: slicedWhole,
  Pad: paddedNothing,
  ReduceSum: reducedNothing,
  ReduceMean: reducedNothing,
  ReduceMax: reducedNothing,
  ReduceMin: reducedNothing,
}

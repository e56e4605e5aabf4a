import { intsOf } from '../known.ts'
import { constant } from '../leaf.ts'
import { scan } from '../operators/control.ts'
import { mul } from '../operators/elementwise.ts'
import { slice } from '../operators/indexing.ts'
import { concat, constantOfShape, pad, reshape, shape, squeeze, transpose, unsqueeze } from '../operators/structure.ts'
import { int } from '../schema.ts'
import { reducedAxes } from '../schemas/reduction.ts'
import { dtypeOf, staticShape, type Value } from '../value.ts'
import { type Compositions, type Use, unknownBefore } from './composition.ts'

/** Returns ones of some axes' sizes. */
const ones = (x: Value, start: number): Value =>
  constantOfShape(staticShape(x)?.slice(start) ?? shape(x, start), 1, dtypeOf(x))

/**
 * Returns the product over the first axis. Halves are multiplied, so that its derivative is the product of the others
 * without a division: a zero is no exception.
 */
function product(x: Value): Value {
  let [length] = x.shape
  if (typeof length === 'string')
    return scan([ones(x, 1)], [x], ([state], [element]) => ({ state: [mul(state, element)] }))[0]
  if (length === 0) return ones(x, 1)
  let rows = x
  while (length > 1) {
    const half = Math.ceil(length / 2)
    const rest = slice(rows, [half], [length])
    const ends = x.shape.map((_, axis) => (axis === 0 ? 2 * half - (length as number) : 0))
    const even = length % 2 === 0 ? rest : pad(rest, [...x.shape.map(() => 0), ...ends], { value: 1 })
    rows = mul(slice(rows, [0], [half]), even)
    length = half
  }
  return squeeze(rows, [0])
}

function reduceProd(use: Use): Value {
  const [x, given] = use.inputs as readonly [Value, Value | null | undefined]
  const axes = reducedAxes(use, x, given)
  if (axes === undefined) throw unknownBefore('ReduceProd', 'axes are')
  if (axes.length === 0) return x
  const rest = x.shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]))
  const moved = transpose(x, [...axes, ...rest])
  const y = product(axes.length === 1 ? moved : reshape(moved, merged(moved, axes.length)))
  return int(use, 'keepdims', 1) === 1 ? unsqueeze(y, axes) : y
}

/** The sizes with the first ones as one. */
function merged(x: Value, count: number): Value {
  const first = x.shape.slice(0, count)
  const all = first.every((dim) => typeof dim === 'number') ? (first as number[]).reduce((a, b) => a * b, 1) : -1
  return concat([constant([all], 'int64'), shape(x, count)])
}

function cumProd(use: Use): Value {
  const [x, along] = use.inputs as readonly [Value, Value]
  const given = intsOf(along)?.[0]
  if (given === undefined) throw unknownBefore('CumProd', 'axis is')
  const axis = given < 0 ? given + x.shape.length : given
  const [exclusive, reverse] = [int(use, 'exclusive', 0) === 1, int(use, 'reverse', 0) === 1]
  const length = x.shape[axis]
  if (typeof length === 'string') {
    const row = squeeze(slice(x, [0], [1], { axes: [axis] }), [axis])
    const start = constantOfShape(shape(row), 1, dtypeOf(x))
    const turn = ([state]: readonly Value[], [element]: readonly Value[]) => {
      const next = mul(state, element)
      return { state: [next], collect: [exclusive ? state : next] }
    }
    return scan([start], [x], turn, { axis, reverse })[1]
  }
  // Each step multiplies by what lies so far back: 1, 2, 4, ...
  const back = (value: Value, by: number): Value => {
    const amounts = x.shape.map((_, i) => (i === axis ? by : 0))
    const cut = amounts.map((amount) => (amount === 0 ? 0 : -amount))
    return pad(value, reverse ? [...cut, ...amounts] : [...amounts, ...cut], { value: 1 })
  }
  let y = exclusive && length > 0 ? back(x, 1) : x
  for (let by = 1; by < length; by *= 2) y = mul(y, back(y, by))
  return y
}

/** What products along axes are made of. */
export const reduction: Compositions = {
  ReduceProd: (use) => [reduceProd(use)],
  CumProd: (use) => [cumProd(use)],
}

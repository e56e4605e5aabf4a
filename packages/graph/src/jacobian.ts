import { grad, jvp, vjp } from './differentiate.ts'
import { constant } from './leaf.ts'
import { scan } from './operators/control.ts'
import { cast } from './operators/elementwise.ts'
import { oneHot, slice } from './operators/indexing.ts'
import { concat, range, reshape, shape, size, transpose } from './operators/structure.ts'
import { sizesOf } from './rules/shape.ts'
import { attributed, capture } from './site.ts'
import { dtypeOf, staticShape, type Value } from './value.ts'
import { vmap } from './vmap.ts'

// Seeds that go through the graph together; more would only fill the memory.
const TOGETHER = 1024
const BLOCK = 256

/**
 * Returns the Jacobian of a value by each of `wrt`, of shape [...value, ...wrt], by reverse mode: one backward pass for all
 * elements of the value at once (in blocks of 256 when they are known to be more than 1024). The better way when the value
 * is smaller than `wrt`. Throws what `vjp` throws. Source: torch.func.jacrev.
 */
export function jacrev(value: Value, wrt: readonly Value[]): Value[] {
  return attributed(capture(), () => {
    const rows = seeded(value, (seed) => vjp([value], wrt, [seed]))
    return rows.map((row, i) => reshape(row, concat([sizesOf(value), sizesOf(wrt[i])]), { allowZero: true }))
  })
}

/**
 * Returns the Jacobian of a value by each of `wrt`, of shape [...value, ...wrt], by forward mode: the better way when
 * `wrt` is smaller than the value. Throws what `jvp` throws. Source: torch.func.jacfwd.
 */
export function jacfwd(value: Value, wrt: readonly Value[]): Value[] {
  return attributed(capture(), () => wrt.map((x) => columnsOf([value], x)[0]))
}

/**
 * Returns the Hessian of a number: for each two of `wrt` a block of shape [...first, ...second], as rows of blocks. Forward
 * over reverse mode. Throws what `grad` throws. Source: torch.func.hessian.
 */
export function hessian(loss: Value, wrt: readonly Value[]): Value[][] {
  return attributed(capture(), () => {
    const slopes = grad(loss, wrt)
    const columns = wrt.map((x) => columnsOf(slopes, x))
    return slopes.map((_, i) => columns.map((column) => column[i]))
  })
}

/** Returns the Jacobians of some values by one. */
function columnsOf(values: readonly Value[], x: Value): Value[] {
  const columns = seeded(x, (seed) => jvp(values, [x], [seed]))
  return columns.map((column, i) => {
    const whole = reshape(column, concat([sizesOf(x), sizesOf(values[i])]), { allowZero: true })
    // the seeds' axes came first
    const [n, k] = [values[i].shape.length, x.shape.length]
    return transpose(whole, [...axesFrom(k, n), ...axesFrom(0, k)])
  })
}

const axesFrom = (start: number, count: number): number[] => Array.from({ length: count }, (_, i) => start + i)

/** Returns what `make` makes of each element's unit tensor, stacked on a first axis. */
function seeded(like: Value, make: (seed: Value) => readonly Value[]): readonly Value[] {
  const known = staticShape(like)
  const count = known?.reduce((product, dim) => product * dim, 1)
  const length = count === undefined ? size(like) : constant(count, 'int64')
  const run = (places: Value): readonly Value[] => {
    const units = cast(oneHot(places, length, { dtype: 'float32' }), dtypeOf(like)!)
    const seeds = reshape(units, concat([constant([-1], 'int64'), sizesOf(like)]))
    return vmap((seed) => make(seed), [seeds])
  }
  if (count === undefined || count <= TOGETHER) return run(range(constant(0, 'int64'), length, constant(1, 'int64')))
  // the last block may point beyond the elements, where units are zero
  const blocks = Math.ceil(count / BLOCK)
  const places = range(constant(0, 'int64'), constant(blocks * BLOCK, 'int64'), constant(1, 'int64'))
  const results = scan([], [reshape(places, [blocks, BLOCK])], (_, [block]) => ({ state: [], collect: run(block) }))
  return results.map((stack) => {
    const rows = reshape(stack, concat([constant([-1], 'int64'), shape(stack, 2)]), { allowZero: true })
    return slice(rows, [0], [count])
  })
}

import {
  add,
  constant,
  div,
  equal,
  gather,
  grad,
  hvp,
  input,
  min,
  mul,
  repeat,
  shape,
  slice,
  sub,
  substitute,
  type Value,
  vjp,
  where,
} from '@mlpod/graph'
import type { Mask } from './layers/layer.ts'
import { type Objective, objective, type Problem } from './objective.ts'
import { onlyGradients } from './optimizerGraph.ts'
import { zerosLike } from './optimizers/arithmetic.ts'
import { clipped } from './privacy.ts'
import type { TrainingStepOptions } from './trainingStep.ts'

/** Where a batch comes from. */
interface BatchSource {
  /** Positions of the rows, [batch]. */
  readonly rows: Value
  /** All rows of each column. */
  readonly tables: Readonly<Record<string, Value>>
  /** What stands for a mask of the network. */
  readonly mask: (mask: Mask) => Value
}

/** The loss of a batch at some parameters, with its gradients. */
export interface BatchGradients {
  readonly value: Value
  readonly gradients: readonly Value[]
  readonly metrics: Objective['metrics']
  /** What becomes of the states of the network, in their order. */
  readonly states: readonly Value[]
}

/** Returns the loss of a batch as a function of the trained parameters, and what it is differentiated by. */
export function batchGradients(
  { problem, optimizer, seed, parameters: given, accumulate = 1, trainable = () => true, privacy }: TrainingStepOptions,
  { rows, tables, mask }: BatchSource,
) {
  const part = input('part', 'int64', [])
  // a batch in parts: ceil(batch / parts) rows each, the last has what is left
  const size = shape(rows, 0, 1)
  const length = div(add(size, accumulate - 1), accumulate)
  const cut = (x: Value): Value => {
    if (accumulate === 1) return x
    const start = mul(part, length)
    return slice(x, start, min(add(start, length), size), { axes: [0] })
  }
  const own = cut(rows)
  const batch = Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, gather(table, own)]))
  const masks: Value[] = []
  const plain = objective(problem as Problem, batch, { seed, parameters: given, training: true }, (m) => {
    const own = cut(mask(m))
    masks.push(own)
    return own
  })
  const paths = Object.keys(plain.built.parameters).filter(trainable)
  const parameters = paths.map((path) => plain.built.parameters[path])
  const built = privacy ? clipped(plain, parameters, [...Object.values(batch), ...masks], privacy) : plain
  // noise is added to the one gradient of a step
  const elsewhere = privacy && onlyGradients(optimizer, 'private training')

  const states = Object.values(built.built.states)
  const before = states.map(({ value }) => value)

  /** Sums over the parts what is made of one; behind that come the states, which go from part to part. */
  function overParts(make: () => readonly Value[]): readonly Value[] {
    const values = make()
    const trips = div(add(size, sub(length, 1)), length)
    const all = [...values, ...states.map(({ next }) => next)]
    return repeat(gather(trips, 0), [...values.map(zerosLike), ...before], (current, index) => {
      const moved = before.map((leaf, i) => [leaf, current[values.length + i]] as const)
      const turned = substitute(all, new Map([[part, index], ...moved]))
      return turned.map((value, i) => (i < values.length ? add(current[i], value) : value))
    })
  }

  /** At the point, or at the parameters themselves. */
  const moved = (values: readonly Value[], point: readonly Value[] | undefined): readonly Value[] =>
    point === undefined ? values : substitute(values, new Map(parameters.map((leaf, i) => [leaf, point[i]])))

  const { metrics } = built
  const terms = Object.values(built.terms)
  const perTerm = (make: (sum: Value) => readonly Value[], sums: readonly Value[]) => sums.flatMap(make)
  /** Joins what was summed for each term: sum of weight / total times it. */
  const joined = (lists: readonly (readonly Value[])[], totals: readonly Value[]): Value[] =>
    parameters.map((_, i) =>
      lists.map((list, k) => mul(list[i], div(terms[k].weight, safe(totals[k])))).reduce((a, b) => add(a, b)),
    )
  const split = (values: readonly Value[]): readonly (readonly Value[])[] =>
    terms.map((_, k) => values.slice(k * parameters.length, (k + 1) * parameters.length))

  function inParts(point: readonly Value[] | undefined, cotangent: Value | undefined): BatchGradients {
    const wrt = point ?? parameters
    const names = Object.keys(metrics)
    const count = terms.length
    const all = overParts(() => {
      const sums = moved(
        terms.map(({ sum }) => sum),
        point,
      )
      const totals = moved(
        terms.map(({ total }) => total),
        point,
      )
      const judged = moved(
        names.flatMap((name) => [metrics[name].sum, metrics[name].total]),
        point,
      )
      return [...sums, ...totals, ...judged, ...perTerm((sum) => grad(sum, wrt), sums)]
    })
    const [sums, totals] = [all.slice(0, count), all.slice(count, 2 * count)]
    const judged = all.slice(2 * count, 2 * count + 2 * names.length)
    const sides = 2 * count + 2 * names.length
    const ends = sides + count * parameters.length
    const gradients = joined(split(all.slice(sides, ends)), totals)
    return {
      value: sums.map((sum, k) => mul(div(sum, safe(totals[k])), terms[k].weight)).reduce((a, b) => add(a, b)),
      gradients: cotangent === undefined ? gradients : gradients.map((g) => mul(g, cotangent)),
      metrics: Object.fromEntries(names.map((name, i) => [name, { sum: judged[2 * i], total: judged[2 * i + 1] }])),
      states: all.slice(ends),
    }
  }

  return {
    objective: built,
    paths,
    parameters,
    /** Returns loss, gradients (begun with a cotangent instead of 1) and metrics at a point: the parameters unless told. */
    at(point: readonly Value[] | undefined, cotangent?: Value): BatchGradients {
      if (point !== undefined) elsewhere?.()
      if (accumulate > 1) return inParts(point, cotangent)
      const [value] = moved([built.value], point)
      const wrt = point ?? parameters
      const gradients = cotangent === undefined ? grad(value, wrt) : vjp([value], wrt, [cotangent])
      return { value, gradients, metrics, states: states.map(({ next }) => next) }
    },
    /** Returns the loss's Hessian at the parameters times one vector each. */
    hessianTimes(vectors: readonly Value[]): readonly Value[] {
      elsewhere?.()
      if (accumulate === 1) return hvp(built.value, parameters, vectors)
      const count = terms.length
      const all = overParts(() => [
        ...terms.map(({ total }) => total),
        ...perTerm(
          (sum) => hvp(sum, parameters, vectors),
          terms.map(({ sum }) => sum),
        ),
      ])
      return joined(split(all.slice(count)), all.slice(0, count))
    },
  }
}

// Rows that all weigh nothing lose 0.
const safe = (total: Value): Value => where(equal(total, 0), constant(1), total)

import { didYouMean, PodError } from '@mlpod/contract'
import { add, cast, div, gather, mul, reduceSum, shape, substitute, type Value } from '@mlpod/graph'
import { type Columns, columnsOf, type Layout, lossesOf, type TrainingData } from './data.ts'
import { inHalf } from './half.ts'
import type { Layer, NetworkOptions } from './layers/layer.ts'
import { type Loss, lossSums, lossValue } from './losses/index.ts'
import type { Metric } from './metric.ts'
import { type BuiltNetwork, buildNetwork, type NamedNetwork } from './namedNetwork.ts'

/** What is learnt: a network, how it is judged, and which columns it is fed and judged by. */
export interface Problem {
  readonly network: Layer | NamedNetwork
  readonly losses: Readonly<Record<string, Loss>>
  /** How much each loss counts. */
  readonly lossWeights: Readonly<Record<string, number>>
  readonly metrics: Readonly<Record<string, Metric>>
  readonly layout: Layout
  /** Element types and sizes of the columns; the first size is that of the rows. */
  readonly columns: Readonly<Record<string, Pick<Columns[string], 'dtype' | 'shape'>>>
  /** Whether the network is computed in single or half precision. */
  readonly precision: 'full' | 'mixed'
}

/** Returns the problem of some data. Throws what `lossesOf` throws, `OPTION_INVALID` for weights of no loss or metrics of no output. */
export function problemOf(options: {
  readonly network: Layer | NamedNetwork
  readonly loss: Loss | Readonly<Record<string, Loss>>
  readonly lossWeights?: Readonly<Record<string, number>>
  readonly metrics?: Readonly<Record<string, Metric>>
  readonly data: TrainingData
  readonly precision?: Problem['precision']
}): Problem {
  const { network, loss, lossWeights = {}, metrics = {}, data, precision = 'full' } = options
  const { columns, layout } = columnsOf(data)
  const losses = lossesOf(loss, layout)
  const known = (name: string, what: string): void => {
    if (!(name in losses))
      throw new PodError('OPTION_INVALID', `${what} no loss judges: "${name}"${didYouMean(name, Object.keys(losses))}`)
  }
  for (const [name, weight] of Object.entries(lossWeights)) {
    known(name, 'lossWeights name an output that')
    if (!(weight >= 0 && Number.isFinite(weight)))
      throw new PodError('OPTION_INVALID', `the weight of the loss of "${name}" is ${weight}, not a number >= 0`)
  }
  for (const { output } of Object.values(metrics))
    if (output !== undefined) known(output, 'metrics name an output that')
  return { network, losses, lossWeights, metrics, layout, columns, precision }
}

/** A mean and how much it counts: the sums of parts of a batch add up to those of the whole. A total of 0 divides nothing. */
export interface Term {
  readonly weight: number
  readonly sum: Value
  readonly total: Value
}

/** The term of what the network adds to its loss. */
const PENALTIES = 'penalties of the network'

/** A problem on one batch. */
export interface Objective {
  readonly built: BuiltNetwork
  /** The weighted sum of the mean losses, and what the network adds to it: one number. */
  readonly value: Value
  /** What the mean of each loss is made of, by the output it judges; the network's penalties are one more. */
  readonly terms: Readonly<Record<string, Term>>
  readonly metrics: Readonly<Record<string, { readonly sum: Value; readonly total: Value }>>
  /** Returns what each row loses by itself [batch], with its weight. Throws `OPTION_INVALID` where rows are judged together. */
  readonly rows: () => Value
}

/**
 * Returns the problem on the columns of one batch; `masks` gives what stands for a mask of the network.
 * Throws `OUTPUT_MISSING` when a loss judges what the network does not give.
 */
export function objective(
  { network, losses, lossWeights, metrics, layout, precision }: Problem,
  batch: Readonly<Record<string, Value>>,
  options: NetworkOptions,
  masks: (mask: BuiltNetwork['masks'][number]) => Value | undefined = () => undefined,
): Objective {
  const inputs = Object.fromEntries(Object.entries(layout.inputs).map(([name, column]) => [name, batch[column]]))
  const raw = buildNetwork(network, inputs, options)
  const names = Object.keys(raw.outputs)
  const replaced = new Map(
    raw.masks.flatMap((mask) => {
      const value = masks(mask)
      return value ? [[mask.value, value] as const] : []
    }),
  )
  const paths = Object.keys(raw.states)
  const made = [...Object.values(raw.outputs), ...Object.values(raw.states).map(({ next }) => next), ...raw.penalties]
  const plain = replaced.size === 0 ? made : substitute(made, replaced)
  const values = precision === 'mixed' ? inHalf(plain, Object.values(inputs)) : plain
  const outputs = Object.fromEntries(names.map((name, i) => [name, values[i]]))
  const states = Object.fromEntries(
    paths.map((path, i) => [path, { value: raw.states[path].value, next: values[names.length + i] }]),
  )
  const penalties = values.slice(names.length + paths.length)
  const weights = layout.weights === undefined ? undefined : batch[layout.weights]
  const judged = (name: string): { prediction: Value; target: Value } => {
    const prediction = outputs[name]
    if (prediction === undefined)
      throw new PodError('OUTPUT_MISSING', `the network has no output "${name}"${didYouMean(name, names)}`)
    return { prediction, target: batch[layout.targets[name]] }
  }
  const parts = Object.entries(losses).map(([name, loss]) => ({
    name,
    loss,
    weight: lossWeights[name] ?? 1,
    ...judged(name),
  }))
  const means = parts.map(({ loss, weight, prediction, target }) => {
    // a batch in which nothing counts loses 0 and changes nothing
    const value = lossValue(loss, prediction, target, { weights, emptyMean: 'zero' })
    return weight === 1 ? value : mul(value, weight)
  })
  const penalty = penalties.length === 0 ? undefined : penaltyTerm(penalties, Object.values(inputs)[0])
  const first = Object.keys(losses)[0]
  return {
    built: { ...raw, outputs, states, penalties },
    value: [...means, ...(penalty ? [div(penalty.sum, penalty.total)] : [])].reduce((a, b) => add(a, b)),
    terms: {
      ...Object.fromEntries(
        parts.map(({ name, loss, weight, prediction, target }) => [
          name,
          { weight, ...lossSums(loss, prediction, target, weights) },
        ]),
      ),
      ...(penalty && { [PENALTIES]: penalty }),
    },
    metrics: Object.fromEntries(
      Object.entries(metrics).map(([name, { output = first, compute }]) => [
        name,
        compute({ ...judged(output), weights }),
      ]),
    ),
    rows() {
      const losses = parts.map(({ name, loss, weight, prediction, target }) => {
        const each = lossValue(loss, prediction, target, { reduction: 'rows', emptyMean: 'zero' })
        if (each.shape.length === 0)
          throw new PodError('OPTION_INVALID', `the loss of "${name}" judges a batch as a whole: no row has its own`)
        const weighed = weights ? mul(each, weights) : each
        return weight === 1 ? weighed : mul(weighed, weight)
      })
      const stranger = penalties.find(({ shape: [rows] }) => rows !== undefined && rows !== losses[0].shape[0])
      if (stranger)
        throw new PodError('OPTION_INVALID', `a penalty [${stranger.shape.join(', ')}] has no number for each row`)
      return [...losses, ...penalties].reduce((a, b) => add(a, b))
    },
  }
}

/** Returns penalties as sums over the rows of x. */
function penaltyTerm(penalties: readonly Value[], x: Value): Term {
  const rows = cast(gather(shape(x, 0, 1), 0), 'float32')
  const sums = penalties.map((each) => (each.shape.length === 0 ? mul(each, rows) : reduceSum(each)))
  return { weight: 1, sum: sums.reduce((a, b) => add(a, b)), total: rows }
}

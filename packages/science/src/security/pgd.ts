import { type GuardMetadata, type ModelColumn, PodError, type Quantity, readGuard, type Tensor } from '@mlpod/contract'
import { type AnyRelation, untyped } from '@mlpod/data'
import {
  add,
  compile,
  grad,
  input,
  isNaN,
  load,
  log,
  type Model,
  max,
  min,
  mul,
  openSession,
  reduceSum,
  slice,
  substitute,
  type Value,
  where,
} from '@mlpod/graph'
import { auc, random } from '@mlpod/math'
import { answersOf, labelsOf } from '../guard/answers.ts'
import { measureAuc } from '../performance/quality.ts'
import type { ModelAndData, ModelAndRows } from '../uncertainty/covers.ts'
import { marginOfLast } from '../uncertainty/graph.ts'

/** Settings of projected gradient descent on the numbers of a table. */
export interface PgdOptions {
  readonly norm: 'inf'
  /** The largest change of a column, in standard deviations of its training rows. */
  readonly epsilon: number
  /** Steps; 20 by default. */
  readonly steps?: number
  /** Step as a share of epsilon; 0.1 by default. */
  readonly relStepsize?: number
  /** Begins at a random point of the ball; true by default. */
  readonly randomStart?: boolean
  /** Columns that may change; by default all that have a scale. */
  readonly columns?: readonly string[]
}

/** An attack: a name for people, and its settings. */
export interface Attack extends Required<Omit<PgdOptions, 'columns'>> {
  readonly name: string
  readonly columns?: readonly string[]
}

/**
 * Returns projected gradient descent (Madry et al. 2018) for tables: numeric columns move by at most `epsilon` standard
 * deviations each, within the column's limits; missing values stay missing, categories and whole-number codes stay as they are.
 * Throws `ATTACK_INVALID` for a negative epsilon, no steps, or a step that is not positive.
 */
export function pgd({ norm, epsilon, steps = 20, relStepsize = 0.1, randomStart = true, columns }: PgdOptions): Attack {
  if (!(epsilon >= 0) || !(Number.isInteger(steps) && steps >= 1) || !(relStepsize > 0))
    throw new PodError(
      'ATTACK_INVALID',
      `pgd with epsilon ${epsilon}, ${steps} steps of ${relStepsize} epsilon is no attack`,
      {
        hint: 'epsilon >= 0, steps >= 1, relStepsize > 0',
      },
    )
  return {
    name: `pgd(${norm}, ${epsilon})`,
    norm,
    epsilon,
    steps,
    relStepsize,
    randomStart,
    ...(columns ? { columns } : {}),
  }
}

/** What an attack found for each row. */
export interface Attacked {
  /** The change of each column, in its own units, [n, columns] row-major: within the column's limits, 0 where it is missing. */
  readonly delta: Float32Array
  readonly columns: readonly string[]
  /** Log-odds of the last class against the best other one, before and after. */
  readonly before: Float32Array
  readonly after: Float32Array
}

/**
 * Attacks a guarded model on labelled rows: each row's log-odds are pushed away from its label. The best iterate of a row is
 * kept, so that more steps are never weaker, nor a random start than the fast gradient sign (Goodfellow et al. 2015). The
 * loss is the margin itself, whose gradient does not vanish where the model is sure.
 * Throws `MODEL_NOT_GUARDED`, `ATTACK_INVALID` when a column may not be changed.
 */
export async function attack(
  model: Model,
  rows: AnyRelation,
  { epsilon, steps, relStepsize, randomStart, columns: asked }: Attack,
  { seed = 0 }: { seed?: number } = {},
): Promise<Attacked> {
  const guard = readGuard(model.metadata)
  const columns = movable(guard, asked)
  const step = attackStep(model, guard, columns)
  const truth = await labelsOf(guard, rows)
  const names = guard.columns.map(({ name }) => name)
  const feeds: Readonly<Record<string, Tensor>> = await untyped(rows).tensors(...names)
  const [n, m] = [truth.length, columns.length]
  const last = guard.label.values.length - 1
  const sign = Float32Array.from(truth, (label) => (label === last ? -1 : 1))
  const session = await openSession(step)
  try {
    const look = async (perturbation: Float32Array): Promise<{ margin: Float32Array; gradient: Float32Array }> => {
      const out = await session.run({ ...feeds, delta: { dtype: 'float32', shape: [n, m], data: perturbation } })
      return { margin: out.margin.data as Float32Array, gradient: out.gradient.data as Float32Array }
    }
    const { margin: before, gradient: first } = await look(new Float32Array(n * m))
    const [best, after] = [new Float32Array(n * m), Float32Array.from(before)]
    const keep = (delta: Float32Array, margin: Float32Array): void => {
      for (let i = 0; i < n; i++) {
        if (!(sign[i] * margin[i] > sign[i] * after[i])) continue
        after[i] = margin[i]
        best.set(delta.subarray(i * m, i * m + m), i * m)
      }
    }
    const climb = (delta: Float32Array, gradient: Float32Array, share: number): void => {
      for (let j = 0; j < delta.length; j++) {
        const next = delta[j] + share * epsilon * sign[Math.floor(j / m)] * Math.sign(gradient[j])
        delta[j] = Math.max(-epsilon, Math.min(epsilon, next))
      }
    }
    const delta = new Float32Array(n * m)
    if (randomStart) {
      // a start at random is never weaker than one whole step from the row itself
      const whole = new Float32Array(n * m)
      climb(whole, first, 1)
      keep(whole, (await look(whole)).margin)
      const { uniform } = random({ seed, path: 'pgd' })
      for (let i = 0; i < delta.length; i++) delta[i] = epsilon * (2 * uniform(i) - 1)
    }
    for (let iteration = 0; iteration <= steps; iteration++) {
      const { margin, gradient } = await look(delta)
      keep(delta, margin)
      climb(delta, gradient, relStepsize)
    }
    for (let i = 0; i < best.length; i++) {
      const column = columns[i % m]
      best[i] = change((feeds[column.name].data as Float32Array)[Math.floor(i / m)], best[i], column)
    }
    return { delta: best, columns: columns.map(({ name }) => name), before, after }
  } finally {
    await session.close()
  }
}

/** What a perturbation in standard deviations does to a value: none where it is missing, and never past the column's limits. */
function change(raw: number, by: number, { scale, minimum, maximum }: ModelColumn): number {
  if (Number.isNaN(raw)) return 0
  const low = minimum === undefined ? Number.NEGATIVE_INFINITY : Math.min(raw, minimum)
  const high = maximum === undefined ? Number.POSITIVE_INFINITY : Math.max(raw, maximum)
  return Math.min(high, Math.max(low, raw + by * (scale as number))) - raw
}

/** The columns that a perturbation may move. */
function movable(guard: GuardMetadata, asked?: readonly string[]): readonly ModelColumn[] {
  const free = guard.columns.filter(({ scale }) => scale !== undefined && scale > 0)
  const stuck = asked?.find((name) => !free.some((column) => column.name === name))
  if (stuck !== undefined)
    throw new PodError('ATTACK_INVALID', `column "${stuck}" may not be changed by small steps`, {
      hint: `numbers that may: ${free.map(({ name }) => name).join(', ')}`,
    })
  const chosen = asked ? free.filter(({ name }) => asked.includes(name)) : free
  if (chosen.length === 0) throw new PodError('ATTACK_INVALID', 'the model has no numeric column that may be changed')
  return chosen
}

/** The graph of one look: raw columns and delta [n, m] in; margin [n] and its gradient by delta out. */
function attackStep(model: Model, guard: GuardMetadata, columns: readonly ModelColumn[]): Model {
  const { inputs, outputs } = load(model)
  const delta = input('delta', 'float32', ['n', columns.length])
  const moved = new Map<Value, Value>()
  columns.forEach((column, j) => {
    const raw = inputs[column.name]
    const shifted = add(raw, mul(slice(delta, [j], [j + 1], { axes: [1] }), column.scale as number))
    // limits hold for what moved; a row that begins outside of them stays where it is
    const low = column.minimum === undefined ? undefined : min(raw, column.minimum)
    const high = column.maximum === undefined ? undefined : max(raw, column.maximum)
    const inside = [low && ((x: Value) => max(x, low)), high && ((x: Value) => min(x, high))].reduce<Value>(
      (x, limit) => (limit ? limit(x) : x),
      shifted,
    )
    moved.set(raw, where(isNaN(raw), raw, inside))
  })
  const [logits] = substitute([logitsOf(outputs.probability)], moved)
  const margin = marginOfLast(logits, guard.label.values.length)
  const [gradient] = grad(reduceSum(margin), [delta])
  return compile({ inputs: [...guard.columns.map(({ name }) => inputs[name]), delta], outputs: { margin, gradient } })
}

/** The logits behind probabilities: what their softmax reads, so that nothing is lost where a probability rounds to 1. */
const logitsOf = (probability: Value): Value =>
  probability.operation.type === 'Softmax' ? (probability.operation.inputs[0] as Value) : log(probability)

/** The area under the ROC curve when each row may be attacked: the worst that the attack found, not a bound. */
export const aucUnder = (attacker: Attack, { model, data }: ModelAndData): Quantity => ({
  quantity: `auc under ${attacker.name}`,
  data: { model, data },
  async measure(inputs, { seed }) {
    const { model, data } = inputs as ModelAndRows
    const { truth, classes } = await answersOf(model, data)
    const { after, before } = await attack(model, data, attacker, { seed })
    const rows = Array.from(truth.keys()).filter((i) => truth[i] >= 0)
    const outcomes = rows.map((i) => (truth[i] === classes - 1 ? 1 : 0))
    const { measurement, method } = measureAuc(
      rows.map((i) => after[i]),
      outcomes,
    )
    return {
      whole: measurement,
      n: rows.length,
      dropped: truth.length - rows.length,
      method: `${method} after ${attacker.steps} steps of ${attacker.name} on each row`,
      detail: {
        aucBefore: auc(
          rows.map((i) => before[i]),
          outcomes,
        ).auc,
      },
      seed,
    }
  },
})

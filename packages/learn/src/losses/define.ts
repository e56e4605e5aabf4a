import { didYouMean, PodError } from '@mlpod/contract'
import { type Dim, isValue, type Value } from '@mlpod/graph'
import type { Chosen, Option, Options } from '../optimizers/option.ts'
import type { JointLoss, Loss, Losses } from './loss.ts'

/** What a caller may give of the settings of a loss. */
export type LossSettings<O> = { readonly [K in keyof O]?: O[K] extends Option<infer T> ? T : never }

/** A loss of the table: a function of its settings, which the table tells. */
export interface LossEntry<O extends Options, L> {
  (given?: LossSettings<O>): L
  /** The settings, with defaults and what they take. */
  readonly parameters: O
  /** Where its numbers come from. */
  readonly source: string
}

interface Told<O extends Options> {
  readonly name: string
  readonly source: string
  readonly parameters: O
  /** Says what is wrong with settings that do not go together. */
  readonly refuses?: (options: Chosen<O>) => string | undefined
}

/** Returns the error of a loss whose settings cannot be. */
export const refuse = (name: string, message: string): PodError => new PodError('LOSS_INVALID', `${name}: ${message}`)

function entry<O extends Options, L>(
  { name, source, parameters, refuses }: Told<O>,
  make: (options: Chosen<O>) => L,
): LossEntry<O, L> {
  const create = (given: LossSettings<O> = {}): L => {
    for (const [key, value] of Object.entries(given)) {
      const option = parameters[key]
      if (!option) throw refuse(name, `there is no setting "${key}"${didYouMean(key, Object.keys(parameters))}`)
      if (value !== undefined && !option.test(value)) throw refuse(name, `${key} is ${value}, not ${option.takes}`)
    }
    const options = Object.fromEntries(
      Object.entries(parameters).map(([key, option]) => [key, given[key] ?? option.default]),
    ) as Chosen<O>
    const wrong = refuses?.(options)
    if (wrong !== undefined) throw refuse(name, wrong)
    return make(options)
  }
  return Object.assign(create, { parameters, source })
}

/** Returns an entry of the table: a loss of one prediction and one target. Throws `LOSS_INVALID` for settings that cannot be. */
export function loss<O extends Options>(
  told: Told<O> & {
    /** What the loss takes; where it depends on the settings, a function of them. */
    readonly of?: (options: Chosen<O>) => Partial<Omit<Loss, 'name' | 'rows'>>
    readonly rows: (options: Chosen<O>) => Loss['rows']
  },
): LossEntry<O, Loss> {
  return entry(told, (options) => ({
    name: told.name,
    target: 'float32',
    prediction: 'value',
    ...told.of?.(options),
    rows: told.rows(options),
  }))
}

/** Returns an entry whose loss compares prediction and target element by element. */
export const elementwise = <O extends Options>({
  each,
  ...told
}: Omit<Parameters<typeof loss<O>>[0], 'rows'> & {
  readonly each: (options: Chosen<O>) => (prediction: Value, target: Value) => Value
}): LossEntry<O, Loss> =>
  loss({
    ...told,
    rows: (options) => {
      const compare = each(options)
      return (prediction, target) => {
        checkAlike(told.name, prediction, target)
        return { losses: compare(prediction, target) }
      }
    },
  })

/**
 * Returns an entry whose loss takes several values by name. `axes` tells their shapes, as `expectShapes` takes them; what has
 * a question mark may be left out.
 */
export const joint =
  <Values extends object>() =>
  <O extends Options>(
    told: Told<O> & {
      readonly axes: { readonly [K in keyof Values]-?: string }
      readonly rows: (options: Chosen<O>) => (values: Values) => Losses
    },
  ): LossEntry<O, JointLoss<Values>> =>
    entry(told, (options) => {
      const rows = told.rows(options)
      return {
        name: told.name,
        rows(values) {
          const given = Object.entries(told.axes as Readonly<Record<string, string>>).flatMap(([name, axes]) => {
            const value = values[name as keyof Values]
            if (!isValue(value) && !axes.startsWith('?'))
              throw new PodError('INPUT_MISSING', `${told.name} takes "${name}"`, { because: 'it is not given' })
            return isValue(value) ? [[name, [value, axes.replace('?', '')]] as const] : []
          })
          expectShapes(told.name, Object.fromEntries(given))
          return rows(values)
        },
      }
    })

const shown = (dims: readonly Dim[]): string => `[${dims.join(', ')}]`
const listed = (parts: readonly string[]): string => parts.join(parts.length === 2 ? ' and ' : ', ')

/**
 * Throws `SHAPE_MISMATCH` unless each value has the axes told: `N C` has two, equal words are equal sizes, a number is a size,
 * `...` stands for further axes, the same wherever it stands. Sizes that are not known before a run fit.
 */
export function expectShapes(
  name: string,
  values: Readonly<Record<string, readonly [value: Value, axes: string]>>,
): void {
  const bound = new Map<string, Dim>()
  const same = (word: string, dim: Dim): boolean => {
    const known = /^\d+$/.test(word) ? Number(word) : bound.get(word)
    if (known === undefined || typeof known === 'string') bound.set(word, dim)
    return typeof known !== 'number' || typeof dim !== 'number' || known === dim
  }
  const fits = ([{ shape }, axes]: readonly [Value, string]): boolean => {
    const words = axes.split(' ').filter(Boolean)
    const rest = words.indexOf('...')
    if (rest < 0) return words.length === shape.length && words.every((word, i) => same(word, shape[i]))
    const after = words.length - rest - 1
    const count = shape.length - rest - after
    return (
      count >= 0 &&
      same('number of further axes', count) &&
      words.slice(0, rest).every((word, i) => same(word, shape[i])) &&
      shape.slice(rest, rest + count).every((dim, i) => same(`further axis ${i}`, dim)) &&
      words.slice(rest + 1).every((word, i) => same(word, shape[rest + count + i]))
    )
  }
  if (Object.values(values).every(fits)) return
  const wants = Object.entries(values).map(([what, [, axes]]) => `${what} ${shown(axes.split(' '))}`)
  const got = Object.entries(values).map(([what, [value]]) => `${what} ${shown(value.shape)}`)
  throw new PodError('SHAPE_MISMATCH', `${name} takes ${listed(wants)}, not ${listed(got)}`)
}

/** Throws `SHAPE_MISMATCH` unless prediction and target have the same number of axes and the same known sizes. */
export function checkAlike(name: string, prediction: Value, target: Value): void {
  const same =
    prediction.shape.length === target.shape.length &&
    prediction.shape.every(
      (dim, i) => typeof dim === 'string' || typeof target.shape[i] === 'string' || dim === target.shape[i],
    )
  if (!same)
    throw new PodError(
      'SHAPE_MISMATCH',
      `${name} compares ${shown(prediction.shape)} with a target of ${shown(target.shape)}`,
      {
        hint: 'give both the same shape: [batch, 1] for one number a row',
      },
    )
}

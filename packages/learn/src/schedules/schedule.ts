import { didYouMean, PodError } from '@mlpod/contract'
import type { Chosen, Option, Options } from '../optimizers/option.ts'
import type { Schedule } from '../optimizers/transform.ts'

/** The names of what must be given, each with what it takes. */
type Needs = readonly (readonly [name: string, takes: (value: never) => Option<unknown>])[]

/** The values of what must be given, in order. */
type Values<N extends Needs> = { -readonly [I in keyof N]: ReturnType<N[I][1]> extends Option<infer T> ? T : never }

/** A schedule of the table: a function of what must be given, then of settings. */
export interface ScheduleDefinition<N extends Needs, O extends Options> {
  (...given: [...Values<N>, settings?: Partial<Chosen<O>>]): (t: number) => number
  /** What must be given, in order: a name and what it takes. */
  readonly needs: readonly { readonly name: string; readonly takes: string }[]
  /** The settings, with defaults and what they take. */
  readonly parameters: O
  readonly source: string
}

/** Returns the error of a schedule that cannot be. */
export const impossible = (name: string, message: string): PodError =>
  new PodError('SCHEDULE_INVALID', `${name}: ${message}`)

/**
 * Returns an entry of the table. `make` gives the value as a function of the steps taken before, from 0: its closed form, so
 * that training goes on anywhere. The function throws `SCHEDULE_INVALID`.
 */
export function schedule<const N extends Needs, O extends Options>(
  {
    name,
    source,
    needs,
    parameters,
  }: { readonly name: string; readonly source: string; readonly needs: N; readonly parameters: O },
  make: (...chosen: [...Values<N>, Chosen<O>]) => (n: number) => number,
): ScheduleDefinition<N, O> {
  const options = needs.map(([key, takes]) => ({ key, option: takes(Number.NaN as never) as Option<unknown> }))
  const check = (key: string, { takes, test }: Option<unknown>, value: unknown): void => {
    if (!test(value)) throw impossible(name, `${key} is ${JSON.stringify(value) ?? value}, not ${takes}`)
  }
  const create = (...given: readonly unknown[]): ((t: number) => number) => {
    for (const [i, { key, option }] of options.entries()) check(key, option, given[i])
    const settings = (given[options.length] ?? {}) as Readonly<Record<string, unknown>>
    for (const key of Object.keys(settings))
      if (!(key in parameters))
        throw impossible(name, `there is no setting "${key}"${didYouMean(key, Object.keys(parameters))}`)
    const chosen = Object.fromEntries(
      Object.entries(parameters).map(([key, option]) => {
        const value = settings[key] ?? option.default
        check(key, option, value)
        return [key, value]
      }),
    )
    const at = make(...([...given.slice(0, options.length), chosen] as unknown as [...Values<N>, Chosen<O>]))
    return (t) => at(t - 1)
  }
  return Object.assign(create as unknown as ScheduleDefinition<N, O>, {
    needs: options.map(({ key, option }) => ({ name: key, takes: option.takes })),
    parameters,
    source,
  })
}

/** Whole numbers of steps, in order. */
export const milestones = (value: readonly number[]): Option<readonly number[]> => ({
  default: value,
  takes: 'whole numbers >= 0 in order',
  test: (given) =>
    Array.isArray(given) && given.every((n, i) => Number.isSafeInteger(n) && n >= 0 && (i === 0 || n >= given[i - 1])),
})

/** Factors by the step from which they hold. */
export const scales = (value: Readonly<Record<number, number>>): Option<Readonly<Record<number, number>>> => ({
  default: value,
  takes: 'factors >= 0 by whole numbers of steps',
  test: (given) =>
    typeof given === 'object' &&
    Object.entries(given).every(
      ([n, factor]) => Number.isSafeInteger(Number(n)) && Number(n) >= 0 && factor >= 0 && Number.isFinite(factor),
    ),
})

/** Numbers that are not negative. */
export const values = (value: readonly number[]): Option<readonly number[]> => ({
  default: value,
  takes: 'numbers >= 0',
  test: (given) => Array.isArray(given) && given.length > 0 && given.every((v) => v >= 0 && Number.isFinite(v)),
})

/** The value of a schedule at a step. */
export const valueAt = (given: Schedule, t: number): number => (typeof given === 'number' ? given : given(t))

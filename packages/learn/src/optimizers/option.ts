import type { Schedule } from './transform.ts'

/** One setting of an optimizer or schedule: its default, and what it takes. */
export interface Option<T> {
  readonly default: T
  /** What it takes, as messages say it: `in [0, 1)`. */
  readonly takes: string
  test(value: T): boolean
  /** Set for what says how something begins or how the graph is built: it cannot follow the step. */
  readonly fixed?: true
}

/** Settings by name, with their defaults. */
export type Options = Readonly<Record<string, Option<unknown>>>

/** The values of settings. */
export type Chosen<O> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never }

/** What a caller may give: numbers may also be schedules, functions of the step. */
export type Given<O> = {
  readonly [K in keyof O]?: O[K] extends Option<infer T> ? (T extends number ? Schedule : T) : never
}

const numberThat =
  (takes: string, test: (value: number) => boolean) =>
  (value: number): Option<number> => ({ default: value, takes, test })

/** A number in [0, 1). */
export const unit = numberThat('in [0, 1)', (value) => value >= 0 && value < 1)
/** A number in [0, 1]. */
export const share = numberThat('in [0, 1]', (value) => value >= 0 && value <= 1)
/** A finite number above 0. */
export const positive = numberThat('a number above 0', (value) => value > 0 && Number.isFinite(value))
/** A finite number, 0 or more. */
export const nonNegative = numberThat('a number >= 0', (value) => value >= 0 && Number.isFinite(value))
/** A finite number, 1 or more. */
export const atLeastOne = numberThat('a number >= 1', (value) => value >= 1 && Number.isFinite(value))
/** A finite number above 1. */
export const aboveOne = numberThat('a number above 1', (value) => value > 1 && Number.isFinite(value))
/** A finite number, 0 or less. */
export const nonPositive = numberThat('a number <= 0', (value) => value <= 0 && Number.isFinite(value))
/** A finite number. */
export const finite = numberThat('a finite number', Number.isFinite)
/** A whole number, 1 or more. */
export const count = numberThat('a whole number >= 1', (value) => Number.isSafeInteger(value) && value >= 1)

/** A setting that cannot be a schedule. */
export const fixed = <T>(option: Option<T>): Option<T> => ({ ...option, fixed: true })

/** Yes or no. */
export const flag = (value: boolean): Option<boolean> => ({
  default: value,
  takes: 'true or false',
  test: (given) => typeof given === 'boolean',
})

/** One of some words. */
export const oneOf = <const W extends string>(words: readonly W[], value: NoInfer<W>): Option<W> => ({
  default: value,
  takes: `one of ${words.join(', ')}`,
  test: (given) => words.includes(given),
})

/** A constant learning rate above 0, or a schedule. */
export const rate = (value: number): Option<Schedule> => ({
  default: value,
  takes: 'a positive number or a function of the step',
  test: (given) => typeof given === 'function' || (given > 0 && Number.isFinite(given)),
})

/** Some numbers. */
export const numbers = (value: readonly number[]): Option<readonly number[]> => ({
  default: value,
  takes: `${value.length} finite numbers`,
  test: (given) => Array.isArray(given) && given.length === value.length && given.every(Number.isFinite),
})

/** Which parameters, by path. */
export const paths = (value: (path: string) => boolean): Option<(path: string) => boolean> => ({
  default: value,
  takes: 'a function of the path',
  test: (given) => typeof given === 'function',
})

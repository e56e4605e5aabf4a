import type { Json } from '@mlpod/contract'
import type { Fields } from './names.ts'
import { type ParameterWorld, resolve } from './parameter.ts'
import type { SuiteItemResult, SuiteResult } from './suite.ts'

/**
 * A threshold that follows the past: the parameter `parameter` is what the expectation measured in the last `range` runs, put together by
 * `constraint`. Where it stands for a lower bound (`min`, `mostly`) it is lowered by the share `offset.negative` of it, where it stands for an upper
 * one (`max`, `threshold`) raised by `offset.positive`.
 * Source: `windows` of Great Expectations 1.24, whose open part keeps but does not compute them.
 */
export interface SuiteWindow {
  /** `mean`, `median`, `min`, `max` or `last`; another one is kept, and is an error when it is tried. */
  readonly constraint: string
  readonly parameter: string
  /** Past runs looked at. */
  readonly range: number
  readonly offset: { readonly positive: number; readonly negative: number }
  /** Whether fewer past runs than `range` are an error; otherwise those there are serve, and without any nothing is expected yet. */
  readonly strict?: boolean
}

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b)

/** How past values become one. */
export const windowConstraints = {
  mean: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  median: (values) => {
    const order = sorted(values)
    const middle = (order.length - 1) / 2
    return (order[Math.floor(middle)] + order[Math.ceil(middle)]) / 2
  },
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
  last: (values) => values[values.length - 1],
} as const satisfies Readonly<Record<string, (values: readonly number[]) => number>>

/** On which side of a value a field bounds; one that is not here takes the value as it is. */
const SIDE: Readonly<Record<string, 'negative' | 'positive'>> = {
  min: 'negative',
  mostly: 'negative',
  max: 'positive',
  threshold: 'positive',
}

/** What an expectation measured: its number, or for rows the share that was as expected. */
function metricOf({ status, byRow, unexpectedShare, observed }: SuiteItemResult): number | undefined {
  if (status === 'error') return undefined
  if (byRow) return unexpectedShare === null ? undefined : 1 - unexpectedShare
  return typeof observed === 'number' ? observed : undefined
}

/** Returns what an expectation measured in past runs, the oldest first: found by its id, or by its place in the suite and what it is about. */
function pastOf(history: readonly SuiteResult[], place: number, id: string | undefined, expectation: Fields): number[] {
  return history.flatMap(({ results }) => {
    const found =
      id === undefined
        ? [results[place]].find(
            (one) => one?.type === expectation.type && one.expectation.column === expectation.column,
          )
        : results.find((one) => one.id === id)
    const value = found && metricOf(found)
    return value === undefined ? [] : [value]
  })
}

/** An expectation whose windows were looked through. */
export interface Windowed {
  readonly expectation: Json | undefined
  /** Why its bounds could not be told from the past, and whether that is an error. */
  readonly open?: { readonly message: string; readonly strict: boolean }
}

/**
 * Returns an expectation with its parameters computed, those of windows from past runs. Fields whose window has nothing to tell are left out, so
 * that what they bound is measured all the same, and there is a past the next time.
 */
export function resolveWindowed(
  expectation: Fields,
  windows: readonly SuiteWindow[],
  world: ParameterWorld,
  { history, place, id }: { history: readonly SuiteResult[]; place: number; id: string | undefined },
): Windowed {
  const past = pastOf(history, place, id, expectation)
  let open: Windowed['open']
  const told = new Map<string, { value: number; offset: SuiteWindow['offset'] }>()
  for (const { constraint, parameter, range, offset, strict = false } of windows) {
    const values = past.slice(-range)
    const known = Object.hasOwn(windowConstraints, constraint)
    if (known && values.length > 0 && (!strict || values.length === range))
      told.set(parameter, { value: windowConstraints[constraint as keyof typeof windowConstraints](values), offset })
    else
      open = {
        strict: strict || !known,
        message: known
          ? `"${parameter}" is of ${range} past runs, and there are ${values.length}`
          : `"${parameter}" is by "${constraint}", which is not computed here: there are ${Object.keys(windowConstraints).join(', ')}`,
      }
  }
  const names = windows.map(({ parameter }) => parameter)
  const fields = Object.entries(expectation).flatMap(([field, value]) => {
    const text = JSON.stringify(value) ?? ''
    const used = names.filter((name) => text.includes('$PARAMETER') && text.includes(name))
    if (used.some((name) => !told.has(name) && !Object.hasOwn(world.values, name))) return []
    const side = SIDE[field]
    const values = Object.fromEntries(
      [...told].map(([name, { value, offset }]) => {
        const room = side === undefined ? 0 : offset[side] * Math.abs(value)
        return [name, side === 'negative' ? value - room : value + room]
      }),
    )
    return [[field, resolve(value, { ...world, values: { ...world.values, ...values } })] as const]
  })
  return { expectation: Object.fromEntries(fields) as Json, ...(open ? { open } : {}) }
}

/** Windows in the words of Great Expectations, and back. */
export const readWindows = (given: readonly Fields[]): SuiteWindow[] =>
  given.map(({ constraint_fn, parameter_name, range, offset, strict }) => ({
    constraint: String(constraint_fn),
    parameter: String(parameter_name),
    range: Number(range),
    offset: offset as unknown as SuiteWindow['offset'],
    ...(strict === undefined ? {} : { strict: strict === true }),
  }))

export const writeWindows = (windows: readonly SuiteWindow[]): Fields[] =>
  windows.map(({ constraint, parameter, range, offset, strict }) => ({
    constraint_fn: constraint,
    parameter_name: parameter,
    range,
    offset: offset as unknown as Json,
    ...(strict === undefined ? {} : { strict }),
  }))

import { type Json, PodError } from '@mlpod/contract'
import type { Expectation, ExpectationResult } from '../expectations/expectation.ts'
import type { Failing } from '../expectations/plan.ts'
import { checkExpectation, type Tried, tryAll } from '../expectations/run.ts'
import { type Sampled, samplesOf } from '../expectations/sample.ts'
import type { AnyRelation, Cell, ColumnInfo } from '../relation.ts'
import { countUnexpected, type UnexpectedCount } from './counts.ts'
import { type Explanation, explain } from './explain.ts'
import type { Fields } from './names.ts'
import { hasParameter, type ParameterWorld, resolve, type SuiteParameter } from './parameter.ts'
import { resolveWindowed, type SuiteWindow, type Windowed } from './windows.ts'

/** An expectation in which values may be parameters of the suite. */
export type SuiteExpectation<C extends string = string> =
  Expectation<C> extends infer E
    ? E extends Expectation<C>
      ? { readonly [K in keyof E]: K extends 'type' ? E[K] : E[K] | SuiteParameter }
      : never
    : never

/** An expectation of a suite, and what is kept beside it. */
export interface SuiteItem {
  readonly expectation: SuiteExpectation
  readonly id?: string
  readonly meta?: Json
  readonly notes?: Json
  /** Thresholds that follow past runs, which are given as `history`. */
  readonly windows?: readonly SuiteWindow[]
  /** Parameters and members of Great Expectations that say nothing of the table: kept for the way back. */
  readonly kept?: { readonly kwargs?: Fields; readonly members?: Fields }
}

/** How much is told of unexpected values. Source of the four steps: the result formats of Great Expectations. */
export type ResultFormat = 'boolean' | 'basic' | 'summary' | 'complete'

/** How a suite is run. */
export interface RunOptions {
  /**
   * `boolean`: verdicts alone. `basic` (default): counts, and the first unexpected values of what failed. `summary`: those of what holds
   * mostly, too, and the most frequent ones. `complete`: all of them.
   */
  readonly format?: ResultFormat
  /** Unexpected values that are shown of each; 20 by default. */
  readonly samples?: number
  /** Columns whose values name a row, beside its place. */
  readonly keys?: readonly string[]
  /** Whether unexpected rows are shown whole. */
  readonly wholeRows?: boolean
  /** Whether values are left out, where they are nobody's business: counts and places alone. */
  readonly withoutValues?: boolean
  /** Values of the suite's parameters, before those of the suite itself. */
  readonly parameters?: Readonly<Record<string, Json>>
  /** Other tables, for expectations that compare with them. */
  readonly tables?: Readonly<Record<string, AnyRelation>>
  /** What `now()` is, in milliseconds since 1970. */
  readonly now?: number
  /** Results of past runs, the oldest first, that the thresholds of windows follow. */
  readonly history?: readonly SuiteResult[]
  /** What tells this part of a table from the others; it comes back in the result. */
  readonly batch?: Readonly<Record<string, Cell>>
}

/** What one expectation of a suite showed. */
export interface SuiteItemResult extends ExpectationResult {
  /** The expectation as it was tried: its parameters computed. */
  readonly expectation: Fields
  readonly id?: string
  readonly meta?: Json
  readonly notes?: Json
  /** The values of `keys` of the rows of `sample`. */
  readonly keys?: readonly Readonly<Record<string, Cell>>[]
  /** The whole rows of `sample`. */
  readonly wholeRows?: readonly Readonly<Record<string, Cell>>[]
  /** SQL of the unexpected rows, for the format `complete`. */
  readonly query?: string
  /** The most frequent unexpected values. */
  readonly counts?: readonly UnexpectedCount[]
}

/** What a suite showed of a table. */
export interface SuiteResult {
  readonly suite: string
  /** Whether every critical expectation holds. */
  readonly ok: boolean
  readonly statistics: SuiteStatistics
  readonly format: ResultFormat
  readonly samples: number
  readonly keys: readonly string[]
  readonly withoutValues: boolean
  readonly results: readonly SuiteItemResult[]
  readonly parameters: Fields
  readonly batch?: Readonly<Record<string, Cell>>
  readonly id?: string
  readonly meta?: Json
}

export interface SuiteStatistics {
  readonly evaluated: number
  readonly successful: number
  /** Failed ones and errors. */
  readonly unsuccessful: number
  readonly errors: number
  /** Null where nothing was evaluated. */
  readonly successPercent: number | null
}

/** A named list of expectations. */
export interface Suite {
  readonly name: string
  readonly items: readonly SuiteItem[]
  readonly id?: string
  readonly meta?: Json
  readonly notes?: Json
  /** Values of parameters that are not given when the suite is run. */
  readonly parameters?: Readonly<Record<string, Json>>
  /** Further members of a file of Great Expectations. */
  readonly kept?: Fields
  /**
   * Tries every expectation. Throws `EXPECTATION_INVALID` for parameters that no table could fulfil, `PARAMETER_UNKNOWN` and
   * `PARAMETER_INVALID`, all before anything is read; `COLUMN_UNKNOWN` for `keys` that are not there.
   */
  run(data: AnyRelation, options?: RunOptions): Promise<SuiteResult>
  /** Tells which statements the suite asks of a table, without running them. */
  explain(
    data: AnyRelation,
    options?: Pick<RunOptions, 'parameters' | 'tables' | 'now' | 'history'>,
  ): Promise<Explanation>
}

/** What a suite is made of beside its expectations. */
export type SuiteParts = Pick<Suite, 'id' | 'meta' | 'notes' | 'parameters' | 'kept'>

const isItem = (given: SuiteExpectation | SuiteItem): given is SuiteItem => 'expectation' in given

/**
 * Returns a suite. Throws `EXPECTATION_INVALID` when an expectation makes no sense (those with parameters are looked at when they are
 * known) and `SUITE_INVALID` for an empty name or the same id twice.
 */
export function suite<C extends string = string>(
  name: string,
  expectations: readonly (SuiteExpectation<C> | SuiteItem)[],
  parts: SuiteParts = {},
): Suite {
  if (name === '') throw new PodError('SUITE_INVALID', 'a suite has no name')
  const items = (expectations as readonly (SuiteExpectation | SuiteItem)[]).map((given) =>
    isItem(given) ? given : { expectation: given },
  )
  const ids = new Set<string>()
  for (const { expectation, id, windows = [] } of items) {
    checkWindows(name, windows)
    if (!hasParameter(expectation)) checkExpectation(expectation as Expectation)
    if (id === undefined) continue
    if (ids.has(id)) throw new PodError('SUITE_INVALID', `the suite "${name}" has two expectations with the id ${id}`)
    ids.add(id)
  }
  const self: Suite = {
    name,
    items,
    ...parts,
    run: (data, options) => run(self, data, options),
    explain: (data, options = {}) =>
      explain(
        data,
        resolved(self, options).map(({ expectation }) => expectation),
        options.tables,
      ),
  }
  return self
}

/** Throws `SUITE_INVALID` for windows that look at no past. */
function checkWindows(name: string, windows: readonly SuiteWindow[]): void {
  for (const { parameter, range, offset } of windows)
    if (!(Number.isSafeInteger(range) && range >= 1 && offset.positive >= 0 && offset.negative >= 0))
      throw new PodError(
        'SUITE_INVALID',
        `the window "${parameter}" of the suite "${name}" is of ${range} past runs, give or take ${JSON.stringify(offset)}`,
        { hint: 'it takes a whole number of at least 1, and offsets that are not negative' },
      )
}

interface Resolved {
  readonly expectation: Expectation
  readonly item: SuiteItem
  readonly open?: Windowed['open']
}

/** The expectations with their parameters computed. */
function resolved(
  { items, parameters }: Suite,
  { parameters: given, now = Date.now(), history = [] }: Pick<RunOptions, 'parameters' | 'now' | 'history'>,
): Resolved[] {
  const world: ParameterWorld = { values: { ...parameters, ...given }, now }
  return items.map((item, place) => {
    const { windows = [], id } = item
    if (windows.length === 0)
      return { expectation: resolve(item.expectation as Json, world) as never as Expectation, item }
    const found = resolveWindowed(item.expectation as never, windows, world, { history, place, id })
    return { expectation: found.expectation as never as Expectation, open: found.open, item }
  })
}

const KNOWN_FORMATS: readonly string[] = ['boolean', 'basic', 'summary', 'complete']

async function run(self: Suite, data: AnyRelation, options: RunOptions = {}): Promise<SuiteResult> {
  const { format = 'basic', samples = 20, keys = [], wholeRows = false, withoutValues = false, tables = {} } = options
  if (!KNOWN_FORMATS.includes(format))
    throw new PodError('OPTION_INVALID', `there is no result format "${format}"`, {
      hint: `there are ${KNOWN_FORMATS.join(', ')}`,
    })
  const list = resolved(self, options)
  const found = new Map((await data.describe()).map((info) => [info.name, info]))
  for (const key of keys)
    if (!found.has(key)) throw new PodError('COLUMN_UNKNOWN', `the key "${key}" of the rows is no column of the table`)
  const tried = await tryAll(
    data,
    list.map(({ expectation }) => expectation),
    { samples: 0, tables, found },
  )
  const told =
    format === 'boolean' ? [] : await tell(data, tried, found, { format, samples, keys, wholeRows, withoutValues })
  const results = tried.map(({ result }, i): SuiteItemResult => {
    const { expectation, item, open } = list[i]
    const { id, meta, notes } = item
    return {
      ...result,
      ...told[i],
      ...(open === undefined || result.status === 'error'
        ? {}
        : { status: open.strict ? 'error' : 'pass', vacuous: !open.strict, message: open.message }),
      expectation: plainFields(expectation),
      ...(id === undefined ? {} : { id }),
      ...(meta === undefined ? {} : { meta }),
      ...(notes === undefined ? {} : { notes }),
    }
  })
  const successful = results.filter(({ status }) => status === 'pass').length
  return {
    suite: self.name,
    ok: results.every(({ status, severity }) => status === 'pass' || severity !== 'critical'),
    statistics: {
      evaluated: results.length,
      successful,
      unsuccessful: results.length - successful,
      errors: results.filter(({ status }) => status === 'error').length,
      successPercent: results.length === 0 ? null : (100 * successful) / results.length,
    },
    format,
    samples,
    keys,
    withoutValues,
    results,
    parameters: { ...self.parameters, ...options.parameters },
    ...(options.batch === undefined ? {} : { batch: options.batch }),
    ...(self.id === undefined ? {} : { id: self.id }),
    ...(self.meta === undefined ? {} : { meta: self.meta }),
  }
}

/** An expectation as JSON: a row condition that is a tree stands as its SQL. */
function plainFields(expectation: Expectation): Fields {
  const { where } = expectation
  const isTree = where !== undefined && typeof where !== 'string' && Object.getPrototypeOf(where) !== Object.prototype
  return {
    ...expectation,
    ...(isTree ? { where: typeof where === 'function' ? '(a function)' : String(where) } : {}),
  } as never
}

/** SQL of the rows that are not as expected. */
const queryOf = (data: AnyRelation, { from = data, predicate }: Failing): string => {
  const { sql } = from.engine
  return String(
    sql.Query.from({ input: from.query })
      .select(...from.columns.map((name) => sql.column(name)))
      .where(predicate),
  )
}

type Telling = Required<Pick<RunOptions, 'format' | 'samples' | 'keys' | 'wholeRows' | 'withoutValues'>>

/** Reads what is to be told of unexpected values, for all expectations together. */
async function tell(
  data: AnyRelation,
  tried: readonly Tried[],
  found: ReadonlyMap<string, ColumnInfo>,
  { format, samples, keys, wholeRows, withoutValues }: Telling,
): Promise<Partial<SuiteItemResult>[]> {
  const shown = tried.flatMap(({ result, failing }, i) =>
    failing && result.unexpected > 0 && (format !== 'basic' || result.status === 'fail')
      ? [{ i, failing, unexpected: result.unexpected }]
      : [],
  )
  const limit = format === 'complete' ? Number.POSITIVE_INFINITY : samples
  const others = wholeRows ? [...new Set([...keys, ...data.columns])] : keys
  const sampled: readonly Sampled[] = limit > 0 ? await samplesOf(data, shown, found, { limit, keys: others }) : []
  const detailed = format === 'summary' || format === 'complete'
  const counts = detailed && !withoutValues ? await countUnexpected(data, shown, found, samples) : []
  const told = new Array<Partial<SuiteItemResult>>(tried.length)
  shown.forEach(({ i, failing }, j) => {
    const { values = [], rows = [], keys: records = [] } = sampled[j] ?? {}
    told[i] = {
      sample: withoutValues ? [] : values,
      rows,
      ...(keys.length > 0
        ? { keys: records.map((record) => Object.fromEntries(keys.map((key) => [key, record[key]]))) }
        : {}),
      ...(wholeRows ? { wholeRows: records } : {}),
      ...(detailed && !withoutValues ? { counts: counts[j] } : {}),
      ...(format === 'complete' ? { query: queryOf(data, failing) } : {}),
    }
  })
  return told
}

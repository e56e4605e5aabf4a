import { didYouMean, PodError } from '@mlpod/contract'
import { type Collected, collect } from '../aggregates/index.ts'
import { openEngine } from '../engine.ts'
import type { AnyRelation, ColumnInfo, Relation } from '../relation.ts'
import { conditionTree, plainCondition } from './condition.ts'
import type { Expectation, ExpectationResult } from './expectation.ts'
import { entries } from './index.ts'
import { misfit } from './misfit.ts'
import type { Context, Failing, Found, Plan, ValueOfColumn } from './plan.ts'
import { refuseQueries } from './query.ts'
import { samplesOf } from './sample.ts'
import { sentenceOf } from './sentence.ts'

/** How expectations are tried. */
export interface ExpectationOptions {
  /** Unexpected values that are shown of each; 20 by default. */
  readonly samples?: number
  /** Other tables, for expectations that compare with them. */
  readonly tables?: Readonly<Record<string, AnyRelation>>
}

/**
 * Tries expectations on a relation. Everything that a row can be counted for is ONE scan for all of them, whatever their number; one more
 * serves all order statistics, and sets of values are counted in one each. Only failed ones fetch the first `samples` unexpected values, in
 * one statement for all of them. A column that is not there, or of a type that the expectation does not fit, or a number that SQL cannot
 * compute gives the status `error` to that one. Throws `EXPECTATION_INVALID` for parameters that no table could fulfil, before anything is read.
 */
export async function expectations<Row>(
  data: Relation<Row>,
  list: readonly Expectation<keyof Row & string>[],
  { samples = 20, tables = {} }: ExpectationOptions = {},
): Promise<ExpectationResult[]> {
  return (await tryAll(data, list, { samples, tables })).map(({ result }) => result)
}

/** A result, and the rows behind it. */
export interface Tried {
  readonly result: ExpectationResult
  readonly failing?: Failing
}

interface TryOptions {
  readonly samples: number
  readonly tables: Readonly<Record<string, AnyRelation>>
  /** Whether unexpected values are shown of expectations that hold mostly, too. */
  readonly ofPassed?: boolean
  readonly found?: ReadonlyMap<string, ColumnInfo>
}

/** Tries expectations, and keeps what tells the failing rows. */
export async function tryAll(
  data: AnyRelation,
  list: readonly Expectation[],
  { samples, tables, ofPassed = false, found: types }: TryOptions,
): Promise<Tried[]> {
  list.forEach(checkExpectation)
  for (const expectation of list) if ('query' in expectation) await checkQueries(expectation)
  const found = types ?? new Map((await data.describe()).map((info) => [info.name, info]))
  const { sql } = await openEngine()
  const judged = await judgeAll(
    data,
    list.map((expectation) => settle(() => planOf({ data, sql, found, tables }, expectation))),
  )
  const tried = list.map((expectation, i) => resultOf(expectation, judged[i]))
  const shown = tried.flatMap(({ result, failing }, i) =>
    failing && result.unexpected > 0 && samples > 0 && (ofPassed || result.status === 'fail')
      ? [{ i, failing, unexpected: result.unexpected }]
      : [],
  )
  const sampled = await samplesOf(data, shown, found, { limit: samples })
  shown.forEach(({ i, failing }, j) => {
    const { values, rows } = sampled[j]
    tried[i] = { result: { ...tried[i].result, sample: values, rows }, failing }
  })
  return tried
}

/** Throws `EXPECTATION_INVALID` when the parameters of an expectation make no sense. */
export function checkExpectation(expectation: Expectation): void {
  const entry = entries[expectation.type]
  if (!entry || !Object.hasOwn(entries, expectation.type))
    throw new PodError(
      'EXPECTATION_INVALID',
      `there is no expectation "${expectation.type}"${didYouMean(expectation.type, Object.keys(entries))}`,
    )
  const { where, mostly } = expectation as { where?: Expectation['where']; mostly?: number }
  const nameless = 'columns' in expectation && !(Array.isArray(expectation.columns) && expectation.columns.length > 0)
  const wrong =
    (nameless ? 'it names no column' : undefined) ??
    entry.refuse?.(expectation) ??
    (mostly !== undefined && !(mostly >= 0 && mostly <= 1) ? `mostly is ${mostly} and not between 0 and 1` : undefined)
  if (wrong !== undefined) throw invalid(expectation, wrong)
  for (const [member, words] of Object.entries(WORDS)) {
    const said = (expectation as unknown as Readonly<Record<string, unknown>>)[member]
    if (said !== undefined && !words.includes(said as string))
      throw invalid(expectation, `${member} is ${JSON.stringify(said)}${didYouMean(String(said), words)}`)
  }
  if (where !== undefined) plainCondition(where)
}

/** Members that are one of some words. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  ignoreRowIf: ['allMissing', 'anyMissing', 'never'],
  matchOn: ['any', 'all'],
  severity: ['info', 'warning', 'critical'],
}

const invalid = (expectation: Expectation, wrong: string): PodError => {
  const named = !('columns' in expectation) || Array.isArray(expectation.columns)
  const said = named ? ` that ${entries[expectation.type].sentence(expectation)}` : ` "${expectation.type}"`
  return new PodError('EXPECTATION_INVALID', `the expectation${said}: ${wrong}`)
}

async function checkQueries(expectation: Expectation): Promise<void> {
  const wrong = await refuseQueries(expectation)
  if (wrong !== undefined) throw invalid(expectation, wrong)
}

type Settled<T> = { readonly value: T } | { readonly error: PodError }

/** What was thrown in our own words becomes the result of the one that it befell. */
function settle<T>(work: () => T): Settled<T> {
  try {
    return { value: work() }
  } catch (error) {
    if (error instanceof PodError) return { error }
    throw error
  }
}
async function settleLater<T>(work: () => T | Promise<T>): Promise<Settled<T>> {
  try {
    return { value: await work() }
  } catch (error) {
    if (error instanceof PodError) return { error }
    throw error
  }
}

type World = Pick<Context, 'data' | 'sql' | 'found' | 'tables'>

/** Returns the plan of an expectation. Throws `EXPECTATION_UNFIT` where it cannot be tried on these columns. */
export function planOf(world: World, expectation: Expectation): Plan {
  const { data, sql, found } = world
  const entry = entries[expectation.type]
  const names = entry.columns(expectation)
  const problem = misfit(expectation, entry, names, found)
  if (problem !== undefined) throw new PodError('EXPECTATION_UNFIT', problem)
  const columns = names.map((name): ValueOfColumn => {
    const value = sql.column(name)
    const { type, sqlType } = found.get(name)!
    // NaN is missing among numbers; decimals have none
    const nan = type === 'float' && !sqlType.startsWith('DECIMAL')
    return {
      name,
      value,
      type,
      sqlType,
      missing: nan ? sql.or(sql.isNull(value), sql.isNaN(value)) : sql.isNull(value),
    }
  })
  const { where } = expectation
  const condition = where === undefined ? undefined : conditionTree(data, where, found)
  return entry.plan({ ...world, columns, condition }, expectation)
}

/** Carries plans out in rounds: all that are open read together what they need, table by table. */
async function judgeAll(data: AnyRelation, plans: readonly Settled<Plan>[]): Promise<Settled<Found>[]> {
  const judged = new Array<Settled<Found>>(plans.length)
  let open: { readonly i: number; readonly plan: Plan }[] = []
  plans.forEach((plan, i) => {
    if ('error' in plan) judged[i] = plan
    else open.push({ i, plan: plan.value })
  })
  while (open.length > 0) {
    const next: typeof open = []
    const tables = new Map<AnyRelation, typeof open>()
    for (const one of open) {
      const from = one.plan.from ?? data
      const members = tables.get(from)
      if (members) members.push(one)
      else tables.set(from, [one])
    }
    for (const [from, members] of tables) {
      const together = await settleLater(() =>
        collect(
          from,
          members.flatMap(({ plan }) => plan.needs),
        ),
      )
      for (const { i, plan } of members) {
        // what could not be read for all is read for each
        const read = 'error' in together ? await settleLater(() => collect(from, plan.needs)) : together
        const step: Settled<Found | Plan> =
          'error' in read ? read : await settleLater(() => plan.finish(read.value as Collected))
        if ('value' in step && 'needs' in step.value) next.push({ i, plan: step.value })
        else judged[i] = step as Settled<Found>
      }
    }
    open = next
  }
  return judged
}

function resultOf(expectation: Expectation, judged: Settled<Found>): Tried {
  const entry = entries[expectation.type]
  const base = {
    type: expectation.type,
    sentence: sentenceOf(expectation),
    columns: entry.columns(expectation),
    severity: expectation.severity ?? 'critical',
    byRow: false,
    elements: 0,
    missing: 0,
    unexpected: 0,
    unexpectedShare: null,
    observed: null,
    vacuous: false,
    sample: [],
    rows: [],
  } as const
  if ('error' in judged) return { result: { ...base, status: 'error', message: judged.error.message } }
  const found = judged.value
  const details = found.details === undefined ? {} : { details: found.details }
  if (found.by === 'whole') {
    const { holds, observed, elements = 0, unexpected = 0, sample = [] } = found
    const status = holds ? 'pass' : 'fail'
    return { result: { ...base, ...details, status, observed, elements, unexpected, sample: sample as never } }
  }
  const { elements, missing, unexpected, failing } = found
  const { mostly = 1 } = expectation as { mostly?: number }
  const looked = elements - missing
  const result: ExpectationResult = {
    ...base,
    ...details,
    byRow: true,
    elements,
    missing,
    unexpected,
    unexpectedShare: looked === 0 ? null : unexpected / looked,
    vacuous: looked === 0,
    status: looked === 0 || (looked - unexpected) / looked >= mostly ? 'pass' : 'fail',
  }
  return { result, failing }
}

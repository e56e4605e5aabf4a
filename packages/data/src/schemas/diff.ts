import { type Json, PodError } from '@mlpod/contract'
import { timeOfLimit } from '../rows/times.ts'
import type { Column, RowSchema } from '../schema.ts'

/** What a change does: the values allowed are the same, more, fewer, or others. */
type Effect = 'same' | 'wider' | 'narrower' | 'other'

/** One change of a schema. */
export interface SchemaChange {
  /** The column; absent for what is said of the table. */
  readonly column?: string
  /** What changed: `added`, `removed`, or the word of the schema. */
  readonly what: string
  readonly before: Json
  readonly after: Json
  /** `breaking`: those who read by the old schema may meet what it does not allow. */
  readonly readers: 'compatible' | 'breaking'
  /** `breaking`: what is written by the old schema may not be allowed any more. */
  readonly writers: 'compatible' | 'breaking'
}

/** How a schema changed. Source of the words: Apache Avro and schema registries. */
export interface SchemaDiff {
  readonly changes: readonly SchemaChange[]
  /** The new schema reads everything that was written by the old one: no change breaks writers. */
  readonly backward: boolean
  /** The old schema reads everything that is written by the new one: no change breaks readers. */
  readonly forward: boolean
}

/** Which changes are allowed. */
export type EvolutionRule = 'backward' | 'forward' | 'full' | 'none'

/** A limit as a number (moments in seconds) and whether it is excluded itself. */
interface Bound {
  readonly at: number
  readonly open: boolean
}

const asNumber = (limit: number | string | undefined, none: number): number => {
  if (limit === undefined) return none
  if (typeof limit === 'number') return limit
  const time = timeOfLimit(limit)
  return time === undefined ? none : Date.parse(time.moment)
}
const lower = ({ min, above }: Column): Bound => {
  const [closed, open] = [asNumber(min, -Infinity), asNumber(above, -Infinity)]
  return open >= closed && above !== undefined ? { at: open, open: true } : { at: closed, open: false }
}
const upper = ({ max, below }: Column): Bound => {
  const [closed, open] = [asNumber(max, Infinity), asNumber(below, Infinity)]
  return open <= closed && below !== undefined ? { at: open, open: true } : { at: closed, open: false }
}
/** The effect of a limit that moves; `out` is the direction in which more is allowed. */
const moved = (a: Bound, b: Bound, out: 1 | -1): Effect => {
  if (a.at === b.at) return a.open === b.open ? 'same' : a.open ? 'wider' : 'narrower'
  return Math.sign(b.at - a.at) === out ? 'wider' : 'narrower'
}
const ofSets = (a: readonly unknown[] | undefined, b: readonly unknown[] | undefined): Effect => {
  if (a === undefined || b === undefined) return a === b ? 'same' : a === undefined ? 'narrower' : 'wider'
  const [before, after] = [new Set(a), new Set(b)]
  if (before.isSubsetOf(after)) return after.isSubsetOf(before) ? 'same' : 'wider'
  return after.isSubsetOf(before) ? 'narrower' : 'other'
}
/** The effect of something that only restricts where it is stated. */
const ofStated = <T>(a: T | undefined, b: T | undefined, judge: (a: T, b: T) => Effect): Effect =>
  a === undefined || b === undefined
    ? a === b
      ? 'same'
      : a === undefined
        ? 'narrower'
        : 'wider'
    : a === b
      ? 'same'
      : judge(a, b)
const ofFlag = (a: boolean, b: boolean): Effect => (a === b ? 'same' : b ? 'narrower' : 'wider')
const isWhole = (x: number): boolean => Math.abs(x - Math.round(x)) < 1e-9

interface Compared {
  readonly effect: (before: Column, after: Column) => Effect
  readonly shown: (column: Column) => Json
}
const bound = ({ at, open }: Bound, word: string): Json =>
  Number.isFinite(at) ? `${open ? `${word} ` : ''}${at}` : null

/** Every word of a column that restricts its values, and what a change of it does. */
const words: Readonly<Record<string, Compared>> = {
  type: {
    // whole numbers are numbers
    effect: ({ type: a }, { type: b }) =>
      a === b ? 'same' : a === 'int' && b === 'float' ? 'wider' : a === 'float' && b === 'int' ? 'narrower' : 'other',
    shown: ({ type }) => type,
  },
  nullable: {
    effect: (a, b) => ofFlag(!a.nullable, !b.nullable),
    shown: ({ nullable }) => nullable,
  },
  min: {
    effect: (a, b) => moved(lower(a), lower(b), -1),
    shown: (column) => column.min ?? bound(lower(column), 'above'),
  },
  max: {
    effect: (a, b) => moved(upper(a), upper(b), 1),
    shown: (column) => column.max ?? bound(upper(column), 'below'),
  },
  multipleOf: {
    effect: (a, b) =>
      ofStated(a.multipleOf, b.multipleOf, (u, v) =>
        isWhole(v / u) ? 'narrower' : isWhole(u / v) ? 'wider' : 'other',
      ),
    shown: ({ multipleOf = null }) => multipleOf,
  },
  finite: {
    effect: (a, b) => ofFlag(a.finite ?? true, b.finite ?? true),
    shown: ({ finite = true }) => finite,
  },
  values: {
    effect: (a, b) => ofSets(a.values, b.values),
    shown: ({ values = null }) => values as Json,
  },
  minLength: {
    effect: (a, b) => moved({ at: a.minLength ?? 0, open: false }, { at: b.minLength ?? 0, open: false }, -1),
    shown: ({ minLength = 0 }) => minLength,
  },
  maxLength: {
    effect: (a, b) =>
      moved({ at: a.maxLength ?? Infinity, open: false }, { at: b.maxLength ?? Infinity, open: false }, 1),
    shown: ({ maxLength = null }) => maxLength,
  },
  pattern: {
    // which texts two patterns share cannot be told
    effect: (a, b) => ofStated(a.pattern, b.pattern, () => 'other'),
    shown: ({ pattern = null }) => pattern,
  },
  unique: {
    effect: (a, b) => ofFlag(a.unique ?? false, b.unique ?? false),
    shown: ({ unique = false }) => unique,
  },
  absentIn: {
    effect: (a, b) => ofSets(a.absentIn ?? [], b.absentIn ?? []),
    shown: ({ absentIn = [] }) => absentIn,
  },
  role: { effect: () => 'same', shown: ({ role = null }) => role },
  description: { effect: () => 'same', shown: ({ description = null }) => description },
}

const judged = (effect: Effect): Pick<SchemaChange, 'readers' | 'writers'> => ({
  readers: effect === 'wider' || effect === 'other' ? 'breaking' : 'compatible',
  writers: effect === 'narrower' || effect === 'other' ? 'breaking' : 'compatible',
})

/**
 * Lists how a schema changed, and judges each change for those who read by the old schema and for those who write by it. A
 * changed type is told alone: limits of two types are not compared.
 */
export function schemaDiff(before: RowSchema, after: RowSchema): SchemaDiff {
  const changes: SchemaChange[] = []
  for (const [name, column] of Object.entries(before.columns)) {
    const next = Object.hasOwn(after.columns, name) ? after.columns[name] : undefined
    if (next === undefined) {
      const writers = after.extra === 'forbid' ? 'breaking' : 'compatible'
      changes.push({ column: name, what: 'removed', before: column.type, after: null, readers: 'breaking', writers })
    } else changes.push(...columnChanges(name, column, next))
  }
  for (const [name, column] of Object.entries(after.columns))
    if (!Object.hasOwn(before.columns, name)) {
      const readers = before.extra === 'forbid' ? 'breaking' : 'compatible'
      changes.push({ column: name, what: 'added', before: null, after: column.type, readers, writers: 'breaking' })
    }
  changes.push(...tableChanges(before, after))
  return {
    changes,
    backward: changes.every(({ writers }) => writers === 'compatible'),
    forward: changes.every(({ readers }) => readers === 'compatible'),
  }
}

function columnChanges(column: string, before: Column, after: Column): SchemaChange[] {
  const found = Object.entries(words).flatMap(([what, { effect, shown }]) => {
    const [a, b] = [shown(before), shown(after)]
    const done = effect(before, after)
    return done === 'same' && JSON.stringify(a) === JSON.stringify(b)
      ? []
      : [{ column, what, before: a, after: b, ...judged(done) }]
  })
  const type = found.find(({ what }) => what === 'type')
  const isNumber = [before, after].every(({ type }) => type === 'int' || type === 'float')
  return type && !isNumber ? [type] : found
}

function tableChanges(before: RowSchema, after: RowSchema): SchemaChange[] {
  const sets = ({ unique = [] }: RowSchema) => unique.map((names) => [...names].sort().join(', ')).sort()
  const columns = (schema: RowSchema) => Object.keys(schema.columns)
  const order = (schema: RowSchema) => (schema.ordered ? columns(schema) : undefined)
  const [a, b] = [sets(before), sets(after)]
  // every set that must be unique restricts: more of them allow fewer tables
  const unique = ofSets(b, a)
  const ordered = ofStated(order(before), order(after), (x, y) => (String(x) === String(y) ? 'same' : 'other'))
  const extra = ofFlag(before.extra === 'forbid', after.extra === 'forbid')
  const parts: readonly (readonly [what: string, Json, Json, Effect])[] = [
    ['unique', a, b, unique],
    ['ordered', order(before) ?? null, order(after) ?? null, ordered],
    ['extra', before.extra ?? 'ignore', after.extra ?? 'ignore', extra],
  ]
  return parts
    .filter(([what, x, y, effect]) => effect !== 'same' || (what === 'extra' && x !== y))
    .map(([what, before, after, effect]) => ({ what, before, after, ...judged(effect) }))
}

const NEEDS: Readonly<Record<EvolutionRule, readonly ('readers' | 'writers')[]>> = {
  backward: ['writers'],
  forward: ['readers'],
  full: ['readers', 'writers'],
  none: [],
}

/** Throws `SCHEMA_BREAKS` naming the first change that a rule of evolution does not allow. */
export function assertEvolution(before: RowSchema, after: RowSchema, rule: EvolutionRule): SchemaDiff {
  const diff = schemaDiff(before, after)
  const broken = diff.changes.filter((change) => NEEDS[rule].some((side) => change[side] === 'breaking'))
  if (broken.length === 0) return diff
  const spoken = ({ column, what, before, after }: SchemaChange): string =>
    what === 'added' || what === 'removed'
      ? `the column "${column}" was ${what}`
      : `${what}${column === undefined ? ' of the table' : ` of "${column}"`} changed from ${JSON.stringify(before)} to ${JSON.stringify(after)}`
  const [first, ...rest] = broken
  throw new PodError('SCHEMA_BREAKS', `the schema may only change in ${rule} compatible ways, but ${spoken(first)}`, {
    because: rest.length > 0 ? `also ${rest.map(spoken).join('; ')}` : undefined,
    hint:
      rule === 'forward'
        ? 'keep what readers rely on, or give them the new schema first'
        : 'keep what is written valid, or rewrite it first',
  })
}

import { readColumns } from '../columns.ts'
import { identifier, quoted } from '../engine.ts'
import type { AnyRelation } from '../relation.ts'
import { contingency, cramersCorrected, cramersPlain, phiK } from './contingency.ts'
import { interactionsOf } from './interactions.ts'
import {
  type CentredRanks,
  type Coded,
  centredRanks,
  codesOf,
  kendall,
  pearson,
  spearman,
  spearmanOfRanks,
} from './ranks.ts'
import { cutEdges, gridEdges, inBins } from './tenBins.ts'
import type { Interaction } from './types.ts'

/** How two columns belong together: a measure a name. */
export type AssociationMethod = keyof typeof measures

/** A measure of all pairs of columns that it fits; null where it is not defined. */
export interface AssociationMatrix {
  readonly columns: readonly string[]
  readonly values: readonly (readonly (number | null)[])[]
}

/** Measures of association, and over how many rows. */
export interface Associations {
  readonly rows: number
  /** False where rows were left out: every so many-th was read. */
  readonly allRows: boolean
  /** Columns beyond the first 200: their pairs grow with the square. */
  readonly leftOut: readonly string[]
  readonly methods: Readonly<Partial<Record<AssociationMethod, AssociationMatrix>>>
}

/** A column that takes part. */
export interface Member {
  readonly name: string
  /** SQL of its number, if it holds numbers. */
  readonly number: string | undefined
  /** Whether it is a category (a number of few values is one too), and all its values, as text. */
  readonly category: boolean
  readonly levels: readonly string[]
}

/** A column in memory: numbers, or the codes of categories. */
interface Panel extends Member {
  readonly values: Float64Array
  readonly coded: () => Coded
  readonly ranks: () => CentredRanks | undefined
  /** Numbers in ten equal bins as pandas cuts them, and as phik does. */
  readonly cut: () => Coded
  readonly grid: () => Coded
}

type Measure = (a: Panel, b: Panel) => number | null
const ofNumbers = ({ number }: Member): boolean => number !== undefined
const ofCategories = ({ category }: Member): boolean => category
const any = (): boolean => true

const rho: Measure = (a, b) => {
  const [x, y] = [a.ranks(), b.ranks()]
  return x && y ? spearmanOfRanks(x, y) : spearman(a.coded(), b.coded())
}

/** Every measure: which columns it fits, and its value for two of them. Sources: pandas, scipy, phik, ydata-profiling 4.18. */
const measures = {
  pearson: { fits: ofNumbers, of: ((a, b) => pearson(a.values, b.values)) as Measure },
  spearman: { fits: ofNumbers, of: rho },
  kendall: { fits: ofNumbers, of: ((a, b) => kendall(a.coded(), b.coded())) as Measure },
  cramers: {
    fits: ofCategories,
    of: ((a, b) => cramersCorrected(contingency(a.coded(), b.coded()))) as Measure,
  },
  cramersPlain: {
    fits: ofCategories,
    of: ((a, b) => cramersPlain(contingency(a.coded(), b.coded()))) as Measure,
  },
  phik: { fits: any, of: ((a, b) => phiK(contingency(b.grid(), a.grid()))) as Measure },
  /** Spearman of numbers, Cramer's V where a category is among them; numbers then in ten bins. */
  auto: {
    fits: any,
    of: ((a, b) =>
      !(a.category || b.category) ? rho(a, b) : cramersCorrected(contingency(a.cut(), b.cut()))) as Measure,
  },
} as const

/** The names of all measures of association. */
export const associationMethods = Object.keys(measures) as readonly AssociationMethod[]

/** What was read for associations, and the pairs that are drawn. */
export interface AssociationsFound {
  readonly associations: Associations
  readonly interactions: readonly Interaction[]
}

/**
 * Measures all pairs: the columns are read once, in one statement, and kept in memory (`maxRows` of them, every k-th row where there
 * are more). Pearson over all rows comes from one scan of SQL.
 */
export async function associate(
  data: AnyRelation,
  members: readonly Member[],
  {
    methods,
    rows,
    maxRows,
    interactions,
  }: {
    readonly methods: readonly AssociationMethod[]
    readonly rows: number
    readonly maxRows: number
    readonly interactions: number
  },
): Promise<AssociationsFound> {
  const step = Math.max(1, Math.ceil(rows / maxRows))
  const fitting = members.slice(0, COLUMNS).filter((member) => methods.some((method) => measures[method].fits(member)))
  const panels = await readPanels(data, fitting, step)
  const found: Partial<Record<AssociationMethod, AssociationMatrix>> = {}
  for (const method of methods) {
    const { fits, of } = measures[method]
    const chosen = panels.filter(fits)
    if (chosen.length < 2) continue
    found[method] =
      method === 'pearson' && step > 1 ? await pearsonOfAll(data, chosen) : matrixOf(chosen, (a, b) => of(a, b))
  }
  return {
    associations: {
      rows: panels[0]?.values.length ?? 0,
      allRows: step === 1,
      leftOut: members.slice(COLUMNS).map(({ name }) => name),
      methods: found,
    },
    interactions: interactionsOf(panels, found.pearson ?? found.spearman, interactions),
  }
}

function matrixOf<T extends Member>(
  chosen: readonly T[],
  of: (a: T, b: T, i: number, j: number) => number | null,
): AssociationMatrix {
  const values = chosen.map(() => chosen.map((): number | null => 1))
  for (let i = 0; i < chosen.length; i++)
    for (let j = i + 1; j < chosen.length; j++) {
      const value = of(chosen[i], chosen[j], i, j)
      values[i][j] = value
      values[j][i] = value
    }
  return { columns: chosen.map(({ name }) => name), values }
}

/** Columns whose pairs are measured. */
const COLUMNS = 200

/** Pairs of one statement: the engine's plans grow with them. */
const PAIRS = 2000

/** Pearson correlation of all pairs over all rows, in one scan (for more than 2,000 pairs, one each). */
async function pearsonOfAll(data: AnyRelation, chosen: readonly Member[]): Promise<AssociationMatrix> {
  const sql: string[] = []
  for (let i = 0; i < chosen.length; i++) for (let j = i + 1; j < chosen.length; j++) sql.push(`corr(c${i}, c${j})`)
  const list = chosen.map(({ number }, i) => `${number} AS c${i}`).join(', ')
  const found: unknown[] = []
  for (let from = 0; from < sql.length; from += PAIRS) {
    const part = sql.slice(from, from + PAIRS).map((text, i) => `${text} AS r${from + i}`)
    const [row] = await data.engine.read(`SELECT ${part.join(', ')} FROM (SELECT ${list} FROM (${data.toSQL()}))`)
    found.push(...Object.values(row))
  }
  let at = 0
  return matrixOf(chosen, () => {
    const value = found[at++]
    return typeof value === 'number' && Number.isFinite(value) ? value : null
  })
}

async function readPanels(data: AnyRelation, members: readonly Member[], step: number): Promise<Panel[]> {
  if (members.length === 0) return []
  const names = members.map((_, i) => `c${i}`)
  const list = members.map((member, i) => `${codeSql(member)} AS c${i}`).join(', ')
  const thinned = step === 1 ? '' : `QUALIFY (row_number() OVER () - 1) % ${step} = 0`
  const read = await readColumns(data.engine, `SELECT ${list} FROM (${data.toSQL()}) ${thinned}`, names)
  return members.map((member, i) => {
    const values = read[names[i]].data as Float64Array
    const coded = once(() =>
      member.number !== undefined
        ? codesOf(values)
        : { codes: Int32Array.from(values, (v) => (Number.isNaN(v) ? -1 : v)), levels: member.levels.length },
    )
    const cut = once(() => (member.category ? coded() : inBins(values, cutEdges(values))))
    const grid = once(() => (member.category ? coded() : inBins(values, gridEdges(values))))
    return { ...member, values, coded, ranks: once(() => centredRanks(coded())), cut, grid }
  })
}

/** SQL of the number, or of the place among the levels of a category; infinite numbers are missing. */
function codeSql({ name, number, levels }: Member): string {
  if (number !== undefined) return number
  const type = `ENUM(${levels.map(quoted).join(', ')})`
  return `CAST(enum_code(CAST(CAST(${identifier(name)} AS VARCHAR) AS ${type})) AS DOUBLE)`
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

import { PodError } from '@mlpod/contract'
import { afterAll, expect, test } from 'vitest'
import reference from '../../../../conformance/data/pandera.json' with { type: 'json' }
import {
  type Column,
  type ColumnType,
  closeEngine,
  columnsMatching,
  float,
  type Relation,
  relationOf,
  rowSchema,
  validateTable,
} from '../index.ts'

afterAll(closeEngine)

interface Failure {
  readonly column: string | null
  readonly rule: string
  readonly row: number | null
}
interface Case {
  readonly name: string
  readonly columns: Readonly<Record<string, Column>>
  readonly patterns?: Readonly<Record<string, Column>>
  readonly sets?: readonly string[]
  readonly ordered?: boolean
  readonly coerce?: boolean
  readonly extra?: 'forbid' | 'allow'
  readonly types: Readonly<Record<string, ColumnType>>
  readonly data: Readonly<Record<string, readonly unknown[]>>
  readonly found: {
    readonly failures: readonly Failure[]
    readonly valid: readonly number[] | null
    readonly kept: readonly string[] | null
  }
}
const cases = reference.cases as unknown as readonly Case[]

const filled = (columns: Readonly<Record<string, Column>>): Record<string, Column> =>
  Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [name, { ...column, nullable: column.nullable ?? false }]),
  )

async function ours({ columns, patterns = {}, sets, ordered, coerce, extra, types, data }: Case) {
  const names = Object.keys(data)
  const raw = Object.fromEntries(names.map((name) => [name, { type: types[name], nullable: true }]))
  const table = (await relationOf(data as never, { schema: rowSchema(raw) })) as unknown as Relation
  try {
    const schema = rowSchema(
      { ...filled(columns), ...filled(columnsMatching(names, patterns)) },
      { ...(sets ? { unique: [sets] } : {}), ...(ordered ? { ordered } : {}), ...(extra ? { extra } : {}) },
    )
    const { valid, failures } = await validateTable(table, schema, { coerce })
    const lines = await failures.rows()
    const bad = new Set(lines.map(({ row }) => row))
    return {
      refused: undefined,
      kept: valid.columns as readonly string[],
      valid: await valid.rows(),
      places: Array.from({ length: data[names[0]].length }, (_, i) => i).filter((i) => !bad.has(i)),
      failures: lines.map(({ column, check, row }) => `${column} ${check} ${row}`).sort(),
    }
  } catch (error) {
    if (!(error instanceof PodError)) throw error
    return { refused: error }
  }
}

test('tables are judged as pandera judges them, case by case', async () => {
  expect(reference.version).toBe('0.35.0')
  expect(cases.length).toBeGreaterThan(45)
  for (const one of cases) {
    const { failures, valid, kept } = one.found
    const found = await ours(one)
    const ofTable = failures.filter(({ row }) => row === null)
    if (ofTable.length > 0) {
      expect(found.refused?.code, one.name).toMatch(/COLUMN_MISSING|SCHEMA_VIOLATED/)
      continue
    }
    expect(found.refused, one.name).toBeUndefined()
    if (found.refused !== undefined) continue
    expect(found.failures, one.name).toEqual(failures.map(({ column, rule, row }) => `${column} ${rule} ${row}`).sort())
    expect(found.places, one.name).toEqual(valid)
    expect(found.valid, one.name).toHaveLength(valid!.length)
    if (kept !== null) expect(found.kept, one.name).toEqual(kept)
  }
})

test('columns are found by their names', () => {
  const column = float({ min: 0 })
  expect(columnsMatching(['a', 'x_1', 'x_2'], { '^x_': column })).toEqual({ x_1: column, x_2: column })
  expect(() => columnsMatching(['a'], { '^x_': column })).toThrow(/no column whose name fits/)
  expect(() => columnsMatching(['a'], { '(': column })).toThrow(/no regular expression/)
})

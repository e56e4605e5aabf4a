import { join } from 'node:path'
import { asRowSchema, type Relation } from 'mlpod/data'
import { beforeAll, expect, test } from 'vitest'
import { catalog } from '../src/catalog.ts'
import { features, forbidden } from '../src/features.ts'
import { clean } from '../src/nodes/clean.ts'
import { split } from '../src/nodes/split.ts'
import { Application, Loan } from '../src/schema.ts'

const context = {} as never
let applications: Relation<Record<string, never>>

beforeAll(async () => {
  const loans = await catalog.loans.read(join(import.meta.dirname, '../data/loanapp.csv'))
  applications = (await clean.run({ loans }, context)).applications as never
})

test('no feature restates the decision or is for audits only, and each is a column of an application', () => {
  const leaks = ['action', 'reject', 'typur', 'inson', 'review', 'approve', 'black', 'hispan', 'white']
  expect(features.filter((name) => [...forbidden, ...leaks].includes(name))).toEqual([])
  const { columns } = asRowSchema(Application)
  expect(features.filter((name) => !(name in columns))).toEqual([])
  expect(Object.keys(columns).filter((name) => leaks.includes(name))).toEqual(['approve'])
  expect(Object.keys(asRowSchema(Loan).columns)).toHaveLength(59)
})

test('hidden codes are missing values, and the group is said once', async () => {
  const [row] = await applications
    .groupBy([], {
      n: ({ count }) => count(),
      incomes: ({ count }) => count('appinc'),
      liquid: ({ max }) => max('liq'),
      term: ({ max }) => max('term'),
      guidelines: ({ max }) => max('gdlin'),
      lines: ({ max }) => max('lines'),
    })
    .rows()
  expect(row.n).toBe(1989)
  expect(row.incomes).toBeLessThan(1989)
  for (const [name, most] of Object.entries({ liquid: 20_000, term: 480, guidelines: 1, lines: 100 }))
    expect(row[name as 'term'], name).toBeLessThanOrEqual(most)
  const groups = await applications.groupBy(['race'], { n: ({ count }) => count() }).rows()
  expect(Object.fromEntries(groups.map(({ race, n }) => [race, n]))).toEqual({ black: 197, hispanic: 111, white: 1681 })
})

test('the parts are disjoint, make up the whole, and stay as they are when applications are added', async () => {
  const parts = async (rows: Relation<Record<string, never>>): Promise<Map<string, string>> => {
    const made = await split.run({ applications: rows, seed: 7 } as never, context)
    const placed = new Map<string, string>()
    for (const [part, relation] of Object.entries(made as unknown as Record<string, Relation>))
      for (const row of await relation.rows()) {
        const key = JSON.stringify(row)
        expect(placed.has(key) && placed.get(key) !== part, 'equal rows may stand in two parts, others not').toBe(false)
        placed.set(key, part)
      }
    return placed
  }
  const distinct = applications.distinct().orderBy(...applications.columns)
  const [whole, half] = [await parts(distinct as never), await parts(distinct.limit(900) as never)]
  expect(whole.size).toBe(await distinct.count())
  for (const [row, part] of half) expect(whole.get(row)).toBe(part)
  const sizes = [...whole.values()].filter((part) => part === 'test').length / whole.size
  expect(Math.abs(sizes - 0.35)).toBeLessThan(0.04)
})

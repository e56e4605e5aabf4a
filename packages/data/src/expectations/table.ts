import { didYouMean, PodError } from '@mlpod/contract'
import { scalar } from '../aggregates/index.ts'
import type { AnyRelation } from '../relation.ts'
import type { Bounds, Of } from './expectation.ts'
import { type Context, counted, type Entry, known, one, type Plan, whole } from './plan.ts'
import { listed, range, refuseRange, within } from './range.ts'
import { isOfType } from './typeNames.ts'

const none = (): readonly string[] => []
const natural = (value: number): string | undefined =>
  Number.isInteger(value) && value >= 0 ? undefined : `${value} is no count`

/** Expectations of the table as a whole: its rows, its columns and their types. */
export const tableEntries = {
  rowCountBetween: {
    fits: 'any',
    columns: none,
    sentence: (e: Bounds) => `the number of rows is ${range(e)}`,
    refuse: refuseRange,
    plan: (context, e) =>
      whole(context, scalar<number>(counted(context)), (n) => ({ holds: within(Number(n), e), observed: Number(n) })),
  } satisfies Entry<Bounds>,
  rowCountEqual: {
    fits: 'any',
    columns: none,
    sentence: ({ value }: Of<'rowCountEqual'>) => `the number of rows is ${value}`,
    refuse: ({ value }) => natural(value),
    plan: (context, { value }) =>
      whole(context, scalar<number>(counted(context)), (n) => ({ holds: Number(n) === value, observed: Number(n) })),
  } satisfies Entry<Of<'rowCountEqual'>>,
  rowCountEqualOther: {
    fits: 'any',
    columns: none,
    sentence: ({ table }: Of<'rowCountEqualOther'>) => `there are as many rows as in ${table}`,
    refuse: ({ table }) => (table === '' ? 'it names no other table' : undefined),
    plan(context, { table }): Plan {
      const other = otherTable(context, table)
      const here = scalar<number>(counted(context))
      const there = scalar<number>(context.sql.count())
      return {
        needs: [here],
        finish: (read) => ({
          needs: [there],
          from: other,
          finish: (then) => {
            const [n, m] = [Number(read(here)), Number(then(there))]
            return { by: 'whole', elements: n, holds: n === m, observed: { self: n, other: m } }
          },
        }),
      }
    },
  } satisfies Entry<Of<'rowCountEqualOther'>>,
  columnCountBetween: {
    fits: 'any',
    columns: none,
    sentence: (e: Of<'columnCountBetween'>) => `the number of columns is ${range(e)}`,
    refuse: refuseRange,
    plan: ({ data: { columns } }, e) => known(within(columns.length, e), columns.length),
  } satisfies Entry<Of<'columnCountBetween'>>,
  columnCountEqual: {
    fits: 'any',
    columns: none,
    sentence: ({ value }: Of<'columnCountEqual'>) => `the number of columns is ${value}`,
    refuse: ({ value }) => natural(value),
    plan: ({ data: { columns } }, { value }) => known(columns.length === value, columns.length),
  } satisfies Entry<Of<'columnCountEqual'>>,
  columnExists: {
    fits: 'any',
    columns: none,
    sentence: ({ column, index }: Of<'columnExists'>) =>
      `there is a column ${column}${index === undefined || index === null ? '' : ` at place ${index}`}`,
    plan({ data: { columns } }, { column, index }) {
      const at = columns.indexOf(column)
      if (at < 0) return known(false, null, { hint: `there is no column "${column}"${didYouMean(column, columns)}` })
      return known(index === undefined || index === null || at === index, at)
    },
  } satisfies Entry<Of<'columnExists'>>,
  columnType: {
    fits: 'any',
    columns: one,
    sentence: ({ column, dataType }: Of<'columnType'>) => `${column} has the type ${dataType}`,
    plan: ({ columns: [{ sqlType }] }, { dataType }) => known(isOfType(sqlType, [dataType]), sqlType),
  } satisfies Entry<Of<'columnType'>>,
  columnsMatchOrderedList: {
    fits: 'any',
    columns: none,
    sentence: ({ names }: Of<'columnsMatchOrderedList'>) => `the columns are ${listed(names)} in this order`,
    plan({ data: { columns } }, { names }) {
      if (names === null) return known(true, [...columns])
      const n = Math.max(columns.length, names.length)
      const mismatched = Array.from({ length: n }, (_, i) => i).filter((i) => columns[i] !== names[i])
      return known(
        mismatched.length === 0,
        [...columns],
        mismatched.length === 0
          ? undefined
          : {
              mismatched: mismatched.map((i) => ({
                'Expected Column Position': i,
                Expected: names[i] ?? null,
                Found: columns[i] ?? null,
              })),
            },
      )
    },
  } satisfies Entry<Of<'columnsMatchOrderedList'>>,
  columnsMatchSet: {
    fits: 'any',
    columns: none,
    sentence: ({ names, exact = true }: Of<'columnsMatchSet'>) =>
      `the columns ${exact ? 'are' : 'include'} ${listed(names)} in any order`,
    plan({ data: { columns } }, { names, exact = true }) {
      if (names === null) return known(true, [...columns])
      const wanted = new Set(names)
      const missing = [...wanted].filter((name) => !columns.includes(name)).sort()
      const unexpected = columns.filter((name) => !wanted.has(name)).sort()
      const mismatched = {
        ...(missing.length > 0 ? { missing } : {}),
        ...(unexpected.length > 0 ? { unexpected } : {}),
      }
      return known(
        missing.length === 0 && (!exact || unexpected.length === 0),
        [...columns],
        Object.keys(mismatched).length > 0 ? { mismatched } : undefined,
      )
    },
  } satisfies Entry<Of<'columnsMatchSet'>>,
} as const

/** Returns another table by its name. Throws `TABLE_UNKNOWN`. */
export function otherTable({ tables }: Context, name: string): AnyRelation {
  const found = tables[name]
  if (found === undefined)
    throw new PodError('TABLE_UNKNOWN', `there is no other table "${name}"${didYouMean(name, Object.keys(tables))}`, {
      hint: `give it when the suite is run: { tables: { ${JSON.stringify(name)}: relation } }`,
    })
  return found
}

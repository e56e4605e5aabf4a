import { isoText } from '../columns.ts'
import { identifier } from '../engine.ts'
import type { AnyRelation, Cell, ColumnInfo } from '../relation.ts'
import { type AssociationMethod, associate, type Member } from './associations.ts'
import { columnsSql, finiteSql, isNumber, numberSql } from './columnSql.ts'
import type { Context } from './context.ts'
import { missingPattern } from './missingPattern.ts'
import type { ColumnProfile } from './types.ts'

/** What goes across columns. */
export async function across(
  { data, rows }: Context,
  infos: readonly ColumnInfo[],
  columns: readonly ColumnProfile[],
  levels: ReadonlyMap<string, readonly string[]>,
  options: {
    readonly associations: readonly AssociationMethod[]
    readonly maxRows: number
    readonly interactions: number
  },
) {
  const members = columns.flatMap(({ name, role, distinct }, i): Member[] => {
    if (distinct === null || distinct < 2) return []
    const number = isNumber(infos[i]) ? finiteSql(infos[i], numberSql(infos[i])) : undefined
    const known = levels.get(name)
    const category = (role === 'category' || role === 'bool') && known !== undefined
    return category || role === 'number' ? [{ name, number, category, levels: known ?? [] }] : []
  })
  const { associations: methods, maxRows, interactions } = options
  const associated =
    rows > 1 && members.length > 1
      ? await associate(data, members, { methods, rows, maxRows, interactions })
      : undefined
  return {
    associated,
    duplicates: rows === 0 ? { groups: 0, repeated: 0 } : await countDuplicates(data, infos),
    missing: await missingPattern(data, infos, columns, rows),
    first: await firstRows(data, infos),
  }
}

/** Distinct rows that occur more than once: candidates by a hash of the row, then by the rows themselves. */
async function countDuplicates(data: AnyRelation, infos: readonly ColumnInfo[]) {
  const names = infos.map(({ name }) => identifier(name)).join(', ')
  const from = `(${columnsSql(data, infos)})`
  const [row] = await data.engine.read(`
    WITH twice AS MATERIALIZED (SELECT h FROM (SELECT hash(${names}) AS h FROM ${from}) GROUP BY h HAVING count(*) > 1)
    SELECT count(*) AS groups, coalesce(sum(c - 1), 0)::DOUBLE AS repeated FROM (
      SELECT count(*) AS c FROM (SELECT * FROM ${from} WHERE (SELECT count(*) FROM twice) > 0 AND hash(${names}) IN (SELECT h FROM twice))
      GROUP BY ${names} HAVING count(*) > 1)`)
  return { groups: Number(row.groups), repeated: Number(row.repeated) }
}

const FIRST = 5
/** Characters of a value that are shown of the first rows. */
const SHOWN = 200

async function firstRows(data: AnyRelation, infos: readonly ColumnInfo[]): Promise<Readonly<Record<string, Cell>>[]> {
  const list = infos.map(({ name, sqlType }, i) => `${isoText(identifier(name), sqlType)} AS c${i}`)
  const rows = await data.engine.read(`SELECT ${list.join(', ')} FROM (${columnsSql(data, infos)}) LIMIT ${FIRST}`)
  return rows.map((row) =>
    Object.fromEntries(
      infos.map(({ name }, i) => {
        const value = row[`c${i}`]
        return [name, value === null || value === undefined ? null : String(value).slice(0, SHOWN)]
      }),
    ),
  )
}

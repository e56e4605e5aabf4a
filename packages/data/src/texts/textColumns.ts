import { PodError } from '@mlpod/contract'
import { unknownColumn } from '../query.ts'
import type { AnyRelation } from '../relation.ts'

/** Throws unless these columns hold texts and the table has none of the names that will be added: `COLUMN_UNKNOWN`, `COLUMN_TYPE`, `COLUMN_TWICE`. */
export async function textColumns(data: AnyRelation, read: readonly string[], added: readonly string[]): Promise<void> {
  const infos = await data.describe()
  for (const column of read) {
    const info = infos.find(({ name }) => name === column)
    if (!info) throw unknownColumn(column, data.columns)
    if (info.type !== 'string')
      throw new PodError('COLUMN_TYPE', `the column "${column}" is ${info.sqlType} and holds no texts`)
  }
  const clash = added.find((name) => data.columns.includes(name))
  if (clash !== undefined)
    throw new PodError('COLUMN_TWICE', `the table has a column "${clash}" already`, {
      hint: 'name the new one otherwise',
    })
}

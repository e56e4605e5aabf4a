import { readFile } from 'node:fs/promises'
import { PodError } from '@mlpod/contract'
import type { AnyRelation, Relation } from '../relation.ts'
import type { Format } from './format.ts'
import { relationOfValues, type Value } from './values.ts'

/** Arrow's IPC files and streams. */
export const arrowFiles: Format = {
  about: 'Arrow IPC files and streams',
  extensions: ['.arrow', '.feather', '.arrows', '.ipc'],
  async open(path, name) {
    return relationOfArrow(await readFile(path), { name })
  },
}

/** A table of the Arrow libraries for JavaScript: their common part. */
export interface ArrowTable {
  readonly schema: { readonly fields: readonly { readonly name: string }[] }
  getChild(name: string): Iterable<unknown> | null | undefined
}

/**
 * Returns a relation over a table of Arrow: its bytes (IPC file or stream), or a table of `apache-arrow` or `@uwdata/flechette`. Days and moments are read as
 * moments in UTC, decimals as numbers. Throws `FILE_INVALID`, `COLUMN_TYPE` naming a column of lists or structs, `COLUMN_TWICE`.
 */
export async function relationOfArrow(
  table: Uint8Array | ArrowTable,
  { name = 'the Arrow table' }: { readonly name?: string } = {},
): Promise<Relation> {
  const read = table instanceof Uint8Array ? await decoded(table, name) : table
  const columns = new Map<string, Value[]>()
  for (const { name: column } of read.schema.fields) {
    if (columns.has(column)) throw new PodError('COLUMN_TWICE', `${name} has two columns "${column}"`)
    const values: Value[] = []
    for (const value of read.getChild(column) ?? []) {
      if (typeof value === 'object' && value !== null && !(value instanceof Date))
        throw new PodError('COLUMN_TYPE', `the column "${column}" of ${name} holds lists or structs`, {
          hint: 'take out what is needed of it into columns of its own',
        })
      values.push(value as Value)
    }
    columns.set(column, values)
  }
  return relationOfValues(columns, name)
}

async function decoded(bytes: Uint8Array, name: string): Promise<ArrowTable> {
  const { tableFromIPC } = await import('@uwdata/flechette')
  try {
    return tableFromIPC(bytes, { useDate: true, useBigInt: true, useDecimalInt: false }) as unknown as ArrowTable
  } catch (error) {
    throw new PodError('FILE_INVALID', `${name} is no Arrow table: ${(error as Error).message}`, { cause: error })
  }
}

/**
 * Reads a relation in order as Arrow, some thousands of rows at a time: each piece is an IPC stream of its own, which any Arrow library reads. Numbers
 * are doubles or 64-bit integers, moments and days are texts in ISO form.
 */
export async function* arrowBatches(data: AnyRelation): AsyncGenerator<Uint8Array> {
  const { columnFromArray, bool, float64, int64, tableFromColumns, tableToIPC, utf8 } = await import(
    '@uwdata/flechette'
  )
  const types = new Map((await data.describe()).map(({ name, type }) => [name, type]))
  for await (const batch of (data as Relation).batches()) {
    const columns = Object.entries(batch).map(([name, column]) => {
      const missing = (i: number): boolean => column.missing?.[i] === 1
      const values = Array.from(column.data as ArrayLike<number | string>, (value, i) => (missing(i) ? null : value))
      const type = types.get(name)
      if (type === 'int')
        return [
          name,
          columnFromArray(
            values.map((v) => (v === null ? null : BigInt(v))),
            int64(),
          ),
        ] as const
      if (type === 'bool')
        return [
          name,
          columnFromArray(
            values.map((v) => (v === null ? null : v === 1)),
            bool(),
          ),
        ] as const
      return [name, columnFromArray(values as never, column.kind === 'number' ? float64() : utf8())] as const
    })
    const bytes = tableToIPC(tableFromColumns(columns as never), { format: 'stream' })
    if (bytes) yield bytes
  }
}

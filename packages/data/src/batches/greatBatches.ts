import { didYouMean, type Json, PodError } from '@mlpod/contract'
import { type BatchBy, partitioners } from './partition.ts'

type Fields = { readonly [name: string]: Json }

/** A named way of cutting a table, or the files of a folder, into batches. */
export interface BatchDefinition {
  readonly name: string
  readonly id?: string | null
  /** By a table's values, or by the names of files: a regular expression in Python's words, and the groups that it is about. */
  readonly by: BatchBy | { readonly by: 'files'; readonly pattern: string; readonly groups: readonly string[] }
  readonly descending?: boolean
}

const known = Object.entries(partitioners) as unknown as readonly [
  string,
  { great: string; fields: Readonly<Record<string, string>> },
][]

/** Reads a batch definition of Great Expectations 1.24. Throws `BATCH_INVALID`. */
export function fromGreatBatchDefinition(json: Json): BatchDefinition {
  const { name, id, partitioner } = (json ?? {}) as Fields
  if (typeof name !== 'string') throw new PodError('BATCH_INVALID', 'the batch definition has no name')
  const head = { name, ...(id === undefined ? {} : { id: id as string | null }) }
  if (partitioner === null || partitioner === undefined) return { ...head, by: { by: 'whole' } }
  const {
    method_name: method,
    regex,
    param_names: groups,
    sort_ascending: ascending,
    ...fields
  } = partitioner as Fields
  const order = ascending === false ? { descending: true } : {}
  if (typeof regex === 'string')
    return { ...head, by: { by: 'files', pattern: regex, groups: (groups ?? []) as string[] }, ...order }
  const found = known.find(([, { great }]) => great === method)
  if (found === undefined)
    throw new PodError(
      'BATCH_INVALID',
      `the batch definition "${name}" is cut by "${method}", which is not known${didYouMean(
        String(method),
        known.map(([, { great }]) => great),
      )}`,
    )
  const [ours, { fields: names }] = found
  const missing = Object.values(names).find((theirs) => fields[theirs] === undefined)
  if (missing !== undefined) throw new PodError('BATCH_INVALID', `the batch definition "${name}" has no ${missing}`)
  const members = Object.entries(names).map(([key, theirs]) => [key, fields[theirs]])
  return { ...head, by: { by: ours, ...Object.fromEntries(members) } as never, ...order }
}

/** Writes a batch definition as Great Expectations 1.24 reads it. */
export function toGreatBatchDefinition({ name, id, by, descending = false }: BatchDefinition): Fields {
  return { ...(id === undefined ? {} : { id }), name, partitioner: partitionerOf(by, !descending) }
}

function partitionerOf(by: BatchDefinition['by'], ascending: boolean): Json {
  if (by.by === 'whole') return null
  if (by.by === 'files') return { regex: by.pattern, param_names: [...by.groups], sort_ascending: ascending }
  const { great, fields } = partitioners[by.by]
  const members = Object.entries(fields).map(([key, theirs]) => [theirs, (by as never as Fields)[key]])
  return { ...Object.fromEntries(members), sort_ascending: ascending, method_name: great }
}

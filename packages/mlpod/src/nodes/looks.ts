import { type Dataset, type Hash, hashValue } from '@mlpod/contract'
import type { LateCall, LateState } from '@mlpod/pipeline'
import type { PromiseSet } from '@mlpod/promise'

/** Which look at its data each promise has: found on the main thread, part of the verifying node's key. */
export type Looks = Readonly<Record<string, number>>

/** Names of datasets by promise. */
type DataOf = Readonly<Record<string, readonly string[]>>

/** Returns how a node that verifies promises finds which look each of them has. */
export const looksAt = ({ claims }: PromiseSet): LateCall => ({
  module: import.meta.url,
  export: looksIn.name,
  argument: Object.fromEntries(Object.entries(claims).map(([promise, { data }]) => [promise, dataOf(data)])),
})

/** Asks the pod's ledger. */
export async function looksIn(promises: DataOf, { root, inputs }: LateState): Promise<Looks> {
  const { openTrack } = await import('@mlpod/track')
  const track = openTrack(root)
  try {
    return Object.fromEntries(
      Object.entries(promises).map(([promise, data]) => [
        promise,
        track.lookNumber(promise, hashValue(dataHashes(data, inputs))),
      ]),
    )
  } finally {
    track.close()
  }
}

/** Returns the names of the data (not of the models) that a claim reads: other data make another look. */
export const dataOf = (data: Readonly<Record<string, Dataset>>): readonly string[] =>
  Object.values(data)
    .filter(({ kind }) => kind !== 'model')
    .map(({ name }) => name as string)

/** Returns the hashes of datasets. */
export const dataHashes = (names: readonly string[], hashes: Readonly<Record<string, Hash>>): readonly Hash[] =>
  names.map((name) => hashes[name])

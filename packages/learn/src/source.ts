import { PodError } from '@mlpod/contract'
import { type Random, random } from '@mlpod/math'
import { type Columns, columnsOf, joinRows, rowsOf, type TrainingData } from './data.ts'

/** A stream of batches: the same each epoch, or made for each (from 1). */
export type BatchStream =
  | AsyncIterable<TrainingData>
  | Iterable<TrainingData>
  | ((epoch: number) => AsyncIterable<TrainingData> | Iterable<TrainingData>)

/** What one run of the runtime is fed: columns, and for each step which of their rows. */
export interface Chunk {
  readonly columns: Columns
  /** Positions [steps * size]. */
  readonly rows: BigInt64Array
  /** Rows a step. */
  readonly size: number
  readonly steps: number
}

/** Gives the chunks of one epoch. */
export interface Cursor extends AsyncDisposable {
  /** Returns the next chunk of at most so many steps, or undefined at the end. */
  next(most: number): Promise<Chunk | undefined>
}

/** Where batches come from. */
export interface Source {
  /** Rows from which element types and sizes are told. */
  readonly sample: TrainingData
  /** Opens an epoch (from 1) behind so many batches. */
  open(epoch: number, behind: number): Cursor
}

/** Tells a stream from rows. */
export const isStream = (data: TrainingData | BatchStream): data is BatchStream =>
  typeof data === 'function' || Symbol.asyncIterator in data || Symbol.iterator in data

/** Returns the source of rows in memory, in an order drawn from the seed and the epoch, or as they stand. */
export function rowSource(
  data: TrainingData,
  { batch, seed, shuffle }: { readonly batch: number; readonly seed: number; readonly shuffle: boolean },
): Source {
  const { columns } = columnsOf(data)
  const n = rowsOf(data)
  const order: Random = random({ seed, path: 'order' })
  return {
    sample: data,
    open(epoch, behind) {
      const positions = shuffle ? order.at(String(epoch)).permutation(n) : Uint32Array.from({ length: n }, (_, i) => i)
      let at = Math.min(n, behind * batch)
      return {
        [Symbol.asyncDispose]: async () => {},
        async next(most) {
          if (at >= n) return undefined
          const size = Math.min(batch, n - at)
          const steps = size < batch ? 1 : Math.min(most, Math.floor((n - at) / batch))
          const rows = BigInt64Array.from(positions.subarray(at, at + size * steps), BigInt)
          at += size * steps
          return { columns, rows, size, steps }
        },
      }
    },
  }
}

/**
 * Returns the source of rows of which each is taken with probability batch / rows at each step, by itself; an epoch has as many
 * steps as batches would fill it. A batch that is empty is passed over.
 */
export function poissonSource(
  data: TrainingData,
  { batch, seed }: { readonly batch: number; readonly seed: number },
): Source {
  const { columns } = columnsOf(data)
  const n = rowsOf(data)
  const taken = random({ seed, path: 'sampling' })
  return {
    sample: data,
    open(epoch, behind) {
      const draw = taken.at(String(epoch))
      let step = 0
      /** The rows of the next step that has some. */
      const next = (): BigInt64Array | undefined => {
        while (step < Math.ceil(n / batch)) {
          const numbers = draw.at(String(step++))
          const rows: bigint[] = []
          for (let i = 0; i < n; i++) if (numbers.uniform(i) * n < batch) rows.push(BigInt(i))
          if (rows.length > 0) return BigInt64Array.from(rows)
        }
        return undefined
      }
      for (let i = 0; i < behind; i++) next()
      return {
        [Symbol.asyncDispose]: async () => {},
        async next() {
          const rows = next()
          return rows && { columns, rows, size: rows.length, steps: 1 }
        },
      }
    },
  }
}

/**
 * Returns the source of a stream, whose batches are steps; so many are asked for ahead. `prepare` is applied to each batch, and
 * throws for one that is wrong. Reads the first batch of the first epoch. Throws `DATA_EMPTY`.
 */
export async function streamSource(
  stream: BatchStream,
  {
    prefetch,
    prepare,
  }: {
    readonly prefetch: number
    readonly prepare: (batch: TrainingData, first: TrainingData | undefined) => TrainingData
  },
): Promise<Source> {
  const iterate = (epoch: number): AsyncIterator<TrainingData> | Iterator<TrainingData> => {
    const batches = typeof stream === 'function' ? stream(epoch) : stream
    return Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]()
  }
  const first = iterate(1)
  const head = await first.next()
  if (head.done) throw new PodError('DATA_EMPTY', 'the stream has no batch')
  const sample = prepare(head.value, undefined)
  // what was begun to learn the sizes is gone on with: a stream may be had only once
  let begun: { iterator: typeof first; value: TrainingData } | undefined = { iterator: first, value: head.value }
  return {
    sample,
    open(epoch, behind) {
      const reuse = epoch === 1 ? begun : undefined
      if (reuse === undefined && begun) void begun.iterator.return?.()
      begun = undefined
      const iterator = reuse?.iterator ?? iterate(epoch)
      const waiting: (Promise<IteratorResult<TrainingData>> | IteratorResult<TrainingData>)[] = []
      if (reuse) waiting.push({ done: false, value: reuse.value })
      const ask = (): void => {
        while (waiting.length < Math.max(1, prefetch)) {
          const next = Promise.resolve(iterator.next())
          // an error is told when the batch is taken
          next.catch(() => {})
          waiting.push(next)
        }
      }
      const take = async (): Promise<TrainingData | undefined> => {
        ask()
        const { done, value } = await waiting.shift()!
        return done ? undefined : prepare(value as TrainingData, sample)
      }
      let [count, held] = [0, undefined as TrainingData | undefined]
      return {
        async next(most) {
          for (; count < behind; count++) if ((await take()) === undefined) return undefined
          const batches: TrainingData[] = []
          while (batches.length < most) {
            const batch = held ?? (await take())
            held = undefined
            if (batch === undefined) break
            if (batches.length > 0 && rowsOf(batch) !== rowsOf(batches[0])) {
              held = batch
              break
            }
            batches.push(batch)
          }
          if (batches.length === 0) {
            if (count === 0) throw noBatch(epoch)
            return undefined
          }
          count += batches.length
          // the next batches are on their way while these are learnt from
          ask()
          const size = rowsOf(batches[0])
          const rows = BigInt64Array.from({ length: size * batches.length }, (_, i) => BigInt(i))
          return {
            columns: joined(batches.map((batch) => columnsOf(batch).columns)),
            rows,
            size,
            steps: batches.length,
          }
        },
        async [Symbol.asyncDispose]() {
          await iterator.return?.()
        },
      }
    },
  }
}

const noBatch = (epoch: number): PodError =>
  new PodError('DATA_EMPTY', `the stream has no batch in epoch ${epoch}`, {
    hint: 'a generator can be read once: give a function that makes one for each epoch',
  })

/** Columns of several batches, one after the other. */
const joined = (batches: readonly Columns[]): Columns =>
  Object.fromEntries(Object.keys(batches[0]).map((name) => [name, joinRows(batches.map((batch) => batch[name]))]))

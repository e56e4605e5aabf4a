import { PodError, tensor } from '@mlpod/contract'
import type { Relation } from '@mlpod/data'
import { random } from '@mlpod/math'
import type { Rows } from './data.ts'

/** Which columns of a relation are learnt from, and how. */
export interface RelationBatchesOptions<Row> {
  /** The columns of numbers that make x [n, columns]. */
  readonly x: readonly (keyof Row & string)[]
  readonly y: keyof Row & string
  /** Whether y holds class numbers ([n], int64) or numbers ([n, 1]). */
  readonly target?: 'class' | 'number'
  readonly weights?: keyof Row & string
  /** Rows a batch; 128 by default. */
  readonly batch?: number
  /** Rows among which each next one is drawn; 1 by default, which keeps the relation's order. */
  readonly buffer?: number
  /** Draws the order within the buffer, anew each epoch. */
  readonly seed?: number
}

/**
 * Returns the batches of a relation, read piece by piece, as the data of `fit`: a table may be larger than memory. The same
 * relation and options give the same batches. Throws `COLUMN_UNKNOWN`, and when it is read `VALUE_MISSING` for a missing value.
 */
export function relationBatches<Row>(
  relation: Relation<Row>,
  { x, y, target = 'number', weights, batch = 128, buffer = 1, seed = 0 }: RelationBatchesOptions<Row>,
): (epoch: number) => AsyncGenerator<Rows> {
  const columns = [...x, y, ...(weights ? [weights] : [])]
  const selected = relation.select(...columns)
  const [width, total] = [x.length, columns.length]
  const order = random({ seed, path: 'batches' })
  const made = (rows: readonly Float64Array[]): Rows => {
    const n = rows.length
    const features = new Float32Array(n * width)
    for (const [i, row] of rows.entries()) for (let j = 0; j < width; j++) features[i * width + j] = row[j]
    return {
      x: tensor('float32', [n, width], features),
      y:
        target === 'class'
          ? tensor(
              'int64',
              [n],
              BigInt64Array.from(rows, (row) => BigInt(row[width])),
            )
          : tensor(
              'float32',
              [n, 1],
              Float32Array.from(rows, (row) => row[width]),
            ),
      ...(weights && {
        weights: tensor(
          'float32',
          [n],
          Float32Array.from(rows, (row) => row[width + 1]),
        ),
      }),
    }
  }
  return async function* (epoch) {
    const draw = order.at(String(epoch))
    const waiting: Float64Array[] = []
    let [ready, taken, read] = [[] as Float64Array[], 0, 0]
    const take = (): void => {
      const at = buffer === 1 ? 0 : Math.floor(draw.uniform(taken) * waiting.length)
      taken++
      ready.push(waiting[at])
      waiting[at] = waiting[waiting.length - 1]
      waiting.pop()
    }
    for await (const piece of selected.batches()) {
      const data = columns.map((name) => {
        const column = piece[name as keyof typeof piece]
        if (column.kind !== 'number') throw new PodError('COLUMN_TYPE', `the column "${name}" holds no numbers`)
        return column.data
      })
      const n = data[0].length
      for (let i = 0; i < n; i++) {
        const row = new Float64Array(total)
        for (let j = 0; j < total; j++) {
          row[j] = data[j][i]
          if (Number.isNaN(row[j]))
            throw new PodError('VALUE_MISSING', `the column "${columns[j]}" has no value in row ${read + i}`, {
              hint: 'impute missing values: fitPreprocess does',
            })
        }
        waiting.push(row)
        if (waiting.length >= buffer) take()
        if (ready.length === batch) {
          yield made(ready)
          ready = []
        }
      }
      read += n
    }
    while (waiting.length > 0) {
      take()
      if (ready.length === batch) {
        yield made(ready)
        ready = []
      }
    }
    if (ready.length > 0) yield made(ready)
  }
}

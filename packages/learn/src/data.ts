import { didYouMean, type Hash, hashBytes, hashValue, PodError, type Tensor } from '@mlpod/contract'
import type { Loss } from './losses/index.ts'
import { INPUT, OUTPUT } from './namedNetwork.ts'

/** Rows of one input and one target: `x` [n, ...], `y` [n] of class numbers or [n, k], `weights` [n]. */
export interface Rows {
  readonly x: Tensor<'float32'>
  readonly y: Tensor<'float32'> | Tensor<'int64'>
  readonly weights?: Tensor<'float32'>
}

/** Rows of several inputs and targets: the targets stand under the names of the outputs that they are compared with. */
export interface NamedRows {
  readonly inputs: Readonly<Record<string, Tensor>>
  readonly targets: Readonly<Record<string, Tensor>>
  readonly weights?: Tensor<'float32'>
}

/** Rows to learn from. */
export type TrainingData = Rows | NamedRows

/** The columns of rows, by the names that the compiled graphs give them. */
export type Columns = Readonly<Record<string, Tensor>>

/** Which column is which input, target and weight. */
export interface Layout {
  /** Columns by the input's name. */
  readonly inputs: Readonly<Record<string, string>>
  /** Columns by the output's name. */
  readonly targets: Readonly<Record<string, string>>
  readonly weights?: string
}

/** The column of the weights. */
const WEIGHTS = 'weights'

/** Returns rows as inputs and targets by name. */
export const namedRows = (data: TrainingData): NamedRows =>
  'x' in data ? { inputs: { [INPUT]: data.x }, targets: { [OUTPUT]: data.y }, weights: data.weights } : data

/** Returns the columns of rows and what they are. */
export function columnsOf(data: TrainingData): { readonly columns: Columns; readonly layout: Layout } {
  const { inputs, targets, weights } = namedRows(data)
  const columns: Record<string, Tensor> = {}
  const place = (wanted: string, kind: string, tensor: Tensor): string => {
    const name = wanted in columns || wanted === WEIGHTS ? `${kind} ${wanted}` : wanted
    columns[name] = tensor
    return name
  }
  const all = (kind: string, tensors: Readonly<Record<string, Tensor>>): Record<string, string> =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, place(name, kind, tensor)]))
  const layout = { inputs: all('input', inputs), targets: all('target', targets) }
  if (weights === undefined) return { columns, layout }
  columns[WEIGHTS] = weights
  return { columns, layout: { ...layout, weights: WEIGHTS } }
}

/** Returns the hashes of columns by name. */
export const hashColumns = (columns: Columns): Record<string, Hash> =>
  Object.fromEntries(
    Object.entries(columns).map(([name, { dtype, shape, data }]) => {
      const { buffer, byteOffset, byteLength } = data as Float32Array
      const bytes = Array.isArray(data) ? hashValue(data) : hashBytes(new Uint8Array(buffer, byteOffset, byteLength))
      return [name, hashValue({ dtype, shape, bytes })]
    }),
  )

/** Returns how many rows there are. */
export const rowsOf = (data: TrainingData): number => Object.values(namedRows(data).inputs)[0]?.shape[0] ?? 0

/** Returns the rows at these positions, copied. */
export function takeRows<T extends TrainingData>(data: T, rows: ArrayLike<number>): T {
  const take = (tensor: Tensor): Tensor => gatherRows(tensor, rows)
  const each = (tensors: Readonly<Record<string, Tensor>>): Record<string, Tensor> =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, take(tensor)]))
  const weights = data.weights && { weights: take(data.weights) }
  return ('x' in data
    ? { x: take(data.x), y: take(data.y), ...weights }
    : { inputs: each(data.inputs), targets: each(data.targets), ...weights }) as unknown as T
}

/** Returns the rows of a tensor at these positions, copied. */
export function gatherRows(tensor: Tensor, rows: ArrayLike<number>): Tensor {
  const { dtype, shape } = tensor
  const width = shape.slice(1).reduce((product, dim) => product * dim, 1)
  const source = tensor.data as Float32Array
  if (dtype === 'string') {
    const list = tensor.data as readonly string[]
    const data = Array.from(
      { length: rows.length * width },
      (_, i) => list[rows[Math.floor(i / width)] * width + (i % width)],
    )
    return { dtype, shape: [rows.length, ...shape.slice(1)], data }
  }
  const data = new (source.constructor as Float32ArrayConstructor)(rows.length * width)
  for (let i = 0; i < rows.length; i++) data.set(source.subarray(rows[i] * width, (rows[i] + 1) * width), i * width)
  return { dtype, shape: [rows.length, ...shape.slice(1)], data } as Tensor
}

/** Returns the rows between two positions, not copied where they are numbers. */
export function cutRows({ dtype, shape, data }: Tensor, from: number, to: number): Tensor {
  const end = Math.min(shape[0], to)
  const width = data.length / shape[0]
  const part = Array.isArray(data)
    ? data.slice(from * width, end * width)
    : (data as Float32Array).subarray(from * width, end * width)
  return { dtype, shape: [end - from, ...shape.slice(1)], data: part } as Tensor
}

/** Returns tensors of equal rows, one after the other; a single one is not copied. */
export function joinRows(parts: readonly Tensor[]): Tensor {
  const [first] = parts
  if (parts.length === 1) return first
  const shape = [parts.reduce((sum, part) => sum + part.shape[0], 0), ...first.shape.slice(1)]
  if (first.dtype === 'string')
    return { dtype: 'string', shape, data: parts.flatMap((part) => part.data as readonly string[]) }
  const length = parts.reduce((sum, part) => sum + part.data.length, 0)
  const data = new (first.data.constructor as Float32ArrayConstructor)(length)
  let at = 0
  for (const part of parts) {
    data.set(part.data as Float32Array, at)
    at += part.data.length
  }
  return { dtype: first.dtype, shape, data } as Tensor
}

/**
 * Returns the losses by the outputs they judge. One loss goes with one target. Throws `LOSS_MISSING` for a target without a
 * loss, `TARGET_MISSING` for a loss without a target.
 */
export function lossesOf(
  loss: Loss | Readonly<Record<string, Loss>>,
  { targets }: Pick<Layout, 'targets'>,
): Readonly<Record<string, Loss>> {
  const names = Object.keys(targets)
  if (isLoss(loss)) {
    if (names.length === 1) return { [names[0]]: loss }
    throw new PodError('LOSS_MISSING', `one loss is given for the targets ${names.join(', ')}`, {
      hint: 'give a loss for each: { a: mse(), b: crossEntropy() }',
    })
  }
  for (const name of Object.keys(loss))
    if (!names.includes(name))
      throw new PodError('TARGET_MISSING', `the data has no target for the loss of "${name}"${didYouMean(name, names)}`)
  for (const name of names) if (!(name in loss)) throw new PodError('LOSS_MISSING', `the target "${name}" has no loss`)
  return loss
}

const isLoss = (loss: Loss | Readonly<Record<string, Loss>>): loss is Loss => typeof loss.rows === 'function'

import { didYouMean, PodError } from '@mlpod/contract'

/** What is done with a row's numbers before they are scored. */
export type ClassTransform = 'identity' | 'softmax' | 'logSoftmax' | 'log'

/** Numbers of n rows and k classes, read block by block as doubles. */
export interface ClassRows {
  readonly n: number
  readonly classes: number
  /** Returns rows `from` to `to` (no more than `BLOCK`), transformed, to be read: they are the caller's, or a buffer that the next call uses again. */
  block(from: number, to: number): Float64Array
  /** 1 for each row of the last block that holds a NaN. */
  readonly unknown: Uint8Array
}

/** Rows that are read together. */
export const BLOCK = 256

/** Rows whose probabilities sum to 1 up to this are distributions. */
const TOLERANCE = 1e-5

const transforms: Readonly<Record<ClassTransform, (row: Float64Array) => void>> = {
  identity: () => undefined,
  softmax: (row) => {
    const sum = exponentials(row)
    for (let j = 0; j < row.length; j++) row[j] /= sum
  },
  logSoftmax: (row) => {
    let largest = Number.NEGATIVE_INFINITY
    for (const x of row) largest = Math.max(largest, x)
    let sum = 0
    for (const x of row) sum += Math.exp(x - largest)
    const rest = largest + Math.log(sum)
    for (let j = 0; j < row.length; j++) row[j] -= rest
  },
  log: (row) => {
    for (let j = 0; j < row.length; j++) row[j] = Math.log(row[j])
  },
}

function exponentials(row: Float64Array): number {
  let largest = Number.NEGATIVE_INFINITY
  for (const x of row) largest = Math.max(largest, x)
  let sum = 0
  for (let j = 0; j < row.length; j++) {
    row[j] = Math.exp(row[j] - largest)
    sum += row[j]
  }
  return sum
}

/** How rows of numbers are to be read. */
export interface ClassRowsOptions {
  readonly transform?: ClassTransform
  /** Divides each row by its sum. */
  readonly normalise?: boolean
  /** Refuses rows that are no distributions; rows with NaN pass. */
  readonly distributions?: boolean
}

/** Returns the number of classes of n rows. Throws `LENGTH_MISMATCH`. */
export function classCount(numbers: ArrayLike<number>, n: number): number {
  const classes = numbers.length / n
  if (!Number.isInteger(classes) || classes < 1)
    throw new PodError('LENGTH_MISMATCH', `${numbers.length} probabilities do not fall into ${n} rows`)
  return classes
}

/**
 * Returns rows [n, classes] for reading. Blocks throw `PROBABILITY_INVALID` naming the first row that is no distribution.
 * Throws `TRANSFORM_UNKNOWN`.
 */
export function classRows(
  numbers: ArrayLike<number>,
  classes: number,
  { transform = 'identity', normalise = false, distributions = false }: ClassRowsOptions = {},
): ClassRows {
  const apply = transforms[transform]
  if (apply === undefined)
    throw new PodError('TRANSFORM_UNKNOWN', `there is no transform "${transform}"`, {
      hint: didYouMean(transform, Object.keys(transforms)),
    })
  const n = numbers.length / classes
  const plain = transform === 'identity' && !normalise
  // doubles that are used as they are need no copy
  const given = plain && numbers instanceof Float64Array ? numbers : undefined
  const buffer = new Float64Array(given ? 0 : Math.min(n, BLOCK) * classes)
  const unknown = new Uint8Array(Math.min(n, BLOCK))
  return {
    n,
    classes,
    unknown,
    block(from, to) {
      const size = (to - from) * classes
      const block = given ? given.subarray(from * classes, to * classes) : buffer.subarray(0, size)
      if (!given) for (let i = 0, at = from * classes; i < size; i++, at++) block[i] = numbers[at]
      if (!plain)
        for (let i = 0; i < size; i += classes) {
          const row = block.subarray(i, i + classes)
          apply(row)
          if (normalise) normaliseRow(row)
        }
      lookOver(block, classes, from, distributions, unknown)
      return block
    },
  }
}

function normaliseRow(row: Float64Array): void {
  let sum = 0
  for (const p of row) sum += p
  for (let j = 0; j < row.length; j++) row[j] /= sum
}

/** Marks rows with NaN, and throws for what is no distribution: one pass over the block. */
function lookOver(
  block: Float64Array,
  classes: number,
  from: number,
  distributions: boolean,
  unknown: Uint8Array,
): void {
  for (let i = 0, at = 0; at < block.length; i++) {
    let [sum, least] = [0, 0]
    for (const end = at + classes; at < end; at++) {
      const p = block[at]
      sum += p
      if (p < least) least = p
    }
    // the sum of numbers is no number too where infinities of both signs cancel
    unknown[i] = Number.isNaN(sum) && block.subarray(at - classes, at).some(Number.isNaN) ? 1 : 0
    if (distributions && (least < 0 || Math.abs(sum - 1) > TOLERANCE)) refuse(block, classes, from, i, sum)
  }
}

function refuse(block: Float64Array, classes: number, from: number, i: number, sum: number): never {
  const wrong = block.subarray(i * classes, (i + 1) * classes).find((p) => p < 0 || p > 1)
  throw wrong === undefined
    ? new PodError('PROBABILITY_INVALID', `the probabilities of row ${from + i} sum to ${sum}, not to 1`, {
        hint:
          classes === 1
            ? 'give the probabilities of both classes'
            : 'pass { normalise: true }, or logits with { transform: "softmax" }',
      })
    : new PodError('PROBABILITY_INVALID', `${wrong} of row ${from + i} is no probability`, {
        hint: 'pass probabilities, or logits with { transform: "softmax" }',
      })
}

/** Throws `LABEL_UNKNOWN` for a label that is no class index. */
export function checkLabels(labels: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < labels.length; i++)
    if (!(Number.isInteger(labels[i]) && labels[i] >= 0 && labels[i] < classes))
      throw new PodError(
        'LABEL_UNKNOWN',
        `the label ${labels[i]} of row ${i} is no class index from 0 to ${classes - 1}`,
      )
}

/** Throws `LENGTH_MISMATCH` unless the numbers fall into rows of so many classes. */
export function checkWidth(numbers: ArrayLike<number>, classes: number): void {
  if (numbers.length % classes !== 0)
    throw new PodError('LENGTH_MISMATCH', `${numbers.length} probabilities do not fall into rows of ${classes} classes`)
}

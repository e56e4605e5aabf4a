import { PodError } from '@mlpod/contract'
import { random } from '@mlpod/math'

/** Settings of `blockBootstrap`: exactly one of `length` and `blocks`. */
export interface BlockBootstrapOptions {
  readonly resamples?: number
  /** Rows of a block; floor(n / length) + 1 blocks are drawn. */
  readonly length?: number
  /** Blocks drawn, each of floor(n / blocks) rows. */
  readonly blocks?: number
  /** Blocks may begin at any row; otherwise they follow each other, and the rows left at the end are in none. */
  readonly overlapping?: boolean
  readonly seed?: number
}

/** Rows of one resample, in the order drawn, and those that it leaves out. */
export interface Resample {
  readonly rows: Uint32Array
  readonly leftOut: Uint32Array
}

/**
 * Returns resamples of n rows of a series by whole blocks, drawn with replacement, 30 by default. Throws `OPTION_CONFLICT` when both or
 * none of `length` and `blocks` are given, `OPTION_INVALID` for a length that is not from 1 to n.
 * Source: Kunsch 1989; MAPIE 1.6.0 `BlockBootstrap`.
 */
export function blockBootstrap(
  n: number,
  { resamples = 30, length, blocks, overlapping = false, seed = 0 }: BlockBootstrapOptions,
): readonly Resample[] {
  const { size, drawn, starts } = blockShape(n, { length, blocks, overlapping })
  const { uniform } = random({ seed, path: 'blocks' })
  return Array.from({ length: resamples }, (_, r) =>
    resampleOf(
      n,
      size,
      Array.from({ length: drawn }, (_, b) => starts[Math.floor(uniform(r * drawn + b) * starts.length)]),
    ),
  )
}

/** What blocks n rows have: their size, how many are drawn, and where they may start. Throws as `blockBootstrap`. */
export function blockShape(
  n: number,
  { length, blocks, overlapping = false }: Pick<BlockBootstrapOptions, 'length' | 'blocks' | 'overlapping'>,
): { readonly size: number; readonly drawn: number; readonly starts: readonly number[] } {
  if ((length === undefined) === (blocks === undefined))
    throw new PodError('OPTION_CONFLICT', `${length === undefined ? 'neither' : 'both'} of length and blocks given`, {
      hint: 'give the length of a block, or the number of blocks',
    })
  const size = length ?? Math.floor(n / (blocks as number))
  if (!(Number.isInteger(size) && size >= 1 && size <= n))
    throw new PodError('OPTION_INVALID', `blocks of ${size} rows cannot be drawn from ${n} rows`)
  const drawn = blocks ?? Math.floor(n / size) + 1
  const count = overlapping ? n - size + 1 : Math.floor(n / size)
  return { size, drawn, starts: Array.from({ length: count }, (_, b) => (overlapping ? b : b * size)) }
}

/** Returns the resample of the blocks that start at these rows. */
export function resampleOf(n: number, size: number, starts: readonly number[]): Resample {
  const rows = Uint32Array.from({ length: size * starts.length }, (_, i) => starts[Math.floor(i / size)] + (i % size))
  const held = new Uint8Array(n)
  for (const row of rows) held[row] = 1
  return { rows, leftOut: Uint32Array.from(Array.from({ length: n }, (_, i) => i).filter((i) => held[i] === 0)) }
}

/** Returns how often each resample holds each row, [resamples, n]: the `inBag` of `calibrateBootstrap` and `leaveOutAnswers`. */
export function inBagOf(resamples: readonly Resample[], n: number): Uint8Array {
  const held = new Uint8Array(resamples.length * n)
  resamples.forEach(({ rows }, b) => {
    for (const row of rows) held[b * n + row] = Math.min(255, held[b * n + row] + 1)
  })
  return held
}

/**
 * Returns what an ensemble says of each training row without the models that saw it: the mean (or median) of `answers` [resamples, n] over
 * resamples whose `inBag` [resamples, n] is 0; NaN for rows that every resample holds. Throws `LENGTH_MISMATCH`.
 */
export function leaveOutAnswers(
  answers: ArrayLike<number>,
  inBag: ArrayLike<number>,
  n: number,
  { aggregate = 'mean' }: { readonly aggregate?: 'mean' | 'median' } = {},
): Float64Array {
  const resamples = answers.length / n
  if (!Number.isInteger(resamples) || inBag.length !== answers.length)
    throw new PodError(
      'LENGTH_MISMATCH',
      `${answers.length} answers and ${inBag.length} marks do not fall into ${n} rows`,
    )
  return Float64Array.from({ length: n }, (_, i) => {
    const said: number[] = []
    for (let b = 0; b < resamples; b++) if (inBag[b * n + i] === 0) said.push(answers[b * n + i])
    if (said.length === 0) return Number.NaN
    if (aggregate === 'mean') return said.reduce((a, b) => a + b) / said.length
    said.sort((a, b) => a - b)
    return (said[(said.length - 1) >> 1] + said[said.length >> 1]) / 2
  })
}

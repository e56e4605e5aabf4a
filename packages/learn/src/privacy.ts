import { PodError } from '@mlpod/contract'
import { add, constant, div, max, min, mul, reduceSum, stopGradient, sub, topological, type Value } from '@mlpod/graph'
import { gradientNorms } from './gradientNorms.ts'
import type { Objective, Term } from './objective.ts'
import { keyOf } from './optimizers/each.ts'
import type { Transform } from './optimizers/transform.ts'

/**
 * How training hides single rows: the gradient of each is shortened to `clip`, and normal noise of standard deviation
 * `noise` * `clip` is added to their sum, which is divided by the batch that was asked for. `epsilon` tells what that hides: the
 * parameters after each step, not the losses and metrics that are told beside them. Weights of rows and classes multiply a row's
 * loss before its gradient is clipped; a mean does not divide by them.
 */
export interface Privacy {
  /** The longest gradient of one row. */
  readonly clip: number
  /** The standard deviation of the noise, in units of `clip`. */
  readonly noise: number
  /**
   * How batches are drawn: each row by itself with probability batch / rows at each step (`poisson`, the default, which
   * `epsilon` counts on; an empty batch is passed over), or all rows once an epoch (`shuffle`). Streams are as they come.
   */
  readonly sampling?: 'poisson' | 'shuffle'
}

const invalid = (message: string, hint?: string): PodError => new PodError('OPTION_INVALID', message, { hint })

/** Throws `OPTION_INVALID` for a privacy that cannot be. */
export function checkPrivacy({ clip, noise }: Privacy): void {
  if (!(clip > 0 && Number.isFinite(clip))) throw invalid(`the clip of the privacy is ${clip}, no number above 0`)
  if (!(noise >= 0 && Number.isFinite(noise))) throw invalid(`the noise of the privacy is ${noise}, no number >= 0`)
}

/** The term whose gradient is that of the clipped losses. */
const CLIPPED = 'clipped losses'

/**
 * Returns the objective with the same value, whose gradient is the sum of the clipped gradients of the rows over `batch`. The
 * norm of each comes from one backward pass, and the gradient of the losses weighed with min(1, clip / norm) from another.
 * `inputs` are all values that have a row for each. Throws `OPTION_INVALID` when rows are not apart from each other.
 * Source: Abadi et al. (2016); Li et al. (2022), ghost clipping.
 */
export function clipped(
  made: Objective,
  parameters: readonly Value[],
  inputs: readonly Value[],
  { clip, batch }: { readonly clip: number; readonly batch: number },
): Objective {
  const moving = Object.entries(made.built.states).find(([, { value, next }]) => value !== next)
  if (moving)
    throw invalid(
      `the network keeps "${moving[0]}" of all rows of a batch, so no row is hidden`,
      'take layers that see one row: groupNorm or layerNorm instead of batchNorm',
    )
  const losses = made.rows()
  const { norm } = gradientNorms(losses, parameters, inputs)
  const weights = stopGradient(min(1, div(clip, max(norm, TINY))))
  const sum = reduceSum(mul(weights, losses))
  // 0 with a derivative
  const slope = sub(sum, stopGradient(sum))
  const hidden = (term: Term): Term => ({ ...term, sum: stopGradient(term.sum) })
  return {
    ...made,
    value: add(stopGradient(made.value), div(slope, batch)),
    terms: {
      ...Object.fromEntries(Object.entries(made.terms).map(([name, term]) => [name, hidden(term)])),
      [CLIPPED]: { weight: 1 / batch, sum: slope, total: constant(0) },
    },
  }
}

/** A gradient shorter than this is not clipped by any clip. */
const TINY = 1e-30

/** Returns the transform that adds normal noise to gradients. */
export const privateNoise = (deviation: number): Transform => ({
  name: 'privateNoise',
  options: { deviation },
  transform: ({ gradients, paths, randoms }) => ({
    gradients: gradients.map((g, i) => add(g, mul(randoms[keyOf('private', paths[i])], deviation))),
    state: {},
  }),
  randoms: (parameters) =>
    Object.fromEntries(
      parameters.map(({ path, shape: sizes }) => [keyOf('private', path), { shape: sizes, law: 'normal' }]),
    ),
})

/** Throws `OPTIMIZER_INVALID` when an update reads the loss itself, to which no noise was added. */
export function checkHidden(optimizer: string, loss: Value, updates: readonly Value[]): void {
  if (topological(updates).some(({ inputs, captures }) => inputs.includes(loss) || captures.includes(loss)))
    throw new PodError('OPTIMIZER_INVALID', `${optimizer} looks at the loss, which is not private`, {
      hint: 'take an optimizer of gradients alone',
    })
}

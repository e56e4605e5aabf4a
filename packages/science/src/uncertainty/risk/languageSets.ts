import { PodError } from '@mlpod/contract'

/** Answers sampled for each prompt, in the order of sampling: row-major [prompts, samples]. */
export interface SampledAnswers {
  readonly samples: number
  /** How likely each answer is right, in [0, 1] (a calibrator's output). */
  readonly quality: ArrayLike<number>
  /** [prompts, samples, samples] similarity of answers; needed where near duplicates are rejected. */
  readonly similarity?: ArrayLike<number>
}

/** The score of a set of the first k answers, from the quality of those kept (rejected ones have 0). */
type SetScore = (kept: Float64Array, mask: Uint8Array, out: Float64Array) => void

const FLOOR = 1e-8

/** Scores of sets by name, each along k; larger ones hold a right answer more surely. Source: Quach et al. (2024), TorchCP 1.2. */
export const LANGUAGE_SET_SCORES = {
  /** -sum log(1 - q) */
  geometric(q, _mask, out) {
    for (let k = 0, sum = 0; k < q.length; k++) out[k] = sum -= Math.log(Math.max(1 - q[k], FLOOR))
  },
  /** Of the k-th answer being the first right one: -log q_k - sum of log(1 - q) before it. */
  marginal(q, _mask, out) {
    for (let k = 0, sum = 0; k < q.length; k++) {
      const wrong = Math.max(1 - q[k], FLOOR)
      out[k] = -Math.log(1 - wrong) - sum
      sum += Math.log(wrong)
    }
  },
  firstK(q, mask, out) {
    for (let k = 0, sum = 0; k < q.length; k++) out[k] = sum += mask[k]
  },
  max(q, _mask, out) {
    for (let k = 0, best = -Infinity; k < q.length; k++) out[k] = best = Math.max(best, q[k])
  },
  sum(q, _mask, out) {
    for (let k = 0, sum = 0; k < q.length; k++) out[k] = sum += q[k]
  },
} as const satisfies Readonly<Record<string, SetScore>>

/** Largest similarity to a kept answer, least quality, and set score at which sampling stops. */
export type LanguageSetting = readonly [similarity: number, quality: number, stop: number]

/** Settings of sets of answers. */
export interface LanguageSetOptions {
  /** `geometric` by default. */
  readonly setScore?: keyof typeof LANGUAGE_SET_SCORES
  /** Leaves out answers of low quality and near duplicates; false by default. */
  readonly rejection?: boolean
}

/** A set for each prompt. */
export interface LanguageSets {
  /** [prompts, samples] of 0 and 1. */
  readonly sets: Uint8Array
  /** Answers sampled for each prompt until it stopped. */
  readonly sampled: Uint32Array
}

/** Returns the number of prompts. Throws `LENGTH_MISMATCH`. */
export function promptsOf({ samples, quality, similarity }: SampledAnswers, rejection: boolean): number {
  const prompts = quality.length / samples
  if (!Number.isInteger(prompts) || prompts === 0)
    throw new PodError('LENGTH_MISMATCH', `${quality.length} qualities are no rows of ${samples} answers`)
  if (rejection && similarity?.length !== quality.length * samples)
    throw new PodError('LENGTH_MISMATCH', `rejection needs ${quality.length * samples} similarities of answers`)
  return prompts
}

/** Which answers of a prompt are kept: of enough quality, and not too similar to one kept before. */
function keep(answers: SampledAnswers, prompt: number, near: number, least: number, kept: Uint8Array): void {
  const { samples: m, quality, similarity = [] } = answers
  const square = prompt * m * m
  for (let k = 0; k < m; k++) {
    let unlike = true
    for (let j = 0; j < k && unlike; j++)
      unlike = !kept[j] || Math.max(similarity[square + k * m + j], similarity[square + j * m + k]) <= near
    kept[k] = quality[prompt * m + k] >= least && unlike ? 1 : 0
  }
}

/**
 * Returns the sets of answers of a setting: of the answers until the set's score reaches the setting's last number, those
 * kept. With `null` (nothing is controlled) every answer. Throws `LENGTH_MISMATCH`.
 * Source: Quach et al. (2024); kept answers as in TorchCP 1.2 `predict_with_config` (which scales scores twice).
 */
export function languageSets(
  answers: SampledAnswers,
  setting: LanguageSetting | null,
  { setScore = 'geometric', rejection = false }: LanguageSetOptions = {},
): LanguageSets {
  const m = answers.samples
  const prompts = promptsOf(answers, rejection)
  const sets = new Uint8Array(prompts * m)
  const sampled = new Uint32Array(prompts).fill(m)
  if (setting === null) return { sets: sets.fill(1), sampled }
  const scores = new Float64Array(m)
  for (let i = 0; i < prompts; i++) {
    const kept = keptScores(answers, i, setting, { setScore, rejection }, scores)
    let stop = 0
    while (stop < m - 1 && scores[stop] < setting[2]) stop++
    sampled[i] = stop + 1
    for (let k = 0; k <= stop; k++) sets[i * m + k] = kept[k]
  }
  return { sets, sampled }
}

/** Writes the running maximum of the set's score into `scores` and returns the answers kept. */
export function keptScores(
  answers: SampledAnswers,
  prompt: number,
  [near, least]: LanguageSetting,
  { setScore = 'geometric', rejection = false }: LanguageSetOptions,
  scores: Float64Array,
): Uint8Array {
  const m = answers.samples
  const kept = new Uint8Array(m).fill(1)
  if (rejection) keep(answers, prompt, near, least, kept)
  const q = Float64Array.from({ length: m }, (_, k) => answers.quality[prompt * m + k] * kept[k])
  LANGUAGE_SET_SCORES[setScore](q, kept, scores)
  for (let k = 1; k < m; k++) scores[k] = Math.max(scores[k], scores[k - 1])
  return kept
}

/** What sets cost: the share of prompts without a right answer, and mean size plus mean number of samples. */
export interface LanguageCost {
  readonly loss: number
  readonly size: number
}

/** Returns the costs of sets; an answer that was rejected is not in the set, and an empty set has loss 1. */
export function languageCost({ sets, sampled }: LanguageSets, right: ArrayLike<number>): LanguageCost {
  const prompts = sampled.length
  const m = sets.length / prompts
  let [lost, size] = [0, 0]
  for (let i = 0; i < prompts; i++) {
    let wrong = 1
    for (let k = i * m; k < (i + 1) * m; k++) {
      wrong *= 1 - sets[k] * right[k]
      size += sets[k]
    }
    lost += wrong
    size += sampled[i]
  }
  return { loss: lost / prompts, size: size / prompts }
}

import { PodError } from '@mlpod/contract'
import { binomialCdf, quantiles } from '@mlpod/math'
import {
  keptScores,
  type LanguageSetOptions,
  type LanguageSetting,
  languageCost,
  languageSets,
  promptsOf,
  type SampledAnswers,
} from './languageSets.ts'

/**
 * Returns the settings worth trying, by loss: the Pareto front of loss and size on rows kept apart from calibration, over
 * `each` quantiles of similarities, qualities and set scores (25 by default) and infinities. `right` says which answers are
 * right (1) or not (0). Without rejection only the stopping score differs.
 */
export function languageSettings(
  answers: SampledAnswers,
  right: ArrayLike<number>,
  { each = 25, ...options }: LanguageSetOptions & { readonly each?: number } = {},
): LanguageSetting[] {
  const { rejection = false } = options
  const prompts = promptsOf(answers, rejection)
  const grid = (values: ArrayLike<number>): number[] => {
    const shares = Array.from({ length: each }, (_, i) => i / (each - 1))
    return [-Infinity, ...new Set(quantiles(values, shares)), Infinity]
  }
  const scores = new Float64Array(prompts * answers.samples)
  for (let i = 0; i < prompts; i++)
    keptScores(
      answers,
      i,
      [Infinity, -Infinity, 0],
      { ...options, rejection: false },
      scores.subarray(i * answers.samples, (i + 1) * answers.samples),
    )
  const nears = rejection ? grid(answers.similarity ?? []) : [Infinity]
  const leasts = rejection ? grid(answers.quality) : [-Infinity]
  const tried = nears.flatMap((near) =>
    leasts.flatMap((least) =>
      grid(scores).map((stop) => {
        const setting: LanguageSetting = [near, least, stop]
        return { setting, ...languageCost(languageSets(answers, setting, options), right) }
      }),
    ),
  )
  tried.sort((a, b) => a.loss - b.loss || a.size - b.size)
  // by loss, each on the front is smaller than all before it
  let smallest = Infinity
  return tried.flatMap(({ setting, size }) => {
    if (size >= smallest) return []
    smallest = size
    return [setting]
  })
}

/** Sets of answers that hold a right one; plain data. */
export interface LanguageControl {
  /** Share of prompts allowed without a right answer. */
  readonly loss: number
  readonly confidence: number
  /** The last setting shown to be within the loss; null if none is, and then every answer is in the set. */
  readonly setting: LanguageSetting | null
  /** Settings tested, and the p-values of "its loss is above the limit". */
  readonly pValues: Float64Array
}

/**
 * Returns the setting chosen by testing the candidates in their order, each by the exact binomial law, until one is not shown:
 * with probability `confidence` its sets lack a right answer for at most a share `loss` of prompts. The candidates come from
 * other rows (`languageSettings`). Throws `LEVEL_INVALID`, `CONFIDENCE_INVALID`, `LENGTH_MISMATCH`.
 * Source: Quach et al. (2024); TorchCP 1.2 `ConformalLM.calibrate_configs`, which counts rejected answers as given.
 */
export function controlLanguageSets(
  answers: SampledAnswers,
  right: ArrayLike<number>,
  candidates: readonly LanguageSetting[],
  { loss, confidence = 0.9, ...options }: LanguageSetOptions & { readonly loss: number; readonly confidence?: number },
): LanguageControl {
  if (!(loss > 0 && loss < 1)) throw new PodError('LEVEL_INVALID', `the loss ${loss} is not between 0 and 1`)
  if (!(confidence > 0 && confidence < 1))
    throw new PodError('CONFIDENCE_INVALID', `the confidence ${confidence} is not between 0 and 1`)
  if (right.length !== answers.quality.length)
    throw new PodError('LENGTH_MISMATCH', `${right.length} labels do not match ${answers.quality.length} answers`)
  const prompts = promptsOf(answers, options.rejection ?? false)
  const pValues: number[] = []
  let setting: LanguageSetting | null = null
  for (const candidate of candidates) {
    const { loss: seen } = languageCost(languageSets(answers, candidate, options), right)
    const p = binomialCdf(Math.round(seen * prompts), prompts, loss)
    pValues.push(p)
    if (!(p <= 1 - confidence)) break
    setting = candidate
  }
  return { loss, confidence, setting, pValues: Float64Array.from(pValues) }
}

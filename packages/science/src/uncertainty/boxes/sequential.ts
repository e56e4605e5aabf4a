import { PodError } from '@mlpod/contract'
import type { LossTable } from './detections.ts'

/** One risk to be kept, on average over calibration sets and new images, at most `alpha`. */
export interface SequentialGoal {
  readonly alpha: number
}

/** What is controlled: a first setting, and further ones whose losses depend on it. */
export interface SequentialRisks<Name extends string> {
  readonly first: SequentialGoal & { readonly table: LossTable }
  /** Each with its losses given the place of the first setting; never growing in either. */
  readonly given: Readonly<Record<Name, SequentialGoal & { table(first: number): LossTable }>>
}

/** A chosen setting: `controlled` is false where even the safest is not within its target. */
export interface SequentialChoice {
  readonly place: number
  readonly setting: number
  readonly bound: number
  readonly controlled: boolean
}

/** Settings chosen one after the other. */
export interface SequentialControl<Name extends string> {
  readonly first: SequentialChoice
  /** The bolder first setting at which the others were chosen: what n + 1 images would have chosen is between the two. */
  readonly bold: number
  readonly given: Readonly<Record<Name, SequentialChoice>>
}

/** The boldest setting from which on the bound stays within alpha; `extra` is the loss of the image to come. */
function choose({ settings, losses }: LossTable, alpha: number, extra: number): SequentialChoice {
  const width = settings.length
  if (width === 0) throw new PodError('LAMBDAS_INVALID', 'there is no setting to try')
  const n = losses.length / width
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration image')
  const bounds = Float64Array.from({ length: width }, (_, l) => {
    let sum = extra
    for (let i = 0; i < n; i++) {
      const loss = losses[i * width + l]
      if (!(loss >= 0 && loss <= 1))
        throw new PodError('LOSS_INVALID', `the loss ${loss} of image ${i} is not in [0, 1]`)
      sum += loss
    }
    return sum / (n + 1)
  })
  let place = width
  while (place > 0 && bounds[place - 1] <= alpha) place--
  const controlled = place < width
  const at = controlled ? place : width - 1
  return { place: at, setting: settings[at], bound: bounds[at], controlled }
}

/**
 * Sequential conformal risk control: chooses the first setting so that its risk is at most its alpha, and the others, given a first setting that is
 * at least as bold as what the n images and the one to come would choose together, so that each risk at the settings chosen is at most its
 * alpha on average. Risks whose first setting fails count as lost; give alphas that leave room. Settings go from bold to safe.
 * Throws `LEVEL_INVALID`, `LAMBDAS_INVALID`, `CALIBRATION_EMPTY`, `LOSS_INVALID`. Source: Andeol et al. 2025 (SeqCRC); Angelopoulos et al. 2024.
 */
export function controlSequentially<Name extends string>({
  first,
  given,
}: SequentialRisks<Name>): SequentialControl<Name> {
  for (const { alpha } of [first, ...Object.values<SequentialGoal>(given)])
    if (!(alpha > 0 && alpha < 1)) throw new PodError('LEVEL_INVALID', `the alpha ${alpha} is not between 0 and 1`)
  const safe = choose(first.table, first.alpha, 1)
  const bold = choose(first.table, first.alpha, 0).place
  return {
    first: safe,
    bold,
    given: Object.fromEntries(
      Object.entries<SequentialGoal & { table(first: number): LossTable }>(given).map(([name, { alpha, table }]) => [
        name,
        choose(table(bold), alpha, 1),
      ]),
    ) as Record<Name, SequentialChoice>,
  }
}

import { didYouMean, type Json, PodError } from '@mlpod/contract'
import { adwin } from './adwin.ts'
import { bocd } from './bayesian.ts'
import { betting } from './betting.ts'
import { cusum, gma, pageHinkley } from './cumulative.ts'
import type { Alarm, DetectorEntry } from './detector.ts'
import { ddm, ecdd, eddm, rddm, stepd } from './errorRates.ts'
import { hddmA, hddmW } from './hoeffding.ts'
import { incrementalKs, kswin, onlineMmd } from './windows.ts'

/** Every detector by its name. Source of names and defaults: Frouros 0.9. */
export const detectors = {
  ddm,
  eddm,
  rddm,
  ecdd,
  stepd,
  hddmA,
  hddmW,
  pageHinkley,
  cusum,
  gma,
  adwin,
  kswin,
  incrementalKs,
  onlineMmd,
  bocd,
  betting,
} as const

/** The name of a detector. */
export type DetectorName = keyof typeof detectors
/** The settings of a detector. */
export type DetectorOptions<N extends DetectorName> = Partial<(typeof detectors)[N]['defaults']>

/** A detector at work. */
export interface Detector {
  /** Takes the next value and says whether the stream has changed. Throws `VALUE_INVALID`. */
  readonly update: (value: number) => Alarm
  /** Starts anew, as if nothing had been seen. */
  readonly reset: () => void
  /** What it has seen, as plain data: `detector(name, options, { state })` goes on from there. */
  readonly state: () => Json
}

/**
 * Returns a detector of changes in a stream. With `restart` (the default) it starts anew after a drift, as the papers have it; without,
 * it goes on with all it has seen. Throws `DETECTOR_UNKNOWN`, `OPTION_INVALID`.
 */
export function detector<N extends DetectorName>(
  name: N,
  options: DetectorOptions<N> = {},
  { state: kept, restart = true }: { readonly state?: Json; readonly restart?: boolean } = {},
): Detector {
  const entry = (detectors as unknown as Readonly<Record<string, DetectorEntry<object, object>>>)[name]
  if (entry === undefined)
    throw new PodError(
      'DETECTOR_UNKNOWN',
      `there is no detector "${name}"${didYouMean(name, Object.keys(detectors))}`,
      {
        hint: `there are ${Object.keys(detectors).join(', ')}`,
      },
    )
  for (const option of Object.keys(options))
    if (!(option in entry.defaults))
      throw new PodError(
        'OPTION_INVALID',
        `the detector "${name}" has no option "${option}"${didYouMean(option, Object.keys(entry.defaults))}`,
        { hint: `it has ${Object.keys(entry.defaults).join(', ')}` },
      )
  const settings = { ...entry.defaults, ...options }
  const wrong = entry.refuse?.(settings)
  if (wrong !== undefined) throw new PodError('OPTION_INVALID', `the detector "${name}" cannot work so: ${wrong}`)
  let state = kept === undefined ? entry.start(settings) : (revived(kept) as object)
  return {
    update(value) {
      if (!Number.isFinite(value) || (entry.takes === 'errors' && (value < 0 || value > 1)))
        throw new PodError('VALUE_INVALID', `the detector "${name}" was given ${value}`, {
          hint: entry.takes === 'errors' ? '1 stands for an error and 0 for none' : 'leave missing values out',
        })
      const found = entry.step(state, value, settings)
      if (found.drift && restart && !entry.goesOn) state = entry.start(settings)
      return found
    },
    reset() {
      state = entry.start(settings)
    },
    state: () => written(state) as Json,
  }
}

/** JSON has no infinite numbers, which states begin with. */
const written = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, v) => (typeof v === 'number' && !Number.isFinite(v) ? `number ${v}` : v)))

const revived = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, v) =>
    typeof v === 'string' && v.startsWith('number ') ? Number(v.slice(7)) : v,
  )

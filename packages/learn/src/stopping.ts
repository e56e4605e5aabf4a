import { didYouMean, PodError, type Tensor } from '@mlpod/contract'
import type { EpochRecord } from './callback.ts'
import type { EarlyStopping } from './fitOptions.ts'

/** The parameters of one of the best epochs. */
export interface Best {
  readonly epoch: number
  /** What was watched. */
  readonly value: number
  readonly parameters: Readonly<Record<string, Tensor<'float32'>>>
}

/** What early stopping keeps as plain data. */
export interface StoppingState {
  readonly least: number
  readonly waited: number
  readonly best: readonly Pick<Best, 'epoch' | 'value'>[]
}

/** Returns the number that is watched. Throws `OPTION_INVALID` for a metric that there is not. */
function watched({ validation, loss, validationMetrics, metrics }: EpochRecord, watch: string | undefined): number {
  if (watch === undefined) return validation ?? loss
  const all = validationMetrics ?? metrics ?? {}
  if (watch in all) return all[watch]
  throw new PodError('OPTION_INVALID', `earlyStopping watches "${watch}"${didYouMean(watch, Object.keys(all))}`)
}

/** Tells after each epoch whether it was among the best, and whether to stop. */
export function newStopping({ patience, minDelta = 0, best: most = 1, watch, mode = 'min' }: EarlyStopping) {
  const sign = mode === 'min' ? 1 : -1
  let [least, waited] = [Infinity, 0]
  // the best first; of equal ones the earlier
  let best: Best[] = []
  return {
    best: (): readonly Best[] => best,
    state: (): StoppingState => ({ least, waited, best: best.map(({ epoch, value }) => ({ epoch, value })) }),
    restore(state: StoppingState, parameters: (i: number) => Best['parameters']): void {
      ;[least, waited] = [state.least, state.waited]
      best = state.best.map((entry, i) => ({ ...entry, parameters: parameters(i) }))
    },
    /** Returns whether training ends; `parameters` is asked for those of an epoch that is kept. */
    async after(record: EpochRecord, parameters: () => Promise<Best['parameters']>): Promise<boolean> {
      const value = watched(record, watch)
      const loss = sign * value
      const improved = loss < least - minDelta
      if (improved) [least, waited] = [loss, 0]
      else waited++
      const place = most === 1 ? (improved ? 0 : -1) : best.findIndex((entry) => loss < sign * entry.value)
      const at = place < 0 && best.length < most && most > 1 ? best.length : place
      if (at >= 0)
        best = best.toSpliced(at, 0, { epoch: record.epoch, value, parameters: await parameters() }).slice(0, most)
      return waited >= patience
    },
  }
}

import type { EpochRecord, StepRecord } from '../callback.ts'

/** Returns the numbers of a record by flat names: `loss`, `validation`, `accuracy`, `validation accuracy`, `gradientNorm`. */
export function recordNumbers(record: EpochRecord | StepRecord): Record<string, number> {
  const { metrics = {}, norms, ...rest } = record
  const { validationMetrics = {}, ...plain } = rest as Partial<EpochRecord>
  const numbers = Object.entries(plain).filter((entry): entry is [string, number] => typeof entry[1] === 'number')
  return {
    ...Object.fromEntries(numbers),
    ...metrics,
    ...Object.fromEntries(Object.entries(validationMetrics).map(([name, value]) => [`validation ${name}`, value])),
    ...norms,
  }
}

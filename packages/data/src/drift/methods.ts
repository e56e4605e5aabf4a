import { didYouMean, PodError } from '@mlpod/contract'
import { categoryMethods } from './categories.ts'
import { divergences } from './divergences.ts'
import type { Method } from './method.ts'
import { numberMethods } from './numbers.ts'
import { hasMoreThan, type Kind, type Sample } from './sample.ts'
import { textMethods } from './texts.ts'

/** Every method by its name. */
export const driftMethods = {
  ...numberMethods,
  ...categoryMethods,
  ...divergences,
  ...textMethods,
} as const satisfies Readonly<Record<string, Method>>

/** The name of a method. */
export type MethodName = keyof typeof driftMethods

/** Returns the method of a name. Throws `METHOD_UNKNOWN`, and `METHOD_UNFIT` for a kind that it does not compare. */
export function methodOf(name: string, kind: Kind, column: string): Method {
  const method: Method | undefined = (driftMethods as Readonly<Record<string, Method>>)[name]
  if (method === undefined)
    throw new PodError(
      'METHOD_UNKNOWN',
      `there is no drift method "${name}"${didYouMean(name, Object.keys(driftMethods))}`,
      { hint: `there are ${Object.keys(driftMethods).join(', ')}` },
    )
  if (!method.kinds.includes(kind))
    throw new PodError(
      'METHOD_UNFIT',
      `the method "${name}" compares ${method.kinds.join(' and ')} columns, and "${column}" holds ${kind === 'category' ? 'categories' : `${kind}s`}`,
      {
        hint: `for it there are ${Object.entries<Method>(driftMethods)
          .filter(([, { kinds }]) => kinds.includes(kind))
          .map(([fit]) => fit)
          .join(', ')}`,
      },
    )
  return method
}

/** Reference rows up to which a test is taken, and beyond which a distance: with many rows every difference is significant. */
const MANY = 1000

/** Returns the method for a column that none was named for. Source: Evidently 0.7.23. */
export function chooseMethod(reference: Sample, current: Sample): MethodName {
  const few = reference.n <= MANY
  if (reference.kind === 'text') return few ? 'perc_text_content_drift' : 'abs_text_content_drift'
  if (reference.kind === 'number' && current.kind === 'number') {
    if (hasMoreThan(5, reference, current)) return few ? 'ks' : 'wasserstein'
    if (!few) return 'jensenshannon'
    return hasMoreThan(2, reference, current) ? 'chisquare' : 'z'
  }
  if (!few) return 'jensenshannon'
  const keys = new Set([reference, current].flatMap((s) => (s.kind === 'category' ? [...s.counts.keys()] : [])))
  return keys.size > 2 ? 'chisquare' : 'z'
}

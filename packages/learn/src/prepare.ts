import { PodError } from '@mlpod/contract'
import { checkAlike, checkData } from './checkData.ts'
import { resolveClassWeights, withClassWeights } from './classWeights.ts'
import type { TrainingData } from './data.ts'
import type { FitOptions } from './fitOptions.ts'
import { type Problem, problemOf } from './objective.ts'
import { isStream, poissonSource, rowSource, type Source, streamSource } from './source.ts'

/** Returns where the batches come from, and what is learnt from them; everything is checked. */
export async function prepared(options: FitOptions): Promise<{ source: Source; problem: Problem }> {
  const { data, validation, batch = 128, seed, shuffle = true, prefetch = 16 } = options
  const { classWeights } = options
  const problemIn = (rows: TrainingData): Problem => problemOf({ ...options, data: rows })
  const finish = (source: Source): { source: Source; problem: Problem } => {
    const problem = problemIn(source.sample)
    if (validation) {
      checkAlike(source.sample, validation, 'the validation data')
      checkData(validation, problem.losses, 'the validation data')
    }
    return { source, problem }
  }
  if (!isStream(data)) {
    checkData(data, problemIn(data).losses, 'the data')
    const rows = classWeights ? withClassWeights(data, resolveClassWeights(classWeights, data)) : data
    const drawn = options.privacy && (options.privacy.sampling ?? 'poisson') === 'poisson'
    return finish(drawn ? poissonSource(rows, { batch, seed }) : rowSource(rows, { batch, seed, shuffle }))
  }
  if (classWeights === 'balanced')
    throw new PodError('OPTION_INVALID', 'classes of a stream cannot be counted before it is read', {
      hint: 'give the class weights as numbers',
    })
  const prepare = (rows: TrainingData, first: TrainingData | undefined): TrainingData => {
    const weighed = classWeights ? withClassWeights(rows, resolveClassWeights(classWeights, rows)) : rows
    if (first) checkAlike(first, weighed, 'a batch of the stream')
    checkData(weighed, problemIn(weighed).losses, 'a batch of the stream')
    return weighed
  }
  return finish(await streamSource(data, { prefetch, prepare }))
}

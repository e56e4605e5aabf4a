import { PodError, type Tensor } from '@mlpod/contract'
import { namedRows, type TrainingData } from './data.ts'

/** How much the rows of each class count: a number a class, or `balanced`: rows / (classes * rows of the class). */
export type ClassWeights = readonly number[] | 'balanced'

const classOf = ({ dtype, data }: Tensor, i: number): number =>
  dtype === 'int64' ? Number((data as BigInt64Array)[i]) : Math.round((data as Float32Array)[i])

/** Returns the one target that class weights go by. Throws `OPTION_INVALID`. */
function classesOf(data: TrainingData): Tensor {
  const targets = Object.values(namedRows(data).targets)
  const [target] = targets
  const n = target.shape[0]
  if (targets.length !== 1 || target.data.length !== n)
    throw new PodError('OPTION_INVALID', 'classWeights go by one target of one class a row')
  return target
}

/** Returns numbers for `balanced`, counted in the data. Throws `OPTION_INVALID`. Source: sklearn.utils.compute_class_weight 1.9. */
export function resolveClassWeights(weights: ClassWeights, data: TrainingData): readonly number[] {
  if (weights !== 'balanced') {
    if (!Array.isArray(weights))
      throw new PodError('OPTION_INVALID', `the class weights are ${typeof weights}, no list`, {
        hint: "list one number a class, from class 0 on, or give 'balanced'",
      })
    if (weights.some((w) => !(w >= 0 && Number.isFinite(w))) || weights.every((w) => w === 0))
      throw new PodError('OPTION_INVALID', `the class weights ${weights.join(', ')} are not numbers >= 0, some above`)
    return weights
  }
  const target = classesOf(data)
  const n = target.shape[0]
  const counts: number[] = []
  for (let i = 0; i < n; i++) counts[classOf(target, i)] = (counts[classOf(target, i)] ?? 0) + 1
  const classes = counts.filter((count) => count > 0).length
  return Array.from(counts, (count) => (count ? n / (classes * count) : 0))
}

/** Returns the rows, weighed by their classes too. Throws `LABEL_INVALID` for a class without a weight. */
export function withClassWeights<T extends TrainingData>(data: T, weights: readonly number[]): T {
  const target = classesOf(data)
  const values = Float32Array.from({ length: target.shape[0] }, (_, i) => {
    const weight = weights[classOf(target, i)]
    if (weight === undefined)
      throw new PodError('LABEL_INVALID', `the class ${classOf(target, i)} of row ${i} has no class weight`)
    return weight * (data.weights?.data[i] ?? 1)
  })
  return { ...data, weights: { dtype: 'float32', shape: [values.length], data: values } }
}

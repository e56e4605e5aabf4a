import type { Value } from '@mlpod/graph'
import type { JointLoss, Loss } from './loss.ts'

/**
 * Returns a loss of several values as one of a prediction and a target, which `fit` takes: `read` tells which part of the two each
 * value is. `target` is the element type of the target, `takes` what it may hold; a target of int64 numbers no classes unless
 * `classes` says how many.
 */
export const asLoss = <Values>(
  loss: JointLoss<Values>,
  read: (prediction: Value, target: Value) => Values,
  {
    target = 'float32',
    prediction = 'value',
    takes,
    classes = () => undefined,
  }: Partial<Omit<Loss, 'name' | 'rows'>> = {},
): Loss => ({
  name: loss.name,
  target,
  prediction,
  takes,
  classes,
  rows: (given, wanted) => loss.rows(read(given, wanted)),
})

import { applyOne } from '../apply.ts'
import { flag, int } from '../attribute.ts'
import { constant, lift, type Operand } from '../leaf.ts'
import type { OperatorName } from '../schemas/index.ts'
import { isRanked, isValue, type Value } from '../value.ts'

/** Which axes a reduction reduces, and whether they stay with size 1. */
export interface ReduceOptions {
  /** Default: all axes. An empty list reduces nothing. */
  readonly axes?: readonly number[] | Value
  /** Default false: the reduced axes go. */
  readonly keepDims?: boolean
}

const fromFront = (axes: readonly number[], x: Value): readonly number[] =>
  isRanked(x) ? axes.map((axis) => (axis < 0 && axis >= -x.shape.length ? axis + x.shape.length : axis)) : axes

const reduce =
  (type: OperatorName) =>
  (x: Value, { axes, keepDims = false }: ReduceOptions = {}): Value => {
    // Counted from the front: the runtime forgets axes below 0 when x is empty.
    const list = axes === undefined || isValue(axes) ? axes : constant(fromFront(axes, x), 'int64')
    const attributes = { keepdims: flag(keepDims), noop_with_empty_axes: flag(list !== undefined) }
    return applyOne(type, list === undefined ? [x] : [x, list], attributes)
  }

/** Returns the sum over axes. */
export const reduceSum = reduce('ReduceSum')
/** Returns the mean over axes. */
export const reduceMean = reduce('ReduceMean')
/** Returns the largest element over axes; equal largest elements share the derivative equally. */
export const reduceMax = reduce('ReduceMax')
/** Returns the smallest element over axes; equal smallest elements share the derivative equally. */
export const reduceMin = reduce('ReduceMin')
/** Returns the sum of squares over axes. */
export const reduceSumSquare = reduce('ReduceSumSquare')
/** Returns the Euclidean norm over axes; its derivative at 0 is 0. */
export const reduceL2 = reduce('ReduceL2')
/** Returns log(sum(e^x)) over axes; where all are -inf its derivative is 0. */
export const reduceLogSumExp = reduce('ReduceLogSumExp')
/** Returns log(sum(x)) over axes. */
export const reduceLogSum = reduce('ReduceLogSum')
/** Returns the sum of absolute values over axes; at 0 the derivative is 0. */
export const reduceL1 = reduce('ReduceL1')
/** Returns the product over axes. Its derivative, the product of the others, divides by nothing: zeros are no exception. */
export const reduceProd = reduce('ReduceProd')

const argument =
  (type: OperatorName) =>
  (x: Value, { axis = 0, keepDims = false, last = false } = {}): Value =>
    applyOne(type, [x], { axis: int(axis), keepdims: flag(keepDims), select_last_index: flag(last) })

/** Returns the index (int64) of the largest element along an axis; of equal ones the first, or the `last`. */
export const argMax = argument('ArgMax')
/** Returns the index (int64) of the smallest element along an axis; of equal ones the first, or the `last`. */
export const argMin = argument('ArgMin')

const along =
  (type: OperatorName) =>
  (x: Value, { axis = -1 } = {}): Value =>
    applyOne(type, [x], { axis: int(axis) })

/** Returns e^x / sum(e^x) along an axis (default the last). */
export const softmax = along('Softmax')
/** Returns log(softmax(x)) along an axis (default the last). */
export const logSoftmax = along('LogSoftmax')
/** Returns 1 at the first largest element along an axis (default the last), else 0; its derivative is 0. */
export const hardmax = along('Hardmax')

const running =
  (type: OperatorName) =>
  (x: Value, axis: Operand = 0, { exclusive = false, reverse = false } = {}): Value =>
    applyOne(type, [x, lift(axis, 'int64')], { exclusive: flag(exclusive), reverse: flag(reverse) })

/** Returns running sums along an axis; `exclusive` leaves out the element itself, `reverse` sums from the end. */
export const cumSum = running('CumSum')
/** Returns running products along an axis, as `cumSum` does sums (opset 26). Its derivative divides by nothing. */
export const cumProd = running('CumProd')

import { add, atan, div, max, min, mul, relu, reshape, slice, stopGradient, sub, type Value } from '@mlpod/graph'
import { positive } from '../optimizers/option.ts'
import { expectShapes, loss } from './define.ts'
import type { Losses } from './loss.ts'
import { square } from './maths.ts'

/** Corners of boxes [N, 4]: x1, y1, x2, y2, [N] each. */
const cornersOf = (boxes: Value): readonly Value[] =>
  [0, 1, 2, 3].map((i) => reshape(slice(boxes, [i], [i + 1], { axes: [1] }), [-1]))

/** What two boxes have in common, and the box around both. */
function compare(prediction: Value, target: Value, epsilon: number) {
  const [p, t] = [cornersOf(prediction), cornersOf(target)]
  const sizes = ([x1, y1, x2, y2]: readonly Value[]) => [sub(x2, x1), sub(y2, y1)] as const
  const [[pw, ph], [tw, th]] = [sizes(p), sizes(t)]
  const reach = (i: number, inner: boolean): Value =>
    inner ? sub(min(p[i + 2], t[i + 2]), max(p[i], t[i])) : sub(max(p[i + 2], t[i + 2]), min(p[i], t[i]))
  const [iw, ih] = [0, 1].map((i) => relu(reach(i, true)))
  const overlap = mul(iw, ih)
  const union = sub(add(mul(pw, ph), mul(tw, th)), overlap)
  const around = [reach(0, false), reach(1, false)]
  const middle = (c: readonly Value[], i: number): Value => mul(add(c[i], c[i + 2]), 0.5)
  const apart = [0, 1].map((i) => square(sub(middle(p, i), middle(t, i))))
  return {
    iou: div(overlap, add(union, epsilon)),
    union,
    around,
    /** The squared distance of the middles, as a share of the squared diagonal around both. */
    distance: div(add(apart[0], apart[1]), add(add(square(around[0]), square(around[1])), epsilon)),
    sizes: [pw, ph, tw, th] as const,
  }
}

type Compared = ReturnType<typeof compare>

/** Losses of boxes [N, 4] of corners x1, y1, x2, y2 with x1 < x2 and y1 < y2. */
const ofBoxes = (name: string, source: string, judge: (compared: Compared, epsilon: number) => Value) =>
  loss({
    name,
    source,
    parameters: { epsilon: positive(1e-7) },
    rows:
      ({ epsilon }) =>
      (prediction, target): Losses => {
        expectShapes(name, { boxes: [prediction, 'N 4'], target: [target, 'N 4'] })
        return { losses: judge(compare(prediction, target, epsilon), epsilon) }
      },
  })

/** Returns 1 - IoU + (what lies around both but in neither) / (what lies around both), for boxes x1, y1, x2, y2. Source: Rezatofighi et al. (2019). */
export const giou = ofBoxes('giou', 'Rezatofighi et al. (2019)', ({ iou, union, around }, epsilon) => {
  const area = mul(around[0], around[1])
  return add(sub(1, iou), div(sub(area, union), add(area, epsilon)))
})

/** Returns 1 - IoU + the squared distance of the middles over the squared diagonal around both boxes. Source: Zheng et al. (2020). */
export const diou = ofBoxes('diou', 'Zheng et al. (2020)', ({ iou, distance }) => add(sub(1, iou), distance))

/**
 * Returns `diou` + a v, v = 4 / pi^2 (difference of the angles of the diagonals)^2 and a = v / (1 - IoU + v), which counts as
 * constant. Single precision only. Source: Zheng et al. (2020).
 */
export const ciou = ofBoxes('ciou', 'Zheng et al. (2020)', ({ iou, distance, sizes: [pw, ph, tw, th] }, epsilon) => {
  const angle = (w: Value, h: Value): Value => atan(div(w, add(h, epsilon)))
  const v = mul(square(sub(angle(tw, th), angle(pw, ph))), 4 / Math.PI ** 2)
  const a = stopGradient(div(v, add(add(sub(1, iou), v), epsilon)))
  return add(add(sub(1, iou), distance), mul(a, v))
})

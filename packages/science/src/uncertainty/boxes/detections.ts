import { PodError } from '@mlpod/contract'
import { checkThresholds, lazyCurves, type RiskCurves } from '../risk/riskCurve.ts'
import { type Boxes, boxesHold, boxIou, checkedBoxes } from './box.ts'
import { matchBoxes } from './matching.ts'

/** What a detector says of one image, and what is there. */
export interface DetectedImage {
  readonly predicted: Boxes
  /** One a prediction, in [0, 1]. */
  readonly confidence: ArrayLike<number>
  readonly truth: Boxes
  /** Probabilities of classes [predictions, classes], and the class of each truth, where classes are asked for. */
  readonly probabilities?: ArrayLike<number>
  readonly labels?: ArrayLike<number>
}

function checkImage({ predicted, confidence, truth }: DetectedImage, at: number): void {
  checkedBoxes(truth, `the truth of image ${at}`)
  const n = checkedBoxes(predicted, `the predictions of image ${at}`)
  if (confidence.length !== n)
    throw new PodError('LENGTH_MISMATCH', `${confidence.length} confidences do not match ${n} boxes of image ${at}`)
  for (let j = 0; j < n; j++)
    if (!(confidence[j] >= 0 && confidence[j] <= 1))
      throw new PodError('PROBABILITY_INVALID', `the confidence of box ${j} of image ${at} is ${confidence[j]}`)
}

/**
 * Returns the recall of images at each confidence threshold, for `controlRisk`: the loss of an image is the share of its true boxes that no
 * kept prediction (confidence >= threshold) shares more than `minIou` with; 0 without true boxes. It only grows with the threshold.
 * Throws `LAMBDAS_INVALID`, `LENGTH_MISMATCH`, `BOX_INVALID`, `PROBABILITY_INVALID`.
 */
export function detectionRisks(
  images: readonly DetectedImage[],
  thresholds: readonly number[],
  { minIou = 0.5 }: { readonly minIou?: number } = {},
): RiskCurves {
  checkThresholds(thresholds)
  // a truth is missed from the highest confidence of what is near it on
  const found = images.map((image, at) => {
    checkImage(image, at)
    const { predicted, truth, confidence } = image
    const m = confidence.length
    const shared = boxIou(truth, predicted)
    return Float64Array.from({ length: truth.length / 4 }, (_, i) => {
      let best = Number.NEGATIVE_INFINITY
      for (let j = 0; j < m; j++) if (shared[i * m + j] > minIou) best = Math.max(best, confidence[j])
      return best
    })
  })
  const losses = (l: number): Float64Array =>
    Float64Array.from(found, (best) => {
      const missed = best.reduce((count, c) => count + Number(!(c >= thresholds[l])), 0)
      return best.length === 0 ? 0 : missed / best.length
    })
  return lazyCurves(thresholds, ['recall'], 0, (name) =>
    name !== 'recall'
      ? undefined
      : {
          name,
          higherIsBetter: true,
          binary: false,
          conditional: false,
          direction: 'increasing',
          n: new Float64Array(thresholds.length).fill(images.length),
          sum: Float64Array.from(thresholds, (_, l) => losses(l).reduce((sum, x) => sum + x, 0)),
          losses,
        },
  )
}

/** The losses of each image along settings that ascend from bold to safe, [images, settings] row-major, none growing. */
export interface LossTable {
  readonly settings: readonly number[]
  readonly losses: Float64Array
}

/** Settings of `detectionLosses`: each list goes from bold to safe. */
export interface DetectionSettings {
  /** Confidence thresholds, falling: more boxes are kept. */
  readonly confidence: readonly number[]
  /** Pixels by which kept boxes are widened, rising. */
  readonly margins: readonly number[]
  /** Probabilities at or above which a class is in the set, falling. */
  readonly probabilities?: readonly number[]
  readonly minIou?: number
}

/** The three losses of detection, the second and third given the place of a confidence threshold. */
export interface DetectionLosses {
  /** Share of true boxes that exceed the number of boxes kept. */
  readonly confidence: LossTable
  /** Share of true boxes that their kept, widened prediction does not hold. */
  localisation(kept: number): LossTable
  /** Share of true boxes whose class is not in the set of their kept prediction. */
  classification(kept: number): LossTable
}

/**
 * Returns the losses of detection on images, for `controlSequentially`. A true box without a kept prediction counts as lost in all three.
 * Losses given a confidence threshold are the largest over that and all safer ones, so that they never grow. Throws as `detectionRisks`.
 */
export function detectionLosses(images: readonly DetectedImage[], settings: DetectionSettings): DetectionLosses {
  const { confidence, margins, probabilities = [], minIou = 0.5 } = settings
  images.forEach(checkImage)
  // for each threshold and image the pairs of what is kept
  const paired = confidence.map((threshold) =>
    images.map(({ predicted, confidence: own, truth }) => {
      const kept = Array.from(own, (c, j) => (c >= threshold ? j : -1)).filter((j) => j >= 0)
      const boxes = kept.flatMap((j) => Array.from({ length: 4 }, (_, a) => predicted[4 * j + a]))
      const { pairs } = matchBoxes(boxes, truth, { minIou })
      return { count: kept.length, pairs: pairs.map(([j, i]) => [kept[j], i] as const) }
    }),
  )
  const share = (image: DetectedImage, found: number): number =>
    image.truth.length === 0 ? 0 : 1 - found / (image.truth.length / 4)
  const table = (list: readonly number[], lossAt: (image: number, setting: number) => number): LossTable => {
    const losses = new Float64Array(images.length * list.length)
    for (let i = 0; i < images.length; i++)
      for (let l = 0; l < list.length; l++) losses[i * list.length + l] = lossAt(i, l)
    return { settings: list, losses }
  }
  const worstFrom = (kept: number, list: readonly number[], found: (image: number, k: number, l: number) => number) =>
    table(list, (i, l) => {
      let most = 0
      for (let k = kept; k < confidence.length; k++) most = Math.max(most, share(images[i], found(i, k, l)))
      return most
    })
  const holds = (image: DetectedImage, [j, i]: readonly [number, number], margin: number): number => {
    const [x, y, u, v] = [0, 1, 2, 3].map((a) => image.predicted[4 * j + a])
    return boxesHold(
      [x - margin, y - margin, u + margin, v + margin],
      [0, 1, 2, 3].map((a) => image.truth[4 * i + a]),
    )[0]
  }
  return {
    confidence: table(confidence, (i, k) => share(images[i], Math.min(images[i].truth.length / 4, paired[k][i].count))),
    localisation: (kept) =>
      worstFrom(kept, margins, (i, k, l) =>
        paired[k][i].pairs.reduce((sum, pair) => sum + holds(images[i], pair, margins[l]), 0),
      ),
    classification: (kept) =>
      worstFrom(kept, probabilities, (i, k, l) =>
        paired[k][i].pairs.reduce((sum, [j, t]) => {
          const { probabilities: p, labels, predicted } = images[i]
          if (p === undefined || labels === undefined)
            throw new PodError('PART_MISSING', `image ${i} has no probabilities or labels of classes`)
          const classes = p.length / (predicted.length / 4)
          return sum + Number(p[j * classes + labels[t]] >= probabilities[l])
        }, 0),
      ),
  }
}

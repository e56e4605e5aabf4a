import { PodError } from '@mlpod/contract'
import { type MultilabelRiskOptions, multilabelRisks } from './multilabelRisks.ts'
import { checkThresholds, lazyCurves, type RiskCurve, type RiskCurves } from './riskCurve.ts'

/** Settings of risks of masks. */
export interface MaskRiskOptions extends MultilabelRiskOptions {
  /** The numbers given are logits of probabilities; false by default, and then numbers outside [0, 1] are refused. */
  readonly logits?: boolean
}

/** Returns 1 / (1 + exp(-x)) of each number. */
const sigmoids = (logits: ArrayLike<number>): Float64Array =>
  Float64Array.from(logits, (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))))

/**
 * Returns the risks of the masks {pixels with probability > lambda}, images [n, pixels] row-major: `recall` is the mean over
 * images of the share of true pixels kept, `falseDiscoveryRate` that of kept pixels that are not true. An image without true
 * pixels is refused unless `emptyRows` says otherwise. Throws as `multilabelRisks`.
 * Source: MAPIE 1.6 `SemanticSegmentationController`, which takes numbers outside [0, 1] for logits without being told.
 */
export function maskRisks(
  pixels: ArrayLike<number>,
  masks: ArrayLike<number>,
  pixelsOfImage: number,
  { logits = false, ...options }: MaskRiskOptions = {},
): RiskCurves {
  return multilabelRisks(logits ? sigmoids(pixels) : pixels, masks, pixelsOfImage, options)
}

/** What a mask is a picture of: its width; pixels are row-major. */
export interface MarginOptions {
  readonly width: number
  /** Margins to try, in pixels: 0 to 20 by default. */
  readonly margins?: readonly number[]
}

/**
 * Returns the risk of masks of a black box, widened by a margin of pixels (a dilation by a square, which is what is left of
 * the choice when there are no probabilities): `recall` is the mean over images of the share of true pixels inside. It grows
 * with the margin, so that `controlRisk` with `crc` or `rcps` finds the least margin that keeps enough. Images are
 * [n, pixels] of 0 and 1. An image without true pixels has no loss. Source: Mossina, Friedrich (2025).
 */
export function marginRisks(
  predicted: ArrayLike<number>,
  truth: ArrayLike<number>,
  pixelsOfImage: number,
  { width, margins = Array.from({ length: 21 }, (_, i) => i) }: MarginOptions,
): RiskCurves {
  checkThresholds(margins)
  const height = pixelsOfImage / width
  if (predicted.length !== truth.length || !Number.isInteger(height) || !Number.isInteger(truth.length / pixelsOfImage))
    throw new PodError(
      'LENGTH_MISMATCH',
      `${predicted.length} and ${truth.length} pixels are no images of ${pixelsOfImage}, ${width} wide`,
    )
  if (truth.length === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration image')
  const images = truth.length / pixelsOfImage
  // a true pixel is inside from its distance to the predicted mask on
  const distances = Array.from({ length: images }, (_, image) => {
    const at = image * pixelsOfImage
    const far = chessboardDistances(predicted, at, width, height)
    const kept: number[] = []
    for (let i = 0; i < pixelsOfImage; i++) if (truth[at + i] === 1) kept.push(far[i])
    return Float64Array.from(kept).sort()
  })
  const losses = (j: number): Float64Array =>
    Float64Array.from(distances, (far) =>
      far.length === 0 ? 0 : far.filter((d) => d > margins[j]).length / far.length,
    )
  return lazyCurves(margins, ['recall'], 0, (name) => (name === 'recall' ? curve() : undefined))

  function curve(): RiskCurve {
    return {
      name: 'recall',
      higherIsBetter: true,
      binary: false,
      conditional: false,
      direction: 'decreasing',
      n: new Float64Array(margins.length).fill(images),
      sum: Float64Array.from(margins, (_, j) => losses(j).reduce((sum, loss) => sum + loss, 0)),
      losses,
    }
  }
}

/** Distance of each pixel to the nearest one of the mask, max(|dx|, |dy|): two sweeps are exact for it. Source: Rosenfeld, Pfaltz (1968). */
function chessboardDistances(mask: ArrayLike<number>, at: number, width: number, height: number): Float64Array {
  const far = new Float64Array(width * height)
  for (let i = 0; i < far.length; i++) far[i] = mask[at + i] === 1 ? 0 : Infinity
  const relax = (x: number, y: number, dx: number, dy: number): void => {
    const [u, v] = [x + dx, y + dy]
    if (u >= 0 && v >= 0 && u < width && v < height)
      far[y * width + x] = Math.min(far[y * width + x], far[v * width + u] + 1)
  }
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      relax(x, y, -1, 0)
      for (const dx of [-1, 0, 1]) relax(x, y, dx, -1)
    }
  for (let y = height - 1; y >= 0; y--)
    for (let x = width - 1; x >= 0; x--) {
      relax(x, y, 1, 0)
      for (const dx of [-1, 0, 1]) relax(x, y, dx, 1)
    }
  return far
}

/** Returns the masks of images widened by `margin` pixels, [n, pixels] of 0 and 1. */
export function widenMasks(
  masks: ArrayLike<number>,
  pixelsOfImage: number,
  { width, margin }: { readonly width: number; readonly margin: number },
): Uint8Array {
  const out = new Uint8Array(masks.length)
  for (let at = 0; at < masks.length; at += pixelsOfImage)
    chessboardDistances(masks, at, width, pixelsOfImage / width).forEach((d, i) => {
      out[at + i] = d <= margin ? 1 : 0
    })
  return out
}

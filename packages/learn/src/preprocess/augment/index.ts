export { type AugmentOptions, augMix, augment, chained, randAugment, sometimes } from './augment.ts'
export {
  autoContrast,
  equalization,
  type JitterOptions,
  randomBrightness,
  randomColorDegeneration,
  randomColorJitter,
  randomContrast,
  randomGaussianBlur,
  randomGrayscale,
  randomHue,
  randomInvert,
  randomPosterization,
  randomSaturation,
  randomSharpness,
  randomSolarization,
  type ValueRange,
} from './color.ts'
export {
  randomCrop,
  randomElastic,
  randomErasing,
  randomFlip,
  randomPerspective,
  randomRotation,
  randomShear,
  randomTranslation,
  randomZoom,
} from './geometry.ts'
export type { Augmentation, Picture, Range } from './picture.ts'
export type { Fill, WarpOptions } from './warp.ts'

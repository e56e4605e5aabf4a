export { type AugmentOptions, augMix, augment, chained, randAugment, sometimes } from './augment.ts'
export {
  type JitterOptions,
  randomColorDegeneration,
  randomColorJitter,
  randomGrayscale,
  randomHue,
  randomSaturation,
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
export { type LocalEqualizationOptions, localEqualization } from './localEqualization.ts'
export { classShares, cutMix, eachImage, type MixOptions, mixUp, oneOf } from './mixing.ts'
export type { Augmentation, Picture, Range } from './picture.ts'
export {
  autoContrast,
  equalization,
  randomBrightness,
  randomContrast,
  randomGaussianBlur,
  randomInvert,
  randomPosterization,
  randomSharpness,
  randomSolarization,
  type ValueRange,
} from './tone.ts'
export type { Fill, WarpOptions } from './warp.ts'

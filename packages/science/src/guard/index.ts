export { type GuardMetadata, type ModelColumn, readGuard, rowJsonSchema } from '@mlpod/contract'
export { type Answers, answersOf, groupsOf, labelsOf, valuesOf } from './answers.ts'
export {
  attributionFigure,
  coverageFigure,
  type FigureSource,
  fairnessFigure,
  oodFigure,
  reliabilityFigure,
  setSizeFigure,
} from './figures.ts'
export { type AbstainRule, type GuardParts, guard, type RawModel } from './guard.ts'
export { type PackOptions, pack, packKeys } from './pack.ts'

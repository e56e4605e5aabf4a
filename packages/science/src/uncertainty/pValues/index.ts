export { type OnlineClassPValueOptions, type OnlinePValueOptions, onlineClassPValues, onlinePValues } from './online.ts'
export {
  classifierPValues,
  conformalPValues,
  type PValueOptions,
  type ScoreReference,
  scoreReference,
} from './pValues.ts'
export { pValueSets, type SetEfficiency, setEfficiency } from './sets.ts'

export { didYouMean, PodError, type Quantity } from '@mlpod/contract'
export {
  type Catalog,
  defineCatalog,
  file,
  json,
  type NodeContext,
  node,
  param,
  pipeline,
  slice,
  text,
} from '@mlpod/pipeline'
export { atLeast, atMost, equals, promises } from '@mlpod/promise'
export { reproducible } from './nodes/reproducible.ts'
export { verification } from './nodes/verification.ts'
export { type DefinedPod, definePod, type PodConfig } from './pod.ts'

export { type Catalog, defineCatalog, type Named } from './catalog.ts'
export { type FileRef, file, json, text } from './datasets.ts'
export {
  type Elements,
  type ForeachDefinition,
  foreach,
  type ListOutputs,
  type Over,
  type ReturnedElement,
} from './foreach.ts'
export { type ListDataset, list } from './list.ts'
export {
  type AnyNode,
  type Arguments,
  type Inputs,
  type LateCall,
  type LateState,
  type Node,
  type NodeContext,
  type NodeDefinition,
  type NodeIdentity,
  node,
  type Outputs,
  type Retry,
  type Returned,
} from './node.ts'
export { type Parameter, param, type Widen } from './param.ts'
export { parseOverrides } from './params.ts'
export { type Pipeline, pipeline } from './pipeline.ts'
export { CONFIG_FILE, findPod, loadPod, nodesOf, type Pod, pipelineOf } from './pod.ts'
export { type Recalled, recallPod } from './recall.ts'
export { type NodeResult, type RunOptions, type RunResult, run } from './run.ts'
export { type Slice, slice } from './slice.ts'
export { type PodStatus, status } from './status.ts'
export { type NodePlan, type Reason, why } from './why.ts'

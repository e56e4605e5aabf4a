export { type CheckGradOptions, checkGrad, type GradCheck } from './checkGrad.ts'
export { type CompileOptions, compile } from './compile.ts'
export { type DefinedOp, type Definition, defineOp, type OperatorOptions } from './defineOp.ts'
export { type DerivativeOptions, grad, hvp, jvp, linearize, vjp } from './differentiate.ts'
export { type Flops, type FlopsOptions, flops, type NodeFlops } from './flops.ts'
export { hessian, jacfwd, jacrev } from './jacobian.ts'
export { constant, input, type Operand, parameter } from './leaf.ts'
export { type Loaded, type LoadOptions, load } from './load.ts'
export { type Model, modelOf, type Signature, withMetadata } from './model.ts'
export type { ExternalPlace, ReadExternal } from './onnx/external.ts'
export { loadFile, onnxModel, saveFile } from './onnxModel.ts'
export {
  checkpoint,
  ifElse,
  type LoopOptions,
  loop,
  type Remember,
  repeat,
  type ScanOptions,
  scan,
  type Turn,
} from './operators/control.ts'
export * from './operators/index.ts'
export type { Device } from './runtime/device.ts'
export type { Runtime } from './runtime/engine.ts'
export { openSession, type RunOptions, type Session, type SessionOptions } from './session.ts'
export { substitute } from './substitute.ts'
export { type Summary, summary } from './summary.ts'
export { type SoftTrees, type SoftTreesOptions, softTrees } from './trees/softTrees.ts'
export {
  type Attribute,
  type AttributeKind,
  type Body,
  type Dim,
  dtypeOf,
  isValue,
  type Meta,
  type Operation,
  type Site,
  type Value,
  type ValueType,
} from './value.ts'
export { vmap } from './vmap.ts'
export { topological } from './walk.ts'

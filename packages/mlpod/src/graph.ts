export { type DataType, type Tensor, tensor } from '@mlpod/contract'
export * from '@mlpod/graph'

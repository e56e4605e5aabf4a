export * from '@mlpod/graph'

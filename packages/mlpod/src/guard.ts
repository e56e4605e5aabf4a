export * from '@mlpod/science/guard'

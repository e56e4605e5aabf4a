export * from '@mlpod/science/performance'

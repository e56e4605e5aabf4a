export * from '@mlpod/science/explain'

export * from '@mlpod/data'

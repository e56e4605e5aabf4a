export * from '@mlpod/pipeline'

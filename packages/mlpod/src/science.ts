export * from '@mlpod/science'

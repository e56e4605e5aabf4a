export * from '@mlpod/learn'

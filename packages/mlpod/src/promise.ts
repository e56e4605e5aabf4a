export * from '@mlpod/promise'

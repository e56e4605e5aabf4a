export * from '@mlpod/store'

export * from '@mlpod/serve'

export * from '@mlpod/learn/solve'

export * from '@mlpod/math'

export * from '@mlpod/figure'

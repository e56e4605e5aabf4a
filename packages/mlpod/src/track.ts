export * from '@mlpod/track'

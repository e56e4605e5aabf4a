export * from '@mlpod/science/uncertainty'

export * from '@mlpod/science/ood'

export * from '@mlpod/science/fairness'

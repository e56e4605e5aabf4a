export * from '@mlpod/science/security'

export { dense, direct, flat, type Nystrom, nystrom } from './dense.ts'
export {
  arnoldi,
  biCGStab,
  type ConjugateGradientOptions,
  conjugateGradient,
  type IterationOptions,
  type Krylov,
  type LissaOptions,
  lissa,
  normalConjugateGradient,
} from './iterative.ts'
export {
  correctedEigenvalues,
  type Eigenbasis,
  eigenbases,
  type Factors,
  type Kfac,
  type KfacOptions,
  type KroneckerFactors,
  kfac,
  kroneckerFactors,
  type Sums,
} from './kronecker.ts'
export { type LinsolveOptions, linsolve } from './linsolve.ts'
export {
  blocks,
  composed,
  damped,
  diagonal,
  empiricalFisher,
  gaussNewton,
  hessianOperator,
  kronecker,
  type LinearOperator,
  matrix,
  normal,
  operator,
  type Part,
  rayleigh,
  scaled,
  sumOf,
} from './operator.ts'
export type { Solution } from './solution.ts'
export type { Vector } from './vector.ts'

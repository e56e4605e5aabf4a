export { type IntegratedGradientsOptions, integratedGradients } from './integratedGradients.ts'
export { type Quadrature, type QuadratureRule, quadrature } from './quadrature.ts'

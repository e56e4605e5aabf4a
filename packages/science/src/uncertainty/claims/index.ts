export { type CalibratedOptions, calibrated } from './calibrated.ts'
export { type ControlsOptions, controls } from './controls.ts'
export { type ExchangeableOptions, exchangeable } from './exchangeable.ts'

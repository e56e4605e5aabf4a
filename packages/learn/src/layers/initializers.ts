import { sizeOf } from '@mlpod/contract'
import type { Initializer } from './layer.ts'

const uniform =
  (bound: (fans: { fanIn: number; fanOut: number }) => number): Initializer =>
  (draw, shape, fans) =>
    draw.fillUniform(new Float32Array(sizeOf(shape)), { low: -bound(fans), high: bound(fans) })

const normal =
  (sd: (fans: { fanIn: number; fanOut: number }) => number): Initializer =>
  (draw, shape, fans) =>
    draw.fillNormal(new Float32Array(sizeOf(shape)), { sd: sd(fans) })

/** The initializers by name. */
export const initializers = {
  zeros: (_, shape) => new Float32Array(sizeOf(shape)),
  ones: (_, shape) => new Float32Array(sizeOf(shape)).fill(1),
  /** Source: Glorot, Bengio (2010). */
  glorotUniform: uniform(({ fanIn, fanOut }) => Math.sqrt(6 / (fanIn + fanOut))),
  glorotNormal: normal(({ fanIn, fanOut }) => Math.sqrt(2 / (fanIn + fanOut))),
  /** Source: He et al. (2015), for ReLU. */
  heUniform: uniform(({ fanIn }) => Math.sqrt(6 / fanIn)),
  heNormal: normal(({ fanIn }) => Math.sqrt(2 / fanIn)),
  /** U(-1/sqrt(fanIn), 1/sqrt(fanIn)): the default of torch.nn.Linear, weight and bias alike. */
  torch: uniform(({ fanIn }) => 1 / Math.sqrt(fanIn)),
} as const satisfies Readonly<Record<string, Initializer>>

/** The name of an initializer. */
export type InitializerName = keyof typeof initializers

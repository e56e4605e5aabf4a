import { PodError, sizeOf } from '@mlpod/contract'
import { normalCdf, normalQuantile, type Random } from '@mlpod/math'
import type { Fans, Initializer } from './layer.ts'

const uniform =
  (bound: (fans: { fanIn: number; fanOut: number }) => number): Initializer =>
  (draw, shape, fans) =>
    draw.fillUniform(new Float32Array(sizeOf(shape)), { low: -bound(fans), high: bound(fans) })

const normal =
  (sd: (fans: { fanIn: number; fanOut: number }) => number): Initializer =>
  (draw, shape, fans) =>
    draw.fillNormal(new Float32Array(sizeOf(shape)), { sd: sd(fans) })

// the deviation of a standard normal cut at two deviations
const CUT = 0.87962566103423978

function truncated(sd: (fans: { fanIn: number; fanOut: number }) => number): Initializer {
  return (draw, shape, fans) => {
    const spread = sd(fans) / CUT
    return draw
      .fillUniform(new Float32Array(sizeOf(shape)), { low: normalCdf(-2), high: normalCdf(2) })
      .map((share) => spread * normalQuantile(share))
  }
}

function orthogonal(draw: Random, shape: readonly number[]): Float32Array {
  const rows = shape[0]
  const columns = sizeOf(shape) / rows
  const wide = columns > rows
  const [n, m] = wide ? [rows, columns] : [columns, rows]
  // n vectors of length m, made orthonormal one after the other, twice for the rounding
  const vectors = Array.from({ length: n }, (_, i) =>
    Float64Array.from(draw.at(String(i)).fillNormal(new Float32Array(m), { sd: 1 })),
  )
  for (const [i, v] of vectors.entries()) {
    for (let pass = 0; pass < 2; pass++)
      for (const u of vectors.slice(0, i)) {
        let dot = 0
        for (let k = 0; k < m; k++) dot += u[k] * v[k]
        for (let k = 0; k < m; k++) v[k] -= dot * u[k]
      }
    const norm = Math.hypot(...v)
    for (let k = 0; k < m; k++) v[k] /= norm
  }
  return Float32Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns]
    return wide ? vectors[row][column] : vectors[column][row]
  })
}

function dirac(_: Random, shape: readonly number[]): Float32Array {
  const data = new Float32Array(sizeOf(shape))
  const size = shape.slice(2)
  const volume = sizeOf(size)
  const middle = size.reduce((at, dim) => at * dim + Math.floor(dim / 2), 0)
  for (let i = 0; i < Math.min(shape[0], shape[1]); i++) data[(i * shape[1] + i) * volume + middle] = 1
  return data
}

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
  /** Source: LeCun et al. (1998). */
  lecunUniform: uniform(({ fanIn }) => Math.sqrt(3 / fanIn)),
  lecunNormal: normal(({ fanIn }) => Math.sqrt(1 / fanIn)),
  /** N(0, 1): torch.nn.Embedding. */
  standardNormal: normal(() => 1),
  /** N(0, 0.02). */
  smallNormal: normal(() => 0.02),
  /** N(0, 1 / fanIn), nothing beyond two deviations: Keras' VarianceScaling. */
  truncatedNormal: truncated(({ fanIn }) => Math.sqrt(1 / fanIn)),
  /** Orthonormal rows or columns, of the matrix whose rows are the first axis. Source: Saxe et al. (2014). */
  orthogonal,
  /** Ones on the diagonal of a matrix. */
  identity: (_, [rows, columns]) =>
    Float32Array.from({ length: rows * columns }, (_, i) => (Math.floor(i / columns) === i % columns ? 1 : 0)),
  /** A convolution [out, in, sizes...] that passes its channels on. Source: torch.nn.init.dirac_. */
  dirac,
  /** U(-1/sqrt(fanIn), 1/sqrt(fanIn)): the default of torch.nn.Linear, weight and bias alike. */
  torch: uniform(({ fanIn }) => 1 / Math.sqrt(fanIn)),
} as const satisfies Readonly<Record<string, Initializer>>

/** The name of an initializer. */
export type InitializerName = keyof typeof initializers

/** What an initializer is chosen by: its name, or itself. */
export type InitializerChoice = InitializerName | Initializer

/** Returns the initializer of a choice. */
export const initializerOf = (choice: InitializerChoice): Initializer =>
  typeof choice === 'function' ? choice : initializers[choice]

/** By how much an activation shrinks its input, which initial weights make up for. Source: torch.nn.init.calculate_gain. */
export const gains = {
  linear: 1,
  sigmoid: 1,
  tanh: 5 / 3,
  relu: Math.SQRT2,
  selu: 3 / 4,
  /** Of slope 0.01. */
  leakyRelu: Math.sqrt(2 / (1 + 0.01 ** 2)),
} as const

/** Returns the gain of a leaky ReLU with a slope. */
export const leakyGain = (slope: number): number => Math.sqrt(2 / (1 + slope ** 2))

/** What `varianceScaling` draws from. */
export type Spread = 'uniform' | 'normal' | 'truncatedNormal'

const DRAWS: Readonly<Record<Spread, (variance: (fans: Fans) => number) => Initializer>> = {
  uniform: (variance) => uniform((fans) => Math.sqrt(3 * variance(fans))),
  normal: (variance) => normal((fans) => Math.sqrt(variance(fans))),
  truncatedNormal: (variance) => truncated((fans) => Math.sqrt(variance(fans))),
}

const MODES: Readonly<Record<'fanIn' | 'fanOut' | 'fanAverage', (fans: Fans) => number>> = {
  fanIn: ({ fanIn }) => fanIn,
  fanOut: ({ fanOut }) => fanOut,
  fanAverage: ({ fanIn, fanOut }) => (fanIn + fanOut) / 2,
}

/**
 * Returns an initializer of mean 0 and variance scale / fan. A torch `gain` is a scale of gain^2: kaiming_uniform is
 * { scale: gain ** 2, mode: 'fanIn', spread: 'uniform' }. Throws `RANGE_INVALID`. Source: Keras VarianceScaling.
 */
export function varianceScaling({
  scale = 1,
  mode = 'fanIn',
  spread = 'truncatedNormal',
}: {
  readonly scale?: number
  readonly mode?: keyof typeof MODES
  readonly spread?: Spread
} = {}): Initializer {
  if (!(scale > 0)) throw new PodError('RANGE_INVALID', `the scale of initial variances is ${scale}, not above 0`)
  return DRAWS[spread]((fans) => scale / MODES[mode](fans))
}

/** Returns an initializer of one value. */
export const filledWith =
  (value: number): Initializer =>
  (_, shape) =>
    new Float32Array(sizeOf(shape)).fill(value)

/** Returns an initializer of uniform numbers in [low, high). */
export const uniformIn =
  (low: number, high: number): Initializer =>
  (draw, shape) =>
    draw.fillUniform(new Float32Array(sizeOf(shape)), { low, high })

/** Returns an initializer of normal numbers; `cut` draws again what is beyond two deviations. */
export const normalOf =
  (mean: number, deviation: number, { cut = false } = {}): Initializer =>
  (draw, shape) =>
    cut
      ? draw
          .fillUniform(new Float32Array(sizeOf(shape)), { low: normalCdf(-2), high: normalCdf(2) })
          .map((share) => mean + deviation * normalQuantile(share))
      : draw.fillNormal(new Float32Array(sizeOf(shape)), { mean, sd: deviation })

/** Returns orthonormal rows or columns times a gain. Source: Saxe et al. (2014); torch.nn.init.orthogonal_. */
export const orthogonalOf =
  (gain: number): Initializer =>
  (draw, shape) =>
    orthogonal(draw, shape).map((value) => gain * value)

/** Returns normal numbers of which in each column a share is 0. Source: Martens (2010); torch.nn.init.sparse_. */
export const sparseOf =
  (share: number, deviation = 0.01): Initializer =>
  (draw, shape) => {
    const [rows, columns] = [shape[0], sizeOf(shape.slice(1))]
    const data = draw.fillNormal(new Float32Array(rows * columns), { sd: deviation })
    for (let column = 0; column < columns; column++)
      for (const row of draw
        .at(String(column))
        .permutation(rows)
        .subarray(0, Math.ceil(share * rows)))
        data[row * columns + column] = 0
    return data
  }

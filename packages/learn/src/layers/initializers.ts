import { sizeOf } from '@mlpod/contract'
import { normalCdf, normalQuantile, type Random } from '@mlpod/math'
import type { Initializer } from './layer.ts'

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

import { cos, exp, gemm, mul, neg, pow, reduceSum, reshape, sub } from '@mlpod/graph'
import { initializers } from './initializers.ts'
import type { Layer } from './layer.ts'
import { known, whole } from './shape.ts'

/** Returns exp(-|x - c_k|^2 / (2 s_k^2)) for learned centres and widths: [batch, n] to [batch, units]. Source: Broomhead, Lowe (1988). */
export function radialBasis(units: number): Layer {
  whole('radial basis layer', { units })
  return (x, scope) => {
    const n = known(x, -1, 'radial basis layer', scope)
    const fans = { fanIn: n, fanOut: units }
    const centres = scope.parameter('centres', [units, n], initializers.standardNormal, fans)
    const logWidths = scope.parameter('log_widths', [units], initializers.zeros, fans)
    const squares = reduceSum(pow(sub(reshape(x, [0, 1, n]), centres), 2), { axes: [2] })
    return exp(neg(mul(mul(0.5, squares), exp(mul(-2, logWidths)))))
  }
}

/**
 * Returns random Fourier features sqrt(2 / units) cos(x w + b): their products come near the Gaussian kernel
 * exp(-gamma |x - y|^2). The weights are drawn once and kept. Source: Rahimi, Recht (2007).
 */
export function randomFourier(units: number, { gamma = 1 } = {}): Layer {
  whole('layer of random Fourier features', { units })
  return (x, scope) => {
    const n = known(x, -1, 'layer of random Fourier features', scope)
    const spread = Math.sqrt(2 * gamma)
    const w = scope.state(
      'weight',
      [n, units],
      (draw, shape) => draw.fillNormal(new Float32Array(shape[0] * shape[1]), { sd: spread }),
      (old) => old,
    )
    const b = scope.state(
      'phase',
      [units],
      (draw, [count]) => draw.fillUniform(new Float32Array(count), { low: 0, high: 2 * Math.PI }),
      (old) => old,
    )
    return mul(cos(gemm(x, w, b)), Math.sqrt(2 / units))
  }
}

import { PodError } from '@mlpod/contract'
import { concat, constant, constantOfShape, gather, mul, reshape, shape, type Value } from '@mlpod/graph'
import type { Layer, Scope } from './layer.ts'
import { dense } from './linear.ts'
import { known, unfit, whole } from './shape.ts'

/** Settings of `polynomialFeatures`. */
export interface PolynomialOptions {
  /** The lowest degree besides the constant. Default 1. */
  readonly lowest?: number
  /** Only products of different features. Default false. */
  readonly interactionOnly?: boolean
  /** Whether 1 comes first. Default true. */
  readonly bias?: boolean
}

/**
 * Returns all products of up to `degree` features, those of lower degree first, each in the order of its features:
 * [batch, n] to [batch, terms]. Source: sklearn.preprocessing.PolynomialFeatures.
 */
export function polynomialFeatures(
  degree: number,
  { lowest = 1, interactionOnly = false, bias = true }: PolynomialOptions = {},
): Layer {
  whole('layer of polynomial features', { degree, lowest })
  if (lowest > degree) throw new PodError('LAYER_INVALID', `the lowest degree ${lowest} is above the degree ${degree}`)
  return (x, scope) => {
    if (x.shape.length !== 2) throw unfit('layer of polynomial features', '[batch, n]', x, scope)
    const n = known(x, 1, 'layer of polynomial features', scope)
    const parts: Value[] = bias ? [constantOfShape(batchOf(x), 1)] : []
    // each term of a degree is a term of the degree below times a feature that is not before its last one
    let terms: readonly { readonly below: number; readonly last: number }[] = Array.from({ length: n }, (_, last) => ({
      below: 0,
      last,
    }))
    let value = x
    for (let d = 1; d <= degree; d++) {
      if (d > 1) {
        terms = terms.flatMap(({ last }, below) =>
          range(interactionOnly ? last + 1 : last, n).map((next) => ({ below, last: next })),
        )
        if (terms.length === 0) break
        const [left, right] = [terms.map(({ below }) => below), terms.map(({ last }) => last)]
        value = mul(gather(value, left, { axis: 1 }), gather(x, right, { axis: 1 }))
      }
      if (d >= lowest) parts.push(value)
    }
    return parts.length === 1 ? parts[0] : concat(parts, { axis: 1 })
  }
}

const range = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)
const batchOf = (x: Value): Value => concat([shape(x, 0, 1), constant([1], 'int64')])

/** What `mixtureDensityHead` gives: the mixture that the loss `mixtureDensity` reads, beside its target. */
export interface MixtureParts {
  /** [batch, components]. */
  readonly logits: Value
  /** [batch, components, outputs]. */
  readonly means: Value
  /** [batch, components, outputs], or [batch, components, 1] with one deviation for all coordinates. */
  readonly logDeviations: Value
}

/**
 * Returns the mixture of normal distributions of vectors of `outputs` numbers that dense layers `logits`, `means` and
 * `log_deviations` make of [batch, n]. Source: Bishop (1994).
 */
export function mixtureDensityHead(
  components: number,
  outputs: number,
  { oneDeviation = false }: { readonly oneDeviation?: boolean } = {},
): (x: Value, scope: Scope) => MixtureParts {
  whole('mixture density head', { components, outputs })
  return (x, scope) => {
    const of = (name: string, each: number): Value =>
      reshape(dense(components * each)(x, scope.at(name)), [-1, components, each])
    return {
      logits: dense(components)(x, scope.at('logits')),
      means: of('means', outputs),
      logDeviations: of('log_deviations', oneDeviation ? 1 : outputs),
    }
  }
}

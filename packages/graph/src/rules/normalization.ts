import { add, cast, div, mul, neg } from '../operators/elementwise.ts'
import type { Differentiable, Reverse, Rule } from '../rule.ts'
import { int } from '../schema.ts'
import type { normalization as schemas } from '../schemas/normalization.ts'
import { meanOver, STANDARDS, type Standard, standardSlope } from '../standard.ts'
import { dtypeOf, type Value } from '../value.ts'
import { composed } from './law.ts'
import { countOf, expandTo, reshapeTo, unbroadcast } from './shape.ts'

/** The derivative of z as a function of x, of a tangent or cotangent t; a scale that is even is taken out of the means. */
const slope = (t: Value, standard: Standard, x: Value): Value => reshapeTo(standardSlope(t, standard), x)

/**
 * y = scale z(x) + bias, and where they are asked for the mean m of x and r = 1 / deviation: m' = mean(x'),
 * r' = -r^2 mean(x' z).
 */
const standardised = (type: keyof typeof STANDARDS): Differentiable => ({
  vjp: ({ gs: [g, gm, gr], x: [x, scale, bias], operation }) => {
    const standard = STANDARDS[type](operation)
    const { z, inverse, axes, even } = standard
    const dtype = dtypeOf(x)!
    const throughY = (g: Value): Value =>
      even ? mul(slope(g, standard, x), standard.scale) : slope(mul(g, standard.scale), standard, x)
    const count = (to: Value): Value | number => countOf(x, to, axes)
    return [
      () =>
        total([
          g && throughY(g),
          gm && expandTo(div(cast(gm, dtype), count(gm)), x),
          gr && mul(z, neg(mul(mul(inverse, inverse), div(cast(gr, dtype), count(gr))))),
        ]),
      () => g && reshapeTo(unbroadcast(mul(g, reshapeTo(z, x)), standard.scale), scale),
      () => g && bias && standard.bias && reshapeTo(unbroadcast(g, standard.bias), bias),
    ]
  },
  jvp: ({ ts: [tx, ts, tb], x: [x, scale, bias], y, operation }) => {
    const standard = STANDARDS[type](operation)
    const { z, inverse, axes } = standard
    const kept = (value: Value): Value => cast(value, dtypeOf(y[1])!)
    return [
      total([
        tx && mul(slope(tx, standard, x), standard.scale),
        ts && mul(reshapeTo(z, x), reshapeTo(expandTo(ts, scale), standard.scale)),
        tb && expandTo(reshapeTo(expandTo(tb, bias), standard.bias!), x),
      ]),
      tx && y[1] && kept(meanOver(tx, axes)),
      tx && y[2] && kept(neg(mul(mul(inverse, inverse), meanOver(mul(tx, z), axes)))),
    ]
  },
})

const total = (parts: readonly (Value | undefined)[]): Value | undefined =>
  parts.reduce((sum, part) => (sum && part ? add(sum, part) : (sum ?? part)), undefined)

const inTraining: Differentiable = standardised('BatchNormalization')
const byStatistics: Differentiable = composed('BatchNormalization')
const isTraining = ({ operation }: Pick<Reverse, 'operation'>): boolean => int(operation, 'training_mode', 0) === 1

/** Rules of the normalisations. */
export const normalization: { readonly [O in keyof typeof schemas]: Rule } = {
  // running statistics carry no derivative
  BatchNormalization: {
    vjp: (c) => (isTraining(c) ? inTraining.vjp({ ...c, gs: c.gs.slice(0, 1) }) : byStatistics.vjp(c)),
    jvp: (c) => (isTraining(c) ? inTraining.jvp!(c).slice(0, 1) : byStatistics.jvp!(c)),
  },
  LayerNormalization: standardised('LayerNormalization'),
  RMSNormalization: standardised('RMSNormalization'),
  GroupNormalization: standardised('GroupNormalization'),
  InstanceNormalization: standardised('InstanceNormalization'),
  LRN: composed('LRN'),
  LpNormalization: composed('LpNormalization'),
  MeanVarianceNormalization: composed('MeanVarianceNormalization'),
}

import { PodError } from '@mlpod/contract'
import { add, div, min, mul, reduceSumSquare, sqrt, sum, type Value } from '@mlpod/graph'
import type { Optimizer, Schedule, Step, Transform } from './optimizer.ts'

const refuse = (optimizer: string, message: string): PodError =>
  new PodError('OPTIMIZER_INVALID', `${optimizer}: ${message}`)

/** Checks what every optimizer has. A schedule may give a rate of 0; a constant one would train nothing. */
function checkCommon(name: string, learningRate: Schedule, weightDecay: number): void {
  if (typeof learningRate === 'number' && !(learningRate > 0 && Number.isFinite(learningRate)))
    throw refuse(name, `the learning rate ${learningRate} is no positive number`)
  if (!(weightDecay >= 0 && Number.isFinite(weightDecay)))
    throw refuse(name, `the weight decay ${weightDecay} is no number >= 0`)
}

/** Which parameters weight decay shrinks, by path; all of them in torch. */
type Decays = (path: string) => boolean
const everything: Decays = () => true

/** Settings of `sgd`. */
export interface SgdOptions {
  readonly learningRate: Schedule
  readonly momentum?: number
  readonly dampening?: number
  readonly nesterov?: boolean
  readonly weightDecay?: number
  readonly decays?: Decays
}

/**
 * Returns stochastic gradient descent: d = g + decay p; buffer = momentum buffer + (1 - dampening) d (d itself at the
 * first step); p -= rate * buffer, with Nesterov p -= rate * (d + momentum buffer). Source: torch.optim.SGD 2.15.
 */
export function sgd({
  learningRate,
  momentum = 0,
  dampening = 0,
  nesterov = false,
  weightDecay = 0,
  decays = everything,
}: SgdOptions): Optimizer {
  checkCommon('sgd', learningRate, weightDecay)
  if (!(dampening >= 0 && dampening <= 1)) throw refuse('sgd', `the dampening ${dampening} is not in [0, 1]`)
  if (!(momentum >= 0 && momentum < 1)) throw refuse('sgd', `the momentum ${momentum} is not in [0, 1)`)
  if (nesterov && (momentum === 0 || dampening !== 0)) throw refuse('sgd', 'Nesterov needs a momentum and no dampening')
  const decayed = decay(weightDecay, decays)
  if (momentum === 0)
    return {
      name: 'sgd',
      learningRate,
      slots: [],
      scalars: (_, rate) => ({ negativeRate: -rate }),
      // without decay the step is the gradient times -rate: the reverse pass may begin with that
      seed: weightDecay === 0 ? 'negativeRate' : undefined,
      transform: (step) => ({ gradients: decayed(step).map((d) => mul(d, step.scalars.negativeRate)), slots: {} }),
    }
  return {
    name: 'sgd',
    learningRate,
    slots: ['buffer'],
    // the first buffer is not damped
    scalars: (t, rate) => ({ negativeRate: -rate, share: t === 1 ? 1 : 1 - dampening }),
    transform(step) {
      const { negativeRate, share } = step.scalars
      const directions = decayed(step)
      const buffer = directions.map((d, i) =>
        add(mul(step.slots.buffer[i], momentum), dampening === 0 ? d : mul(d, share)),
      )
      const gradients = buffer.map((b, i) => mul(nesterov ? add(directions[i], mul(b, momentum)) : b, negativeRate))
      return { gradients, slots: { buffer } }
    },
  }
}

/** Adds decay * parameter to the gradients of those parameters that decay. */
const decay =
  (weightDecay: number, decays: Decays) =>
  ({ gradients, parameters, paths }: Step): readonly Value[] =>
    weightDecay === 0
      ? gradients
      : gradients.map((g, i) => (decays(paths[i]) ? add(g, mul(parameters[i], weightDecay)) : g))

/** Settings of `adam`. */
export interface AdamOptions {
  readonly learningRate?: Schedule
  readonly beta1?: number
  readonly beta2?: number
  readonly epsilon?: number
  readonly weightDecay?: number
  readonly decays?: Decays
}

/**
 * The step of Adam. The slots hold m / (1 - beta1) and v / (1 - beta2), and the constants of the step are folded into two
 * scalars, which saves four of fourteen passes over the parameters: with r the correction of the second moment,
 * rate m' / (sqrt(v') / r + epsilon) = (rate r) m / (sqrt(v) + epsilon r) in the slots' units.
 */
function moments(name: string, { beta1, beta2, epsilon }: Required<Pick<AdamOptions, 'beta1' | 'beta2' | 'epsilon'>>) {
  for (const [key, beta] of Object.entries({ beta1, beta2 }))
    if (!(beta >= 0 && beta < 1)) throw refuse(name, `${key} is ${beta}, not in [0, 1)`)
  if (!(epsilon > 0)) throw refuse(name, `epsilon is ${epsilon}`)
  return {
    slots: ['m', 'v'],
    scalars: (t: number, rate: number) => {
      const r = Math.sqrt((1 - beta2 ** t) / (1 - beta2))
      return { epsilon: epsilon * r, factor: (-rate * r * (1 - beta1)) / (1 - beta1 ** t) }
    },
    update(gradients: readonly Value[], { slots, scalars }: Step) {
      const m = gradients.map((g, i) => add(mul(slots.m[i], beta1), g))
      const v = gradients.map((g, i) => add(mul(slots.v[i], beta2), mul(g, g)))
      const steps = m.map((first, i) => mul(div(first, add(sqrt(v[i]), scalars.epsilon)), scalars.factor))
      return { gradients: steps, slots: { m, v } }
    },
  }
}

/** Returns Adam; `weightDecay` is added to the gradient. Source: Kingma, Ba (2015); torch.optim.Adam 2.15. */
export function adam({
  learningRate = 1e-3,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  weightDecay = 0,
  decays = everything,
}: AdamOptions = {}): Optimizer {
  checkCommon('adam', learningRate, weightDecay)
  const { update, ...rest } = moments('adam', { beta1, beta2, epsilon })
  const decayed = decay(weightDecay, decays)
  return { name: 'adam', learningRate, ...rest, transform: (step) => update(decayed(step), step) }
}

/** Returns Adam whose decay shrinks the parameters apart from the gradient. Source: Loshchilov, Hutter (2019); torch.optim.AdamW 2.15. */
export function adamW({
  learningRate = 1e-3,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  weightDecay = 1e-2,
  decays = everything,
}: AdamOptions = {}): Optimizer {
  checkCommon('adamW', learningRate, weightDecay)
  const { update, scalars, slots } = moments('adamW', { beta1, beta2, epsilon })
  return {
    name: 'adamW',
    learningRate,
    slots,
    scalars: (t, rate) => ({ ...scalars(t, rate), shrink: -rate * weightDecay }),
    transform(step) {
      const { gradients, slots: kept } = update(step.gradients, step)
      const shrunk = gradients.map((g, i) =>
        weightDecay !== 0 && decays(step.paths[i]) ? add(g, mul(step.parameters[i], step.scalars.shrink)) : g,
      )
      return { gradients: shrunk, slots: kept }
    },
  }
}

/** Returns a transform that shortens all gradients together to this norm: by min(1, max / (norm + 1e-6)). Source: torch clip_grad_norm_. */
export function clipByGlobalNorm(maximum: number): Transform {
  if (!(maximum > 0)) throw refuse('clipByGlobalNorm', `the norm ${maximum} is not positive`)
  return {
    name: 'clipByGlobalNorm',
    slots: [],
    scalars: () => ({}),
    transform({ gradients }) {
      const norm = sqrt(sum(...gradients.map((g) => reduceSumSquare(g))))
      const factor = min(div(maximum, add(norm, 1e-6)), 1)
      return { gradients: gradients.map((g) => mul(g, factor)), slots: {} }
    },
  }
}

/** Every optimizer by its name. */
export const optimizers = { sgd, adam, adamW } as const

export { chain, type Optimizer, rateAt, type Schedule, type Transform } from './optimizer.ts'
export { cosine, exponential, oneCycle, stepwise, warmup } from './schedules.ts'

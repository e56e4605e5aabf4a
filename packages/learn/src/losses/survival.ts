import {
  add,
  and,
  castLike,
  div,
  equal,
  exp,
  greater,
  greaterOrEqual,
  lessOrEqual,
  log,
  mul,
  reduceMax,
  reduceSum,
  sub,
  unsqueeze,
  type Value,
  where,
} from '@mlpod/graph'
import { oneOf } from '../optimizers/option.ts'
import { joint } from './define.ts'
import { hot, logistic, pairs, positions } from './maths.ts'
import { NONE } from './settings.ts'

const LAST = { axes: [-1] }

/** Times until an event, or until nothing more is known. */
export interface Survival {
  /** The logarithm of each row's risk, [N]. */
  readonly risk: Value
  /** [N]. */
  readonly time: Value
  /** 1 where the event happened at that time, 0 where the row was seen no longer, [N]. */
  readonly event: Value
}

/**
 * Returns minus the log partial likelihood of each event: log(sum over those at risk of e^risk - f sum over the events of the same
 * time of e^risk) - risk, f 0 (`breslow`) or 0, 1/d, ..., (d - 1)/d over d events of one time (`efron`). A mean is over events.
 * Rows at risk are those of the batch. Source: Cox (1972); Efron (1977).
 */
export const cox = joint<Survival>()({
  name: 'cox',
  source: 'Cox (1972); Efron (1977)',
  parameters: { ties: oneOf(['efron', 'breslow'], 'efron') },
  axes: { risk: 'N', time: 'N', event: 'N' },
  rows:
    ({ ties }) =>
    ({ risk, time, event }) => {
      const happened = greater(event, 0)
      const atRisk = pairs(time, lessOrEqual) // [i, j]: j is still there at the time of i
      // no sum overflows or is lost when it is taken of what lies below its largest part
      const top = reduceMax(where(atRisk, unsqueeze(risk, [0]), -1e30), LAST)
      const parts = exp(where(atRisk, sub(unsqueeze(risk, [0]), unsqueeze(top, [1])), -1e30))
      const sum = reduceSum(parts, LAST)
      const log1 = (x: Value): Value => add(log(where(happened, x, 1)), top)
      if (ties === 'breslow')
        return { losses: where(happened, sub(log1(sum), risk), 0), weights: castLike(happened, risk) }
      const tied = and(pairs(time, equal), unsqueeze(happened, [0]))
      const places = positions(risk, 0)
      const earlier = reduceSum(castLike(and(tied, pairs(places, greater)), risk), LAST)
      const count = reduceSum(castLike(tied, risk), LAST)
      const share = div(earlier, where(happened, count, 1))
      const left = sub(sum, mul(share, reduceSum(where(tied, parts, 0), LAST)))
      return { losses: where(happened, sub(log1(left), risk), 0), weights: castLike(happened, risk) }
    },
})

/** Hazards of intervals of time. */
export interface Hazards {
  /** Logits of an event in each interval for those still there, [N, T]. */
  readonly logits: Value
  /** The interval of the event, or the last one that was survived, [N], int64. */
  readonly interval: Value
  /** 1 where the event happened in that interval, 0 where it was survived and nothing more is known, [N]. */
  readonly event: Value
}

/**
 * Returns minus the log likelihood of hazards: the logistic losses of "no event" in each interval before, and of the event in the
 * interval itself. Source: Gensheimer, Narasimhan (2019); Brown (1975).
 */
export const discreteHazard = joint<Hazards>()({
  name: 'discreteHazard',
  source: 'Gensheimer, Narasimhan (2019)',
  parameters: NONE,
  axes: { logits: 'N T', interval: 'N', event: 'N' },
  rows:
    () =>
    ({ logits, interval, event }) => {
      const seen = greaterOrEqual(unsqueeze(interval, [1]), positions(logits, 1))
      const now = mul(hot(interval, logits), unsqueeze(event, [1]))
      return { losses: reduceSum(where(seen, logistic(logits, now), 0), LAST) }
    },
})
